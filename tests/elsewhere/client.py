"""Sends requests byte for byte as a test writes them."""

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
        host: str = "shop.example.com", authority: str | None = None, connection_header: str = "close") -> Answer:
    """Sends a request, over TLS if `authority` names a file of certificates to trust."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", *(f"{name}: {value}" for name, value in headers), f"connection: {connection_header}"]
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if authority is not None:
        connection = ssl.create_default_context(cafile=authority).wrap_socket(connection, server_hostname=host)
    with connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        received = connection.makefile("rb")
        status = int(received.readline().split()[1])
        fields = {}
        while line := received.readline().decode("latin-1").strip():
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        # Not until the end of the stream: Envoy keeps the connection of an error open for a second, so that the answer is not lost.
        return Answer(status, fields, received.read(int(fields.get("content-length", 0))))
