"""Volumes for claims on a cluster without a default storage class."""

import contextlib
import shutil
import tempfile

import cluster

DEFAULT = "storageclass.kubernetes.io/is-default-class"


@contextlib.contextmanager
def at_least(count):
    """Provides volumes in folders of this machine, which must be the node. No claim may use volumes of an earlier run."""
    classes = cluster.get("storageclasses")["items"]
    if any(one["metadata"].get("annotations", {}).get(DEFAULT) == "true" for one in classes):
        yield
        return
    folders = [tempfile.mkdtemp(prefix="volume-") for _ in range(count)]
    volumes = [_volume(f"portcullis-test-{number}", folder) for number, folder in enumerate(folders)]
    names = [one["metadata"]["name"] for one in volumes]
    cluster.kubectl("delete", "persistentvolume", *names, "--ignore-not-found", "--wait")
    cluster.apply(*volumes)
    yield
    # Kubernetes deletes a volume once no claim uses it, which is after the release is uninstalled.
    cluster.kubectl("delete", "persistentvolume", *names, "--wait=false")
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _volume(name, folder):
    any_node = {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": folder}, "nodeAffinity": {"required": {"nodeSelectorTerms": [any_node]}},
        },
    }
