"""`helm test` where network policies are enforced, and where none are."""

import cluster
import pytest
import releases
from cluster import NAMESPACE, STRANGERS

pytestmark = pytest.mark.usefixtures("development")


def way_round():
    return cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--timeout", "120s", check=False)


def test_nothing_gets_round_the_gate():
    # Policies of pods that have just started are in force within seconds.
    cluster.await_true("helm test passes", lambda: way_round().returncode == 0, 90)


def test_the_same_is_tried_on_a_schedule(tmp_path):
    releases.upgrade(tmp_path, "--set", "portcullis.tests.schedule.enabled=true")
    cluster.kubectl("create", "job", "portcullis-test-now", "--from=cronjob/portcullis-test", "--namespace", NAMESPACE)
    cluster.kubectl("wait", "--for=condition=Complete", "job/portcullis-test-now", "--namespace", NAMESPACE, "--timeout=120s")
    assert "behind it are shut" in cluster.kubectl("logs", "job/portcullis-test-now", "--namespace", NAMESPACE)


@pytest.fixture(scope="module")
def said_without_engine(no_engine):
    assert way_round().returncode != 0, "helm test passed"
    pods = [(NAMESPACE, "same-namespace"), (STRANGERS, "other-namespace"), (STRANGERS, "copied-gateway-labels")]
    return "".join(cluster.run("kubectl", "logs", f"portcullis-test-{pod}", "--namespace", space, check=False).stdout for space, pod in pods)


def test_without_an_engine_helm_test_fails_and_says_why(said_without_engine):
    assert "THIS CLUSTER ENFORCES NO NETWORK POLICIES" in said_without_engine


@pytest.mark.parametrize(
    ("service", "port"),
    [
        ("task-api", 8000),
        ("notification", 8001),
        ("audit", 8002),
    ],
)
def test_without_an_engine_services_refuse_headers_without_proof(said_without_engine, service, port):
    start = f"OPEN: portcullis-to-{service}.{NAMESPACE}.svc.cluster.local:{port} "
    lines = [line for line in said_without_engine.splitlines() if line.startswith(start)]
    assert lines and all("it refused forged headers with 401" in line for line in lines), said_without_engine
