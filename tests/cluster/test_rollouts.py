"""Restarts under load lose no request, on a release with two replicas of each workload and a PostgreSQL outside the cluster."""

import json
import time

import cluster
import outside
import policy_changes
import postgresql
import pytest
import releases
from cluster import NAMESPACE
from load import GATEWAY, Load, Phase
from people import EDITOR, NOTIFICATIONS, TASKS

RATE = {"tasks": 350, "notifications": 180, "changes": 10}
LEAST = 500
SECONDS = 1900
# Seconds. kubelet delivers a changed ConfigMap within 90 s, and the copy follows within seconds.
LONGEST_CHANGE = 180
RESTARTED = ("portcullis-authz", "portcullis-gateway", "task-api", "notification", "audit") * 2
LONGEST_RECOVERY = 1.0
LONGEST_DELIVERY = 180
NOTIFICATION_STATUS = {
    "sent": "notification_status = 'sent'",
    "pending": "notification_status = 'pending'",
    "lost with the token": "notification_status = 'failed' and notification_reason = 'user_token_lost'",
}


@pytest.fixture(scope="module")
def database():
    with postgresql.server() as server:
        yield server


@pytest.fixture(scope="module")
def several_replicas(images, database, tmp_path_factory):
    """Installs the release with the chart's default drains; returns a function that upgrades it."""
    work = tmp_path_factory.mktemp("several")
    authz = {"authz": {"drainSeconds": 35}, "gateway": {"drainAtLeastSeconds": 8}}
    values = {
        "global": {"onePodEach": False},
        "services": {"replicas": 2, "drainSeconds": 35},
        "database": {"type": "postgresql", "urlSecretName": "databases", "port": database.port, "peers": outside.peers()},
        "portcullis": {**policy_changes.before(), **authz},
    }
    node = outside.publish("postgresql", database.port)
    releases.start_over()
    urls = {service: database.url(node, service) for service in postgresql.SERVICES}
    cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "databases", "namespace": NAMESPACE}, "stringData": urls})
    (work / "values.yaml").write_text(json.dumps(values))
    releases.install(work, "--values", work / "values.yaml")
    return lambda *more: releases.upgrade(work, "--values", work / "values.yaml", *more)


@pytest.fixture(scope="module")
def load(several_replicas, entra, gateway):
    tasks, notifications = (f"Authorization: Bearer {entra.token(EDITOR, scope)}" for scope in (TASKS, NOTIFICATIONS))
    change = ["--method", "POST", "--header", "Content-Type: application/json", "--body", json.dumps({"title": "under load"}), "--connections", "2"]
    load = Load(releases.image("initContainers"), [
        ("tasks", RATE["tasks"], ["--header", tasks, f"{GATEWAY}/api/tasks?limit=1=200"]),
        ("notifications", RATE["notifications"], ["--header", notifications, f"{GATEWAY}/notification/notifications?limit=1=200"]),
        ("changes", RATE["changes"], ["--header", tasks, *change, f"{GATEWAY}/api/tasks=201"]),
    ], SECONDS)
    yield load
    load.stop()


def await_departures():
    """Waits until no pod terminates, because requests may be lost until then."""
    terminating = lambda: [one for one in cluster.get("pods", "--namespace", NAMESPACE)["items"] if "deletionTimestamp" in one["metadata"]]
    cluster.await_true("the old pods have gone", lambda: not terminating(), 120)


def report(what, phase):
    print(f"{what}: {phase.answered} answered and {len(phase.failures)} failed in {phase.seconds:.0f} s, {phase.answered / phase.seconds:.0f} a second")


def lost_nothing(what, phase):
    report(what, phase)
    assert not phase.failures, phase.failures[:20]
    assert phase.answered / phase.seconds >= LEAST


def test_restarts_lose_nothing(load):
    with Phase(load) as phase:
        for deployment in RESTARTED:
            cluster.restart(deployment)
        await_departures()
    lost_nothing(f"{len(RESTARTED)} rollouts", phase)
    failed = cluster.get("events", "--namespace", NAMESPACE, "--field-selector", "reason=FailedPreStopHook")["items"]
    assert not failed, failed[0]["message"]


def test_an_upgrade_and_a_rollback_lose_nothing(load, several_replicas):
    with Phase(load) as phase:
        several_replicas("--set", "services.log=debug,portcullis.authz.log=debug,portcullis.gateway.drainAtLeastSeconds=9")
        cluster.helm("rollback", "portcullis", "--namespace", NAMESPACE, "--wait", "--timeout", "240s")
        await_departures()
    lost_nothing("helm upgrade and helm rollback", phase)


@pytest.fixture
def clients(load, entra):
    """Loads on the removed and on the added route. An answer other than before counts as a failure."""
    token = f"Authorization: Bearer {entra.token(EDITOR, NOTIFICATIONS)}"
    url = lambda name, status: f"{GATEWAY}{policy_changes.path(name)}?limit=1={status}"
    streams = {
        name: Load(
            releases.image("initContainers"), [(name, 20, ["--header", token, url(name, status)])],
            LONGEST_CHANGE + 120,
        )
        for name, status in ((policy_changes.REMOVED, 200), (policy_changes.ADDED, 404))
    }
    yield streams
    for stream in streams.values():
        stream.stop()


def has_turned(stream):
    """Whether every gateway answers differently than before."""
    before = stream.counts()
    time.sleep(3)
    after = stream.counts()
    return after[0] == before[0] and after[1] > before[1]


def pods():
    """Pods of the gateway and the authz server, each with the number of its containers' restarts."""
    selector = "app.kubernetes.io/component in (gateway, authz)"
    found = cluster.get("pods", "--namespace", NAMESPACE, "--selector", selector)["items"]
    kinds = ("initContainerStatuses", "containerStatuses")
    containers = lambda pod: [one for kind in kinds for one in pod["status"].get(kind, [])]
    restarts = lambda pod: sum(one["restartCount"] for one in containers(pod))
    return {one["metadata"]["name"]: restarts(one) for one in found}


def test_policies_and_routes_that_change_lose_nothing(load, several_replicas, clients, tmp_path):
    """kubelet delivers the files to each pod at another time. A route that arrives before its policy would get 503."""
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"portcullis": policy_changes.after()}))
    before = pods()
    with Phase(load) as phase:
        several_replicas("--values", values)
        start = time.monotonic()
        for name, stream in clients.items():
            changed = f"the route {name} has changed at every gateway"
            cluster.await_true(changed, lambda: has_turned(stream), LONGEST_CHANGE)
            print(f"{changed} within {time.monotonic() - start:.0f} s of helm upgrade")
    gateways = ["--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=gateway"]
    print(cluster.kubectl("logs", *gateways, "--container", "routes", "--prefix", "--tail=20"))
    lost_nothing("an upgrade that renames, adds and removes policies", phase)
    assert pods() == before, "only files should have changed"
    gone, come = "answered 404, not 200", "answered 200, not 404"
    for name, reason in ((policy_changes.REMOVED, gone), (policy_changes.ADDED, come)):
        others = [one for one in clients[name].failures() if one[2] != f"load-{name}: {reason}"]
        assert not others, others[:20]


def test_policies_that_change_together_with_pods_lose_nothing(load, several_replicas, entra):
    """Back to the previous policies. Pods that start with them never had those that gateways still name in Checks."""
    token = f"Authorization: Bearer {entra.token(EDITOR, NOTIFICATIONS)}"
    url = f"{GATEWAY}{policy_changes.path(policy_changes.ADDED)}?limit=1=200"
    stream = Load(releases.image("initContainers"), [("back", 20, ["--header", token, url])], LONGEST_CHANGE + 120)
    before = pods()
    with Phase(load) as phase:
        several_replicas("--set", "portcullis.authz.log=debug")
        cluster.await_true("the added route is gone at every gateway", lambda: has_turned(stream), LONGEST_CHANGE)
        await_departures()
    others = [one for one in stream.failures() if one[2] != "load-back: answered 404, not 200"]
    stream.stop()
    lost_nothing("an upgrade that changes policies and pods", phase)
    assert {name for name in before if "-authz-" in name}.isdisjoint(pods()), "the authz server's pods should be new"
    assert not others, others[:20]


def test_killed_authz_server_fails_requests_for_one_second_at_most(load):
    pod = cluster.get("pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=authz")["items"][0]["metadata"]["name"]
    with Phase(load) as phase:
        cluster.kubectl("delete", "pod", pod, "--namespace", NAMESPACE, "--force", "--grace-period=0")
        cluster.kubectl("rollout", "status", "deployment/portcullis-authz", "--namespace", NAMESPACE, "--timeout=180s")
        time.sleep(3)
    report("kubectl delete pod --force of one authz server", phase)
    if phase.failures:
        recovery = max(known for _, known, _ in phase.failures) - min(due for due, _, _ in phase.failures)
        print(f"from the first failure to the last: {recovery:.2f} s")
        assert recovery <= LONGEST_RECOVERY, phase.failures[:20]


def test_every_change_is_in_the_audit_trail_and_its_notification_settled(load, database):
    """Despite all restarts. A notification needs the user's token, which is only in memory: it is given up if its process ends first."""
    load.stop()
    changes = database.count("task-api", "tasks")

    def arrived():
        status = {name: database.count("task-api", f"tasks where {where}") for name, where in NOTIFICATION_STATUS.items()}
        return {**status, "received": database.count("notification", "notifications"), "audited": database.count("audit", "entries")}

    until = time.monotonic() + LONGEST_DELIVERY
    while (found := arrived())["pending"] or found["audited"] < changes:
        assert time.monotonic() < until, f"{changes} changes: {found}"
        time.sleep(1)
    print(f"{changes} changes: {found}")
    assert found["audited"] == changes
    assert found["sent"] + found["lost with the token"] == changes
    assert found["received"] >= found["sent"]
