"""During `helm uninstall`, while pods drain, an outsider reaches no more of them than before."""

import concurrent.futures
import re

import cluster
import pytest
import releases
from cluster import NAMESPACE, STRANGERS
from pods import restricted_pod

PORTS = "8000,8001,8002,8080,8443,9000,9001,9100,9101,9102,9103,9104"
DRAIN = 30
GATEWAY_PORT = "8080"
# Minimum number of attempts during the drain; with fewer the test shows nothing.
FEWEST = 4


@pytest.fixture(scope="module")
def uninstalled(images, tmp_path_factory):
    """Components and ports that an outsider reached during `helm uninstall`, and its number of attempts while pods drained."""
    releases.start_over()
    drains = f"portcullis.authz.drainSeconds={DRAIN},portcullis.gateway.drainAtLeastSeconds=20"
    releases.install(tmp_path_factory.mktemp("uninstalled"), "--set", drains)
    cluster.apply(cluster.namespace(STRANGERS))
    container = {**releases.image("initContainers"), "name": "outsider", "command": ["/probe", "listen", "--addresses=127.0.0.1", "9999"]}
    cluster.apply(restricted_pod("outsider", STRANGERS, container))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/outsider", "--namespace", STRANGERS, "--timeout=60s")
    return observe()


def observe():
    pods = {one["status"]["podIP"]: one["metadata"]["labels"]["app.kubernetes.io/component"] for one in running()}
    # Policies of pods that have just started are in force within seconds.
    cluster.await_true("the policies are in force", lambda: reached(pods) == {("gateway", GATEWAY_PORT)})
    during, tries = set(), 0
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(cluster.helm, "uninstall", "portcullis", "--namespace", NAMESPACE, "--timeout", "240s")
        while not done.done():
            during |= reached(pods)
            tries += any("deletionTimestamp" in one["metadata"] for one in running())
        done.result()
    return {"during": during, "tries": tries}


def running():
    """The pods of the release that still exist."""
    selector = "app.kubernetes.io/part-of=portcullis,app.kubernetes.io/component notin (test, termination)"
    return cluster.get("pods", "--namespace", NAMESPACE, "--selector", selector)["items"]


def reached(pods):
    """Component and port of everything that answers the outsider."""
    command = ["/probe", "reach", "--timeout=400ms", f"--addresses={','.join(pods)}", f"--ports={PORTS}"]
    output = cluster.kubectl("exec", "outsider", "--namespace", STRANGERS, "--", *command)
    assert output.endswith("done\n"), output
    return {(pods[address], port) for address, port in re.findall(r"^open TCP (.*):(\d+)$", output, re.MULTILINE)}


def test_outsider_reaches_no_more_while_pods_drain(uninstalled):
    assert uninstalled["tries"] >= FEWEST
    assert uninstalled["during"] <= {("gateway", GATEWAY_PORT)}


def test_nothing_of_the_release_is_left(uninstalled):
    assert not running()
    left = cluster.get("networkpolicies,pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/part-of=portcullis")
    assert [one["metadata"]["name"] for one in left["items"]] == []
