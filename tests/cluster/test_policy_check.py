"""Policy errors fail the release."""

import json
from dataclasses import dataclass

import cluster
import releases
from cluster import NAMESPACE


@dataclass(frozen=True)
class Change:
    name: str
    text: str
    passes: bool
    words: str


def mounted():
    return cluster.get("configmap", "portcullis-policies", "--namespace", NAMESPACE)["data"]


def test_upgrade_with_a_typo_fails_says_where_and_changes_nothing(development, tmp_path):
    before = mounted()
    typo = releases.authz()["policies"]["documents"].replace("scopes:", "scope:", 1)
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"portcullis": {"policies": {"documents": typo}}}))
    failed = cluster.helm("upgrade", "portcullis", releases.SUITE, *releases.arguments(tmp_path), "--values", values, check=False)
    output = failed.stdout + failed.stderr
    assert failed.returncode, output
    assert "policies.yaml" in output and "scope" in output, output
    assert mounted() == before
    # The next good upgrade succeeds, whatever the failed one left.
    releases.upgrade(tmp_path)
    assert releases.status() == "deployed"


def test_helm_test_waits_for_the_newest_policies_and_names_a_mistake_that_came_past_the_check(development, tmp_path):
    """kubectl and partly Argo CD do not run Helm's hook. Replicas then keep the last good policies and look healthy."""
    documents = mounted()["policies.yaml"]
    for change in [
        Change("another rate limit", documents.replace("requests: 100, per: 60s", "requests: 99, per: 60s"), passes=True, words="no problems"),
        Change("a typo", documents.replace("scopes:", "scope:", 1), passes=False, words="scope"),
    ]:
        patch = json.dumps({"data": {"policies.yaml": change.text}})
        cluster.kubectl("patch", "configmap", "portcullis-policies", "--namespace", NAMESPACE, "--patch", patch)
        done = cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--logs", "--timeout", "240s", check=False, timeout=400)
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == change.passes and change.words in output, f"{change.name}: {output}"
    releases.upgrade(tmp_path)
