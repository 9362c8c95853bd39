"""Runs a PostgreSQL with a database for each service."""

import contextlib
import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cluster
import outside

SERVICES = ("task-api", "notification", "audit")
# The test database need not survive a power cut.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "unix_socket_directories=")


@dataclass(frozen=True)
class Server:
    port: int
    programs: Path
    password: str

    def url(self, host, service):
        return f"postgres://portcullis:{self.password}@{host}:{self.port}/{service.replace('-', '_')}"

    def count(self, service, table):
        """Number of rows of a service's table, which is in a schema named after the service."""
        place = self.url(outside.host(), service)
        return int(cluster.run(self.programs / "psql", place, "-Atc", f"select count(*) from {service.replace('-', '_')}.{table}").stdout)


@contextlib.contextmanager
def server():
    programs = Path(cluster.run(cluster.rendering.HERE.parent.parent / "dev/postgres/obtain").stdout.strip())
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # PostgreSQL refuses to run as root.
    user = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None
    os.chown(folder, user if user is not None else -1, -1)
    password = os.urandom(12).hex()
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    subprocess.run(
        [programs / "initdb", "--no-sync", "--auth=scram-sha-256", "--username=portcullis", f"--pwfile={folder}/password", "-D", folder / "data"],
        user=user, check=True, capture_output=True, cwd=folder,
    )
    (folder / "data/pg_hba.conf").write_text("host all all all scram-sha-256\n")
    found = Server(outside.free_port(), programs, password)
    settings = [argument for setting in (*SETTINGS, f"listen_addresses={outside.host()}", f"port={found.port}") for argument in ("-c", setting)]
    with outside.process([programs / "postgres", "-D", folder / "data", *settings], folder, signal="QUIT", user=user):
        _make_databases(found)
        yield found


def _make_databases(found):
    environment = {**os.environ, "PGPASSWORD": found.password}

    def made(database):
        command = [found.programs / "createdb", "-h", outside.host(), "-p", str(found.port), "-U", "portcullis", database]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode == 0 or "already exists" in done.stderr

    for service in SERVICES:
        cluster.await_true("PostgreSQL answers", lambda name=service.replace("-", "_"): made(name), 30)
