"""Runs the rate-limit store in which the authz server's pods count together."""

import contextlib
import os
import socket
import tempfile

import cluster
import outside


@contextlib.contextmanager
def server():
    """Runs a Redis or Valkey; yields its port and password."""
    program = cluster.run(cluster.rendering.HERE.parent.parent / "dev/redis/obtain").stdout.strip()
    folder, port, password = tempfile.mkdtemp(prefix="redis-"), outside.free_port(), os.urandom(12).hex()
    command = [program, "--bind", outside.host(), "--port", port, "--requirepass", password, "--save", "", "--appendonly", "no"]
    with outside.process(command, folder):
        cluster.await_true("Redis answers", lambda: _answers(port), 30)
        yield port, password


def _answers(port):
    with contextlib.suppress(OSError), socket.create_connection((outside.host(), port), timeout=1):
        return True
    return False
