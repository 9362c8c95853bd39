"""Servers on this machine, outside the cluster, and how pods reach them: by a node's port of the same number, which leads back here.

A node's port, because nodes put their own address in place of a pod's there, which this machine knows a way back to. The same number, because a
network policy may see a packet before the node's port has become the server's, or after.
"""

import contextlib
import functools
import os
import random
import socket
import subprocess

import cluster

# What API servers give to Services unless told otherwise.
NODE_PORTS = range(30000, 32768)
# The server ends, and its folder goes, when the pipe to this shell closes, however the tests ended. Its last word before that is SIGNAL.
SUPERVISOR = """
signal=$1 folder=$2; shift 2
"$@" >"$folder/log" 2>&1 &
read -r _
kill -"$signal" $! 2>/dev/null
wait
rm -rf "$folder"
"""


@functools.cache
def node():
    """The address of a node, as this machine knows it."""
    return next(one["address"] for one in cluster.get("nodes")["items"][0]["status"]["addresses"] if one["type"] == "InternalIP")


@functools.cache
def host():
    """The address of this machine, as nodes know it."""
    if "HOST_ADDRESS" in os.environ:
        return os.environ["HOST_ADDRESS"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        towards.connect((node(), 9))
        return towards.getsockname()[0]


def peers():
    """This machine, as a NetworkPolicy names it."""
    return [{"ipBlock": {"cidr": f"{host()}/32"}}]


def free_port():
    """A port that is free here and on the nodes."""
    taken = {port.get("nodePort") for one in cluster.get("services", "--all-namespaces")["items"] for port in one["spec"]["ports"]}
    for port in random.sample(NODE_PORTS, 50):
        with socket.socket() as here, contextlib.suppress(OSError):
            here.bind((host(), port))
            if port not in taken:
                return port
    raise AssertionError(f"no port of {NODE_PORTS} is free")


@contextlib.contextmanager
def process(command, folder, signal="TERM", user=None):
    """A program that runs until the tests end. `folder` goes with it."""
    supervisor = ["sh", "-c", SUPERVISOR, "sh", signal, folder, *map(str, command)]
    with subprocess.Popen(supervisor, user=user, cwd=folder, stdin=subprocess.PIPE) as running:
        try:
            yield
        finally:
            running.stdin.close()
            running.wait()


def publish(name, port):
    """The address of a node at whose `port` pods reach this machine's."""
    space = {"name": name, "namespace": "default"}
    one = {"name": name, "port": port, "protocol": "TCP"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": space, "spec": {"type": "NodePort", "ports": [{**one, "nodePort": port}]}},
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {**space, "labels": {"kubernetes.io/service-name": name}}, "endpoints": [{"addresses": [host()]}], "ports": [one],
        },
    )
    return node()
