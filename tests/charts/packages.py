"""Packages the charts as for publication."""

import subprocess

import rendering

REGISTRY = "registry.example/portcullis"
# All values that an installation with Entra and AKS needs.
IDS = ",".join([
    "global.entra.tenant=33333333-3333-4333-8333-333333333333",
    *(f"global.entra.applications.{name}=44444444-4444-4444-8444-00000000000{i}" for i, name in enumerate(("taskApi", "notification", "audit"))),
])


def package(folder, registry=REGISTRY):
    return subprocess.run([rendering.CHARTS / "package", registry, folder], capture_output=True, text=True, check=False)


def rendered_from_ids(folder):
    """Manifests of the published task-suite, from a tenant and the ids of its applications."""
    done = package(folder)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("task-suite-*.tgz")
    done = rendering.helm("template", rendering.RELEASE, archive, "--namespace", rendering.NAMESPACE, "--kube-version", rendering.KUBERNETES, "--set", IDS)
    assert done.returncode == 0, done.stderr
    return done.stdout
