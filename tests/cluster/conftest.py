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
    parser.addoption("--installed", action="store_true", help="use the release that an earlier run left on the cluster")


def pytest_collection_modifyitems(items):
    """Groups the tests by the release that they share; those without a release are first."""
    items.sort(key=lambda item: [fixture in item.fixturenames for fixture in ("uninstalled", "several_replicas", "production", "sidecar", "previous", "development")])


@pytest.fixture(scope="session", autouse=True)
def dependencies():
    """Puts the current chart portcullis into the chart task-suite."""
    cluster.helm("dependency", "build", cluster.SUITE)


@pytest.fixture(scope="session")
def images():
    cluster.load_images()


@pytest.fixture(scope="session")
def development(request, tmp_path_factory):
    """Installs the chart with development values into an empty namespace and waits until it is ready."""
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
        # Ready pods may not reach each other yet: network policies and DNS names of Services arrive within seconds.
        cluster.await_true("the gateway reaches the authz server", lambda: ask(f"{url}/api/me")[0] != 503)
        yield url


@pytest.fixture(scope="session")
def ends(development):
    return Ends("task-suite--development")


@pytest.fixture(scope="module")
def no_engine():
    """Turns the enforcement of network policies off for the rest of a module."""
    if "POLICY" not in os.environ:
        pytest.skip("POLICY names no command that turns the enforcement of network policies off and on")
    policy = os.environ["POLICY"].split()
    cluster.run(*policy, "off")
    yield
    # With many pods and on a busy machine, a policy engine takes longer to start than the command waits.
    for _ in range(5):
        if cluster.run(*policy, "on", check=False).returncode == 0:
            return
        cluster.run(*policy, "off")
    cluster.run(*policy, "on")
