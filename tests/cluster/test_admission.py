"""The API server admits every manifest of every profile without a warning."""

import json
import subprocess

import cluster
import packages
import pytest
import rendering
from cluster import NAMESPACE

CRDS = {
    "github.com/cert-manager/cert-manager": "deploy/crds/cert-manager.io_certificates.yaml",
    "github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
}


@pytest.fixture(scope="module")
def resources():
    """Installs the CRDs of cert-manager and of the Prometheus operator, which are in their Go modules."""
    folder = rendering.HERE.parent / "cluster/crds"
    added = []
    for module, path in CRDS.items():
        done = subprocess.run(["go", "mod", "download", "-json", module], cwd=folder, capture_output=True, text=True, check=True)
        file = f"{json.loads(done.stdout)['Dir']}/{path}"
        if cluster.run("kubectl", "get", "-f", file, check=False).returncode:
            # Server-side, because a CRD is too large for the annotation of client-side apply.
            cluster.kubectl("apply", "--server-side", "-f", file)
            added.append(file)
        established = ["kubectl", "wait", "--for=condition=Established", "-f", file, "--timeout=5s"]
        cluster.await_true(f"{path} is established", lambda command=established: cluster.run(*command, check=False).returncode == 0, 30)
    yield
    for file in added:
        cluster.kubectl("delete", "-f", file)


@pytest.fixture(scope="module")
def namespaces(resources):
    named = {one["metadata"].get("namespace", NAMESPACE) for profile in rendering.PROFILES for one in rendering.objects(profile)}
    spaces = [cluster.namespace(name) for name in sorted(named)]
    for space in spaces:
        # Enforcement rejects only pods; warnings also cover objects that would create such pods.
        space["metadata"]["labels"]["pod-security.kubernetes.io/warn"] = "restricted"
    cluster.remove()
    cluster.apply(*spaces)
    yield
    # `helm test` fails on a namespace that it did not create.
    cluster.kubectl("delete", "namespace", *sorted(named), "--wait")


def admit(text):
    command = ["kubectl", "apply", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "--filename=-"]
    return cluster.run(*command, text=text, check=False)


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_the_api_server_accepts_every_manifest_without_a_warning(namespaces, profile):
    done = admit(rendering.text(profile))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("(server dry run)") == len(rendering.objects(profile))


def test_the_api_server_accepts_what_ids_alone_render(namespaces, tmp_path):
    done = admit(packages.rendered_from_ids(tmp_path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        pytest.param("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "would violate PodSecurity", id="privilege escalation"),
        pytest.param("terminationGracePeriodSeconds:", "terminationGraceSeconds:", "unknown field", id="unknown field"),
    ],
)
def test_invalid_manifests_are_rejected(namespaces, right, wrong, words):
    text = rendering.text("task-suite--development")
    assert right in text
    done = admit(text.replace(right, wrong))
    assert done.returncode != 0 and words in done.stderr, done.stderr
