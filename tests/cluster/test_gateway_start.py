"""A gateway that cannot serve does not replace a gateway that serves."""

import cluster
from cluster import NAMESPACE
from people import EDITOR, TASKS, ask


def scale(deployment, replicas):
    cluster.kubectl("scale", f"deployment/{deployment}", f"--replicas={replicas}", "--namespace", NAMESPACE)


def gateways():
    """Readiness of each gateway pod that does not terminate, by name."""
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=gateway")["items"]
    ready = lambda pod: any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    return {pod["metadata"]["name"]: ready(pod) for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def unhealthy(pod):
    """Messages of a pod's failed readiness, liveness and startup probes."""
    fields = f"involvedObject.name={pod},reason=Unhealthy"
    return " ".join(event["message"] for event in cluster.get("events", "--namespace", NAMESPACE, "--field-selector", fields)["items"])


def test_gateway_waits_for_the_authz_server_and_one_that_serves_stays(development, entra, gateway):
    before = set(gateways())
    token = entra.token(EDITOR, TASKS)
    scale("portcullis-authz", 0)
    try:
        cluster.await_true("no authz server answers", lambda: ask(f"{gateway}/api/me", token)[0] == 503)
        cluster.kubectl("rollout", "restart", "deployment/portcullis-gateway", "--namespace", NAMESPACE)
        [new] = cluster.await_true("a new gateway comes", lambda: set(gateways()) - before)
        logs = ["logs", new, "--namespace", NAMESPACE, "--container", "first-routes"]
        waits = lambda: "has no address" in cluster.kubectl(*logs, check=False)
        cluster.await_true("its first container says why it waits", waits, 60)
        # Two minutes later Envoy starts all the same.
        message = cluster.await_true("its probe says why it waits", lambda: unhealthy(new), 240)
        assert "no healthy endpoint: authz" in message
        assert gateways() == {**dict.fromkeys(before, True), new: False}
    finally:
        scale("portcullis-authz", 2)
    cluster.kubectl("rollout", "status", "deployment/portcullis-gateway", "--namespace", NAMESPACE, "--timeout=180s")
    assert not before & set(gateways()), "the new ones have replaced them"
