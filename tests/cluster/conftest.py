import base64
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "charts"))

import cluster
import releases
from ends import Ends
from people import Entra, ask


def pytest_addoption(parser):
    parser.addoption("--installed", action="store_true", help="take what an earlier run left on the cluster")


def pytest_collection_modifyitems(items):
    """What shares a release comes together: first what needs none."""
    items.sort(key=lambda item: [fixture in item.fixturenames for fixture in ("uninstalled", "several_replicas", "production", "sidecar", "previous", "development")])


@pytest.fixture(scope="session", autouse=True)
def dependencies():
    """The chart task-suite carries the chart portcullis as it is now."""
    cluster.helm("dependency", "build", cluster.SUITE)


@pytest.fixture(scope="session")
def images():
    cluster.load_images()


@pytest.fixture(scope="session")
def development(request, tmp_path_factory):
    """The chart with development values, from nothing to ready."""
    if not request.config.getoption("--installed"):
        request.getfixturevalue("images")
        releases.start_over()
        releases.install(tmp_path_factory.mktemp("development"))
    assert releases.status() == "deployed"


@pytest.fixture(scope="module")
def entra():
    data = cluster.get("secret", "dev-entra-certificate", "--namespace", cluster.NAMESPACE)["data"]
    with cluster.forward("dev-entra", 8443) as port:
        yield Entra(port, base64.b64decode(data["ca.crt"]).decode())


@pytest.fixture(scope="module")
def gateway():
    with cluster.forward("portcullis-gateway", 80) as port:
        url = f"http://127.0.0.1:{port}"
        # Ready pods may not know each other yet: their policies and the names of their Services arrive within seconds.
        cluster.await_true("the gateway knows the gate", lambda: ask(f"{url}/api/me")[0] != 503)
        yield url


@pytest.fixture(scope="session")
def ends(development):
    return Ends("task-suite--development")


@pytest.fixture(scope="module")
def no_engine():
    """For the rest of a module, the cluster enforces no network policies."""
    if "POLICY" not in os.environ:
        pytest.skip("POLICY names no command that takes the engine for network policies off and on")
    policy = os.environ["POLICY"].split()
    cluster.run(*policy, "off")
    yield
    # Beside many pods and on a busy machine, an engine takes longer to start than the command waits.
    for _ in range(5):
        if cluster.run(*policy, "on", check=False).returncode == 0:
            return
        cluster.run(*policy, "off")
    cluster.run(*policy, "on")
