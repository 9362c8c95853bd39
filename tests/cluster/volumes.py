"""Volumes for claims, where the cluster has no storage class of its own that makes them."""

import contextlib
import shutil
import tempfile

import cluster

DEFAULT = "storageclass.kubernetes.io/is-default-class"


@contextlib.contextmanager
def at_least(count):
    """Folders of this machine stand in for disks. It must be the node then. Nothing may claim volumes of an earlier run any more."""
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
    # A volume goes when nothing claims it, which is after the release has gone.
    cluster.kubectl("delete", "persistentvolume", *names, "--wait=false")
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _volume(name, folder):
    somewhere = {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": folder}, "nodeAffinity": {"required": {"nodeSelectorTerms": [somewhere]}},
        },
    }
