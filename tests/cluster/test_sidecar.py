"""The authz server in the gateway's pods, which Envoy calls over a Unix socket."""

import json

import cluster
import pytest
import releases
from cluster import NAMESPACE
from load import GATEWAY, Load, Phase
from people import EDITOR, READER, TASKS, ask

RATE = 40


@pytest.fixture(scope="module")
def sidecar(images, tmp_path_factory):
    work = tmp_path_factory.mktemp("sidecar")
    values = {"portcullis": {"authz": {"placement": "sidecar"}, "policies": releases.without_limits()}}
    (work / "values.yaml").write_text(json.dumps(values))
    releases.start_over()
    releases.install(work, "--values", work / "values.yaml")


def test_there_is_no_other_authz_server(sidecar):
    names = {one["metadata"]["name"] for one in cluster.get("deployments", "--namespace", NAMESPACE)["items"]}
    assert "portcullis-gateway" in names and "portcullis-authz" not in names
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector", "app.kubernetes.io/component=gateway")["items"]
    assert all("portcullis" in {one["name"] for one in pod["spec"]["initContainers"]} for pod in pods)


@pytest.mark.parametrize(
    ("person", "method", "status"),
    [
        pytest.param(READER, "GET", 200, id="reader reads"),
        pytest.param(READER, "POST", 403, id="reader may not write"),
        pytest.param(EDITOR, "POST", 201, id="editor writes"),
        pytest.param(None, "GET", 401, id="anonymous is denied"),
    ],
)
def test_sidecar_decides_requests(sidecar, entra, gateway, person, method, status):
    token = entra.token(person, TASKS) if person else None
    body = {"title": "by a sidecar"} if method == "POST" else None
    assert ask(f"{gateway}/api/tasks", token, body)[0] == status


def test_nothing_gets_round_it(sidecar):
    done = cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--timeout", "120s", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_restarts_lose_nothing(sidecar, entra):
    header = ["--header", f"Authorization: Bearer {entra.token(EDITOR, TASKS)}"]
    load = Load(releases.image("initContainers"), [("tasks", RATE, [*header, f"{GATEWAY}/api/tasks?limit=1=200"])], 300)
    try:
        with Phase(load) as phase:
            cluster.restart("portcullis-gateway")
        print(f"{phase.answered} answered and {len(phase.failures)} failed")
        assert phase.answered and not phase.failures, phase.failures[:10]
    finally:
        load.stop()
