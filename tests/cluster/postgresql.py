"""A PostgreSQL on this machine, outside the cluster, which pods reach through a Service without a selector."""

import contextlib
import os
import pwd
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cluster

SERVICES = ("task-api", "notification", "audit")
# A database of tests need not survive a power cut.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "unix_socket_directories=")
# The server ends, and its files go, when the pipe to this shell closes, however the tests ended.
SUPERVISOR = """
program=$1 folder=$2; shift 2
"$program" -D "$folder/data" "$@" >"$folder/log" 2>&1 &
read -r _
kill -QUIT $! 2>/dev/null
wait
rm -rf "$folder"
"""
SPACE = {"name": "postgresql", "namespace": "default"}


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    programs: Path
    password: str

    def count(self, service, table):
        """Rows of a service's table, which is in a schema of the service's name."""
        database = service.replace("-", "_")
        place = f"postgres://portcullis:{self.password}@{self.host}:{self.port}/{database}"
        return int(cluster.run(self.programs / "psql", place, "-Atc", f"select count(*) from {database}.{table}").stdout)


@contextlib.contextmanager
def server():
    programs = Path(cluster.run(cluster.rendering.HERE.parent.parent / "dev/postgres/obtain").stdout.strip())
    node = next(one["address"] for one in cluster.get("nodes")["items"][0]["status"]["addresses"] if one["type"] == "InternalIP")
    host = os.environ.get("HOST_ADDRESS") or _address_towards(node)
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
    port = _free_port(host)
    settings = [argument for setting in (*SETTINGS, f"listen_addresses={host}", f"port={port}") for argument in ("-c", setting)]
    supervisor = ["sh", "-c", SUPERVISOR, "sh", programs / "postgres", folder, *settings]
    with subprocess.Popen(supervisor, user=user, cwd=folder, stdin=subprocess.PIPE) as process:
        try:
            found = Server(host, port, programs, password)
            _make_databases(found)
            yield found
        finally:
            process.stdin.close()
            process.wait()


def url(found, node_port, node, service):
    return f"postgres://portcullis:{found.password}@{node}:{node_port}/{service.replace('-', '_')}"


def publish(found):
    """Node and port that lead to it. A node's port, because nodes put their own address in place of a pod's there, which this machine knows a way back to."""
    port = {"name": "postgresql", "port": 5432, "protocol": "TCP"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": SPACE, "spec": {"type": "NodePort", "ports": [{**port, "targetPort": found.port}]}},
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {**SPACE, "labels": {"kubernetes.io/service-name": "postgresql"}},
            "endpoints": [{"addresses": [found.host]}], "ports": [{**port, "port": found.port}],
        },
    )
    node = next(one["address"] for one in cluster.get("nodes")["items"][0]["status"]["addresses"] if one["type"] == "InternalIP")
    return node, cluster.get("service", "postgresql", "--namespace", "default")["spec"]["ports"][0]["nodePort"]


def _make_databases(found):
    environment = {**os.environ, "PGPASSWORD": found.password}

    def made(database):
        command = [found.programs / "createdb", "-h", found.host, "-p", str(found.port), "-U", "portcullis", database]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode == 0 or "already exists" in done.stderr

    for service in SERVICES:
        cluster.await_true("PostgreSQL answers", lambda name=service.replace("-", "_"): made(name), 30)


def _address_towards(node):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((node, 9))
        return probe.getsockname()[0]


def _free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
