"""`helm test` where network policies are enforced, and where none are. The latter comes last, and leaves them enforced."""

import os

import cluster
import pytest
from cluster import NAMESPACE, STRANGERS

pytestmark = pytest.mark.usefixtures("development")


def way_round():
    return cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--timeout", "120s", check=False)


def test_nothing_gets_round_the_gate():
    # Policies of pods that have just started are in force within seconds.
    cluster.await_true("helm test passes", lambda: way_round().returncode == 0, 90)


@pytest.fixture(scope="module")
def no_engine():
    if "POLICY" not in os.environ:
        pytest.skip("POLICY names no command that takes the engine for network policies off and on")
    cluster.run(*os.environ["POLICY"].split(), "off")
    yield
    cluster.run(*os.environ["POLICY"].split(), "on")


@pytest.fixture(scope="module")
def said_without_engine(no_engine):
    assert way_round().returncode != 0, "helm test passed"
    pods = [(NAMESPACE, "same-namespace"), (STRANGERS, "other-namespace"), (STRANGERS, "copied-gateway-labels")]
    return "".join(cluster.run("kubectl", "logs", f"portcullis-test-{pod}", "--namespace", space, check=False).stdout for space, pod in pods)


def test_without_an_engine_helm_test_fails_and_says_why(said_without_engine):
    assert "THIS CLUSTER ENFORCES NO NETWORK POLICIES" in said_without_engine


@pytest.mark.parametrize("service", ["task-api", "notification", "audit"])
def test_without_an_engine_services_refuse_headers_without_proof(said_without_engine, service):
    lines = [line for line in said_without_engine.splitlines() if line.startswith(f"OPEN: portcullis-to-{service}.") and ":80" in line]
    assert lines and all("it refused forged headers with 401" in line for line in lines), said_without_engine


def test_without_an_engine_every_cell_is_open(no_engine, ends):
    """Otherwise a cell could be shut because nobody listens there, and its policy would prove nothing."""
    def shut():
        reached = ends.reached()
        return [cell for cell in ends.cells() if cell[1:] not in reached[cell[0]]]

    cluster.await_true("every cell is open", lambda: not shut(), 60)
