"""The demo's outcomes, through the gateway of a new release."""

import base64
import json

import cluster
import pytest
from people import EDITOR, READER, TASK_API, TASKS, ask

pytestmark = pytest.mark.usefixtures("development")
FORGED = {"X-User-OID": "aaaaaaaa-0001-4000-8000-000000000001", "X-User-Roles": "Admin"}


@pytest.fixture(scope="module")
def tokens(entra):
    return {"editor": entra.token(EDITOR, TASKS), "reader": entra.token(READER, TASKS), None: None}


@pytest.mark.parametrize(
    ("who", "path", "body", "headers", "expected"),
    [
        pytest.param("editor", "/api/me", None, {}, [200], id="editor reads"),
        pytest.param("editor", "/api/tasks", {"title": "from the cluster"}, {}, [200, 201], id="editor writes"),
        pytest.param("reader", "/api/tasks", None, {}, [200], id="reader reads"),
        pytest.param("reader", "/api/tasks", {"title": "not allowed"}, {}, [403], id="reader may not write"),
        pytest.param(None, "/api/me", None, {}, [401], id="anonymous is denied"),
        pytest.param(None, "/api/me", None, FORGED, [401], id="forged headers are denied"),
        pytest.param("editor", "/auditing/audit", None, {}, [401, 403], id="user on the audit route is denied"),
        pytest.param("editor", "/health", None, {}, [404], id="no route"),
    ],
)
def test_the_gateway_answers(gateway, tokens, who, path, body, headers, expected):
    status, text = ask(gateway + path, tokens[who], body, headers=headers)
    assert status in expected, text


def test_invalid_token_is_denied(gateway, tokens):
    assert ask(f"{gateway}/api/me", tokens["editor"] + "x")[0] == 401


def test_services_call_each_other_and_the_cluster_holds_no_client_secret(gateway, entra, tokens):
    """The task API authenticates to dev-entra with its service account's token; dev-entra accepts no other credential of it."""
    status, text = ask(f"{gateway}/api/tasks", tokens["editor"], {"title": "federated"})
    assert status in (200, 201), text
    task = json.loads(text)
    assert (task["notification_status"], task["audit_status"]) == ("sent", "logged"), text
    logs = cluster.kubectl("logs", "deployment/dev-entra", "--namespace", cluster.NAMESPACE).splitlines()
    issued = [json.loads(line) for line in logs if "token issued" in line]
    by_the_task_api = {(one["grant"], one["proof"]) for one in issued if one["client_id"] == TASK_API}
    assert by_the_task_api == {("OnBehalfOf", "Assertion"), ("ClientCredentials", "Assertion")}
    status, text = entra.form(
        grant_type="client_credentials", client_id=TASK_API, client_secret="task-api-secret",
        scope="api://3a5c0003-0000-4000-8000-000000000003/.default",
    )
    assert status == 401, text
    held = cluster.get("secrets,configmaps,pods", "--all-namespaces")
    for one in held["items"]:
        # Helm's own record has the chart's compressed files, among them a directory with that secret, for use without a cluster.
        if one.get("type") != "helm.sh/release.v1":
            values = [base64.b64decode(value).decode(errors="replace") for value in one.get("data", {}).values()] if one["kind"] == "Secret" else [json.dumps(one)]
            assert not any("task-api-secret" in value for value in values), one["metadata"]["name"]
            assert "CLIENT_SECRET" not in json.dumps(one.get("spec", {})), one["metadata"]["name"]


@pytest.mark.parametrize("words", ["helm test portcullis", "dev-entra runs here", "volumeSize is empty", "gateway.tls.mode is off", "images.envoy.digest is empty"])
def test_the_notes_say_how_to_try_it_and_what_development_leaves_out(words):
    assert words in cluster.helm("get", "notes", "portcullis", "--namespace", cluster.NAMESPACE).stdout


def test_the_copy_of_the_probe_runs_in_the_container_of_envoy():
    """Envoy's image is another project's, and a preStop hook that cannot run shows only as an event."""
    output = cluster.kubectl("exec", "deployment/portcullis-gateway", "--namespace", cluster.NAMESPACE, "--container", "envoy", "--", "/drain/probe", "--version")
    assert output.startswith("probe "), output
