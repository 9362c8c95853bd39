"""Requests whose bytes are exactly those that a test wrote."""

import dataclasses
import json
import socket
import ssl


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict:
        assert self.headers.get("content-type", "").startswith("application/problem+json"), self
        return json.loads(self.body)


def ask(port: int, path: str, headers: list[tuple[str, str]] = (), method: str = "GET",
        host: str = "shop.example.com", authority: str | None = None) -> Answer:
    """Asks over TLS if `authority` names a file of certificates to trust."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", *(f"{name}: {value}" for name, value in headers), "connection: close"]
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if authority is not None:
        connection = ssl.create_default_context(cafile=authority).wrap_socket(connection, server_hostname=host)
    with connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    pairs = (field.split(":", 1) for field in fields)
    return Answer(int(status.split()[1]), {name.strip().lower(): value.strip() for name, value in pairs}, body)
