"""A DNS server that records its queries and knows every name of some domains."""

import contextlib
import socket
import struct
import threading

NXDOMAIN = 3
A = 1


class NameServer:
    def __init__(self, *domains):
        self.domains, self.queries = domains, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                packet, client = self.socket.recvfrom(512)
                self.socket.sendto(self._answer(packet), client)

    def _answer(self, packet):
        """Answers with the question section and one address if the name is known (RFC 1035 section 4.1)."""
        labels, end = [], 12
        while packet[end]:
            labels.append(packet[end + 1 : end + 1 + packet[end]].decode())
            end += 1 + packet[end]
        name, (kind,) = ".".join(labels), struct.unpack(">H", packet[end + 1 : end + 3])
        self.queries.append(name)
        known = name.endswith(self.domains)
        addresses = [b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 1, 4) + socket.inet_aton("127.0.0.1")] if known and kind == A else []
        header = packet[:2] + struct.pack(">HHHHH", 0x8180 | (0 if known else NXDOMAIN), 1, len(addresses), 0, 0)
        return header + packet[12 : end + 5] + b"".join(addresses)


@contextlib.contextmanager
def running(*domains):
    server = NameServer(*domains)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.socket.close()
