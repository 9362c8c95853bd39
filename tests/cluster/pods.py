"""Pods that a namespace of Pod Security `restricted` takes."""


def restricted_pod(name, namespace, container, labels=None, **spec):
    """Of one container, with no more rights than it needs."""
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
