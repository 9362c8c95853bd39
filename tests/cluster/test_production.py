"""Features of production that development lacks: TLS on a node port, data on volumes, a rate-limit store, spans, autoscaling, and a further
service."""

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
# Seconds. kubelet reads Secrets about once a minute.
RENEWAL = 180
# Seconds. Exporters send spans every 5 seconds.
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
    """Returns a function that sends a request to the gateway over TLS and trusts only its certificate."""
    context = certificate.made_by_the_chart()
    cluster.await_true("the gateway reaches the authz server", lambda: ask(f"{url}/api/me", context=context)[0] == 401)
    return lambda path, token=None, body=None: ask(f"{url}{path}", token, body, context=context)


@pytest.fixture(scope="module")
def fewest_pods(production):
    """Waits for the minimum of pods, which the autoscaler starts even without metrics."""

    def ready():
        status = [cluster.get("deployment", f"portcullis-{one}", "--namespace", NAMESPACE)["status"] for one in ("gateway", "authz")]
        return all(one.get("readyReplicas") == FEWEST for one in status)

    cluster.await_true(f"{FEWEST} pods each", ready, 90)


def test_a_change_is_one_trace_through_everything(https, entra, spans):
    status, text = https("/api/tasks", entra.token(EDITOR, TASKS), {"title": "traced"})
    assert status == 201, text
    cluster.await_true("a trace of all", lambda: any(found >= SPANS for found in list(spans.traces.values())), EXPORT)


def test_authz_servers_count_together(https, entra, fewest_pods):
    """The limit holds for both authz servers together: if each counted alone, all requests would pass."""
    token = entra.token(READER, TASKS)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: https("/api/me", token)[0], range(FEWEST * LIMIT - 10)))
    assert (answers.count(200), answers.count(429)) == (LIMIT, LIMIT - 10), answers


def test_new_service_needs_only_values(url, https, entra):
    """It learns the caller only from the authz server."""
    assert https("/orders")[0] == 401
    token = entra.token(EDITOR, TASKS)

    def answered():
        request = urllib.request.Request(f"{url}/orders/7", headers={"Authorization": f"Bearer {token}", "X-User-OID": "forged"})
        with contextlib.suppress(OSError), urllib.request.urlopen(request, context=certificate.made_by_the_chart(), timeout=10) as answer:
            return answer.headers[shop.SEEN]
        return None

    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert cluster.await_true("the gateway reaches the shop", answered) == claims["oid"]


def test_nothing_gets_round_the_production_gateway(https):
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
    """Names of the services' pods, by uid."""
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component in (task-api, notification, audit)")
    return {one["metadata"]["uid"]: one["metadata"]["name"] for one in pods["items"]}
