"""What production has and development does not: TLS at a node's port, data on volumes, one count for all gates, spans, pods by their load, and
a service of one's own."""

import base64
import concurrent.futures
import contextlib
import json
import urllib.request

import certificate
import cluster
import collector
import counters
import outside
import pytest
import releases
import shop
import volumes
from cluster import NAMESPACE
from people import EDITOR, READER, TASKS, ask

LIMIT = 40
FEWEST = 2
# kubelet looks at Secrets about once a minute.
RENEWAL = 180
# Exporters send what they have every 5 seconds.
EXPORT = 60
SPANS = {"gateway: ingress", "portcullis: Check", "task-api: POST /api/tasks", "notification: POST /notify", "audit: POST /audit"}


@pytest.fixture(scope="module")
def spans():
    with collector.server() as found:
        yield found


@pytest.fixture(scope="module")
def counter():
    with counters.server() as found:
        yield found


@pytest.fixture(scope="module")
def production(images, spans, counter, tmp_path_factory):
    work = tmp_path_factory.mktemp("production")
    port, password = counter
    releases.start_over()
    node = outside.publish("counters", port)
    outside.publish("collector", spans.port)
    url = f"redis://:{password}@{node}:{port}"
    cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "counters", "namespace": NAMESPACE}, "stringData": {"url": url}})
    scaling = {"autoscaling": {"enabled": True, "minReplicas": FEWEST, "maxReplicas": 3}}
    values = {
        "database": {"type": "sqlite", "volumeSize": "1Gi"},
        "portcullis": {
            "gateway": {"service": {"type": "NodePort", "port": 443}, "tls": {"mode": "secret"}, **scaling},
            "authz": {"rateLimitStore": {"urlSecretName": "counters", "port": port, "peers": outside.peers()}, **scaling},
            "traces": {"endpoint": f"http://{node}:{spans.port}", "peers": outside.peers()},
            # A limit that hardly refills while the tests run.
            **shop.values(releases.policies(f"requests: {LIMIT}, per: 86400s")),
        },
    }
    (work / "values.yaml").write_text(json.dumps(values))
    cluster.apply(cluster.namespace(shop.NAMESPACE))
    with volumes.at_least(3):
        releases.install(work, "--values", work / "values.yaml")
        shop.start()
        yield


@pytest.fixture(scope="module")
def url(production):
    port = cluster.get("service", "portcullis-gateway", "--namespace", NAMESPACE)["spec"]["ports"][0]["nodePort"]
    return f"https://{outside.node()}:{port}"


@pytest.fixture(scope="module")
def https(url, production):
    """Asks the gateway by TLS, and trusts nobody but its certificate."""
    context = certificate.made_by_the_chart()
    cluster.await_true("the gateway knows the gate", lambda: ask(f"{url}/api/me", context=context)[0] == 401)
    return lambda path, token=None, body=None: ask(f"{url}{path}", token, body, context=context)


@pytest.fixture(scope="module")
def fewest_pods(production):
    """The autoscaler starts them even without a measure of load."""

    def ready():
        status = [cluster.get("deployment", f"portcullis-{one}", "--namespace", NAMESPACE)["status"] for one in ("gateway", "authz")]
        return all(one.get("readyReplicas") == FEWEST for one in status)

    cluster.await_true(f"{FEWEST} pods each", ready, 90)


def test_a_change_is_one_trace_through_everything(https, entra, spans):
    status, text = https("/api/tasks", entra.token(EDITOR, TASKS), {"title": "traced"})
    assert status == 201, text
    cluster.await_true("a trace of all", lambda: any(found >= SPANS for found in list(spans.traces.values())), EXPORT)


def test_all_gates_count_together(https, entra, fewest_pods):
    """As many as the limit says get through, whichever gate answers: counting alone, two would let all of these."""
    token = entra.token(READER, TASKS)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: https("/api/me", token)[0], range(FEWEST * LIMIT - 10)))
    assert (answers.count(200), answers.count(429)) == (LIMIT, LIMIT - 10), answers


def test_a_service_of_ones_own_needs_values_only(url, https, entra):
    """It hears who calls from the gate alone."""
    assert https("/orders")[0] == 401
    token = entra.token(EDITOR, TASKS)

    def answered():
        request = urllib.request.Request(f"{url}/orders/7", headers={"Authorization": f"Bearer {token}", "X-User-OID": "forged"})
        with contextlib.suppress(OSError), urllib.request.urlopen(request, context=certificate.made_by_the_chart(), timeout=10) as answer:
            return answer.headers[shop.SEEN]
        return None

    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert cluster.await_true("the gateway finds the shop", answered) == claims["oid"]


def test_nothing_gets_round_the_gate_to_any_of_them(https):
    cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--timeout", "120s")


def test_data_outlives_pods(https, entra):
    token = entra.token(EDITOR, TASKS)
    status, text = https("/api/tasks", token, {"title": "kept"})
    assert status == 201, text
    before = _services()
    cluster.kubectl("delete", "pod", *before.values(), "--namespace", NAMESPACE, "--wait")
    for service in ("task-api", "notification", "audit"):
        cluster.kubectl("rollout", "status", f"deployment/{service}", "--namespace", NAMESPACE, "--timeout=180s")
    assert not before.keys() & _services().keys()
    task = json.loads(text)["id"]
    cluster.await_true("the task is still there", lambda: https(f"/api/tasks/{task}", token)[0] == 200, 30)


def test_a_renewed_certificate_is_taken_without_a_restart(url, https, tmp_path):
    pods = cluster.kubectl("get", "pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=gateway", "--output", "name")
    context = certificate.issue(tmp_path, outside.node())

    def renewed():
        try:
            return all(ask(f"{url}/api/me", context=context)[0] == 401 for _ in range(20))
        except OSError:
            return False

    cluster.await_true("the new certificate", renewed, RENEWAL)
    assert pods == cluster.kubectl("get", "pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=gateway", "--output", "name")


def _services():
    """Their pods: names by identities."""
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component in (task-api, notification, audit)")
    return {one["metadata"]["uid"]: one["metadata"]["name"] for one in pods["items"]}
