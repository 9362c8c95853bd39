"""Network policies outlast the pods of a release that is uninstalled."""

import pytest
import rendering
from test_network_policies import TABLES, table

KEPT, DELETED = "before-hook-creation", "before-hook-creation,hook-succeeded"
EVENTS = [("pre-delete", KEPT), ("post-delete", DELETED)]


def wait(profile):
    (pod,) = [one for one in rendering.objects(profile) if one["kind"] == "Pod" and rendering.hook(one) == "post-delete"]
    return pod


def annotation(one, name):
    return one["metadata"]["annotations"][f"helm.sh/{name}"]


def specs(policies):
    """Namespace and name of the original → spec."""
    return {(one["metadata"]["namespace"], one["metadata"]["name"].removesuffix("-terminating")): one["spec"] for one in policies}


def by_place(profile):
    """The release's policies: those in its namespace, and those in other namespaces."""
    policies = rendering.policies(profile)
    here = [one for one in policies if one["metadata"]["namespace"] == rendering.NAMESPACE]
    return here, [one for one in policies if one not in here]


@pytest.mark.parametrize(("event", "deletion"), EVENTS, ids=[event for event, _ in EVENTS])
@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_every_policy_over_pods_of_the_release_has_a_copy(profile, event, deletion):
    copies, (here, _) = rendering.policies(profile, event), by_place(profile)
    assert specs(copies) == specs(here)
    assert all(one["metadata"]["name"].endswith("-terminating") for one in copies)
    assert {annotation(one, "hook-delete-policy") for one in copies} == {deletion}


@pytest.mark.parametrize("event", [event for event, _ in EVENTS])
@pytest.mark.parametrize("profile", TABLES)
def test_copies_alone_keep_every_cell_as_written(profile, event):
    copies, (_, elsewhere) = rendering.policies(profile, event), by_place(profile)
    # The table also has upstreams in other namespaces. They are not part of the release, and their policies have no copies.
    assert copies and table(profile).differences(copies + elsewhere) == []


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_copies_are_deleted_after_the_last_pod_of_the_release(profile):
    pod = wait(profile)
    assert int(annotation(pod, "hook-weight")) < min(int(annotation(one, "hook-weight")) for one in rendering.policies(profile, "post-delete"))
    (term,) = pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    # All nodes share this label, so no node is free of the release while any node runs one of its pods.
    assert term["topologyKey"] == "kubernetes.io/os"
    wanted, (other,) = term["labelSelector"]["matchLabels"], term["labelSelector"]["matchExpressions"]
    assert (other["key"], other["operator"]) == ("app.kubernetes.io/component", "NotIn")
    for name, template in rendering.pod_templates(profile):
        labels = template["metadata"]["labels"]
        waited_for = wanted.items() <= labels.items() and labels["app.kubernetes.io/component"] not in other["values"]
        assert waited_for == name.startswith("Deployment/"), name


def test_without_policies_uninstalling_waits_for_nothing():
    done = rendering.template("portcullis--own-services", "--set", "networkPolicy.enabled=false")
    assert done.returncode == 0, done.stderr
    assert "post-delete" not in done.stdout and "pre-delete" not in done.stdout
