"""Assertion keys are created once, differ between upstreams, and are replaced without a failed request."""

import base64
import json
import urllib.request

import cluster
import pytest
import releases
from cluster import NAMESPACE
from load import GATEWAY, Load, Phase
from people import EDITOR, NOTIFICATIONS, TASKS

RATE = 100
SERVICES = ("task-api", "notification", "audit")
NEW_KEY = ("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def secret(name):
    return cluster.get("secret", name, "--namespace", NAMESPACE)["data"]


def made_by_the_chart():
    return {name: secret(name) for name in ("portcullis-assertion-key", *(f"portcullis-mac-{service}" for service in SERVICES))}


def published():
    """Ids of the keys that the authz server's Service publishes."""
    with cluster.forward("portcullis-keys", 9001) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/jwks.json", timeout=5) as answer:
            return {key["kid"] for key in json.load(answer)["keys"]}


def test_keys_differ_between_upstreams_and_stay_in_an_upgrade(development, tmp_path):
    before = made_by_the_chart()
    shared = {before[f"portcullis-mac-{service}"]["keys"] for service in SERVICES}
    assert len(shared) == len(SERVICES) and all(len(base64.b64decode(base64.b64decode(keys))) == 32 for keys in shared)
    releases.upgrade(tmp_path)
    assert made_by_the_chart() == before


@pytest.fixture(scope="module")
def public_keys(development, tmp_path_factory):
    """Makes the services verify with the public keys, as services without a MAC key do."""
    work = tmp_path_factory.mktemp("keys")
    upstreams = [{key: value for key, value in one.items() if key != "macKey"} for one in releases.authz()["upstreams"]]
    values = {"portcullis": {"upstreams": upstreams, "policies": releases.without_limits(), "authz": {"replicas": 2}}}
    (work / "values.yaml").write_text(json.dumps(values))
    releases.upgrade(work, "--values", work / "values.yaml")
    # A pod that started earlier has the old limits until kubelet delivers the new ones.
    cluster.restart("portcullis-authz")


@pytest.fixture
def load(public_keys, entra, gateway):
    tasks, notifications = (f"Authorization: Bearer {entra.token(EDITOR, scope)}" for scope in (TASKS, NOTIFICATIONS))
    load = Load(releases.image("initContainers"), [
        ("task-api", RATE, ["--header", tasks, f"{GATEWAY}/api/tasks?limit=1=200"]),
        ("notification", RATE, ["--header", notifications, f"{GATEWAY}/notification/notifications?limit=1=200"]),
    ], 600)
    yield load
    load.stop()


def test_key_replaced_in_one_step_fails_no_request(load):
    """Not recommended, but a tool may do it: pods then sign with different keys for a minute or more."""
    before = published()
    key = base64.b64encode(cluster.run(*NEW_KEY).stdout.encode()).decode()
    patch = json.dumps({"data": {"key.pem": key}})
    with Phase(load) as phase:
        cluster.kubectl("patch", "secret", "portcullis-assertion-key", "--namespace", NAMESPACE, "--patch", patch)
        cluster.restart("portcullis-authz")
        cluster.await_true("the new key is published", lambda: not published() & before, 150)
    print(f"{phase.answered} answered and {len(phase.failures)} failed in {phase.seconds:.0f} s")
    assert not phase.failures, phase.failures[:10]
