"""Pods for a namespace with Pod Security `restricted`."""


def restricted_pod(name, namespace, container, labels=None, **spec):
    """A pod of one container with the fewest permissions."""
    rights = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{**container, "securityContext": rights}],
            **spec,
        },
    }
