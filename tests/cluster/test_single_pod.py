"""A service of one pod on SQLite is unavailable only while its pod is replaced."""

import json

import cluster
import pytest
import releases
from load import GATEWAY, Load, Phase
from people import EDITOR, NOTIFICATIONS, READER, TASKS, ask

RATE = 40
LONGEST_GAP = 5.0


@pytest.fixture(scope="module")
def load(development, entra, gateway, tmp_path_factory):
    """The load, with the chart's default drain instead of the shorter one of the development values."""
    work = tmp_path_factory.mktemp("single")
    values = {"services": {"drainSeconds": 35}, "portcullis": {"policies": releases.without_limits()}}
    (work / "values.yaml").write_text(json.dumps(values))
    releases.upgrade(work, "--values", work / "values.yaml")
    tasks, notifications = (f"Authorization: Bearer {entra.token(EDITOR, scope)}" for scope in (TASKS, NOTIFICATIONS))
    # kubelet takes about a minute to deliver the changed policies, and a stream that begins before would exceed the limit.
    cluster.await_true("the limit is in force", lambda: unlimited(gateway, entra), 150)
    load = Load(releases.image("initContainers"), [
        ("task-api", RATE, ["--header", tasks, f"{GATEWAY}/api/tasks?limit=1=200"]),
        ("notification", RATE, ["--header", notifications, f"{GATEWAY}/notification/notifications?limit=1=200"]),
    ], 900)
    yield load
    load.stop()


def unlimited(gateway, entra):
    """Whether 250 requests pass: two authz servers take turns, and with the old limit each admits a hundred."""
    token = entra.token(READER, TASKS)
    return all(ask(f"{gateway}/api/me", token)[0] == 200 for _ in range(250))


@pytest.mark.parametrize("service", ["task-api", "notification"])
def test_restart_leaves_a_gap_of_seconds(load, service):
    with Phase(load) as phase:
        cluster.restart(service, 120)
    failures = [one for one in phase.failures if one[2].startswith(f"load-{service}:")]
    others = [one for one in phase.failures if one not in failures]
    gap = max(known for _, known, _ in failures) - min(due for due, _, _ in failures) if failures else 0.0
    print(f"{service}: {phase.answered} answered, {len(failures)} failed within {gap:.1f} s; {len(others)} of the other service failed")
    assert gap <= LONGEST_GAP, failures[:5] + failures[-5:]
    assert not others, others[:5]
