"""Policies that the authz server would refuse fail the release."""

import json

import cluster
import releases
from cluster import NAMESPACE


def mounted():
    return cluster.get("configmap", "portcullis-policies", "--namespace", NAMESPACE)["data"]


def test_upgrade_with_a_typo_fails_says_where_and_changes_nothing(development, tmp_path):
    before = mounted()
    typo = releases.gate()["policies"]["documents"].replace("scopes:", "scope:", 1)
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"portcullis": {"policies": {"documents": typo}}}))
    failed = cluster.helm("upgrade", "portcullis", releases.SUITE, *releases.arguments(tmp_path), "--values", values, check=False)
    said = failed.stdout + failed.stderr
    assert failed.returncode, said
    assert "policies.yaml" in said and "scope" in said, said
    assert mounted() == before
    # The next good one goes through, whatever the failed one left.
    releases.upgrade(tmp_path)
    assert releases.status() == "deployed"
