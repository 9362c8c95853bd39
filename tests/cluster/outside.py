"""Runs servers on this machine, outside the cluster. Pods reach them by a node port of the same number, which leads back here.

A node port, because nodes replace the pod's address by their own, to which this machine has a route. The same number, because a network
policy may see a packet before or after the translation from node port to server port.
"""

import contextlib
import functools
import os
import random
import socket
import subprocess

import cluster

# The default range of API servers for Services.
NODE_PORTS = range(30000, 32768)
# When the pipe to this shell closes, however the tests end, it sends SIGNAL to the server and deletes the folder.
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
    """Address of a node for this machine."""
    return next(one["address"] for one in cluster.get("nodes")["items"][0]["status"]["addresses"] if one["type"] == "InternalIP")


@functools.cache
def host():
    """Address of this machine for nodes."""
    if "HOST_ADDRESS" in os.environ:
        return os.environ["HOST_ADDRESS"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        towards.connect((node(), 9))
        return towards.getsockname()[0]


def peers():
    """This machine as NetworkPolicy peers."""
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
    """Runs a program until the tests end, then deletes `folder`."""
    supervisor = ["sh", "-c", SUPERVISOR, "sh", signal, folder, *map(str, command)]
    with subprocess.Popen(supervisor, user=user, cwd=folder, stdin=subprocess.PIPE) as running:
        try:
            yield
        finally:
            running.stdin.close()
            running.wait()


def publish(name, port):
    """Publishes a port of this machine as a node port; returns the address of a node."""
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
