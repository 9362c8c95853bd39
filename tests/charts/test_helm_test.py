"""Objects that `helm test` creates, deletes and prints, by the hook rules of Helm 3 and 4."""

from dataclasses import dataclass

import pytest
import rendering

PROFILE = "portcullis--own-services"
SUITE = "task-suite--entra"


@dataclass(frozen=True)
class Case:
    changes: list[str]
    places: set[str]
    left_out: list[str]


CASES = {
    "default": Case(changes=[], places={"here", "created"}, left_out=["tests.hostNetworkNamespace is empty"]),
    "no permission to create namespaces": Case(
        changes=["tests.createNamespace=false"],
        places={"here"},
        left_out=["tests.createNamespace is false", "tests.hostNetworkNamespace is empty"],
    ),
    "existing namespace": Case(
        changes=["tests.otherNamespace=elsewhere"], places={"here", "elsewhere"}, left_out=["tests.hostNetworkNamespace is empty"],
    ),
    "existing namespace alone": Case(
        changes=["tests.otherNamespace=elsewhere", "tests.createNamespace=false"],
        places={"here", "elsewhere"},
        left_out=["tests.hostNetworkNamespace"],
    ),
    "node": Case(changes=["tests.hostNetworkNamespace=nodes"], places={"here", "created", "nodes"}, left_out=[]),
    "node in the release's namespace": Case(changes=["tests.hostNetworkNamespace=portcullis"], places={"here", "created"}, left_out=[]),
}
of_each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def hooks(*changes, release=rendering.RELEASE, profile=PROFILE):
    chart, arguments = rendering.values(profile)
    done = rendering.helm("template", release, chart, "--namespace", rendering.NAMESPACE, "--kube-version", rendering.KUBERNETES, *arguments,
                          *(part for change in changes for part in ("--set", change)))
    assert done.returncode == 0, done.stderr
    found = [one for one in rendering.yaml.safe_load_all(done.stdout) if one and rendering.hook(one) == "test"]
    return sorted(found, key=lambda one: int(annotation(one, "hook-weight")))


def annotation(one, name):
    return one["metadata"]["annotations"][f"helm.sh/{name}"]


def place(one, created):
    return {rendering.NAMESPACE: "here", created: "created"}.get(one["metadata"]["namespace"], one["metadata"]["namespace"])


@of_each_case
def test_pods_run_where_values_say_and_report_the_rest(case):
    found = hooks(*case.changes)
    created = next((one["metadata"]["name"] for one in found if one["kind"] == "Namespace"), None)
    assert (created is not None) == ("created" in case.places)
    pods = [one for one in found if one["kind"] == "Pod"]
    assert {place(one, created) for one in pods} == case.places
    first = next(one for one in pods if one["spec"]["containers"][0]["name"] == "probe")
    printed = [argument for argument in first["spec"]["containers"][0]["args"] if argument.startswith("--not-tried=")]
    assert len(printed) == len(case.left_out) and all(words in text for words, text in zip(case.left_out, printed, strict=True)), printed


@of_each_case
def test_no_namespace_is_deleted_that_the_test_did_not_create(case):
    for one in hooks(*case.changes):
        if one["kind"] == "Namespace":
            # Helm creates it or fails, and deletes what it created.
            assert annotation(one, "hook-delete-policy") == "hook-succeeded"
            assert one["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        else:
            assert one["kind"] == "Pod", "a Pod has a name that no other object has"


def test_releases_share_no_name():
    names = [{one["metadata"]["name"] for one in hooks(release=release)} for release in ("portcullis", "portcullis-2", "x")]
    assert len(set.union(*names)) == sum(map(len, names))
    assert all(len(name) <= 63 for name in set.union(*names))


@of_each_case
def test_logs_of_every_hook_are_there_after_success(case):
    """For each hook of any kind, `helm test --logs` of Helm 3 reads the log of the pod with its name in the release's namespace."""
    found = hooks(*case.changes)
    here = [one for one in found if one["kind"] == "Pod" and one["metadata"]["namespace"] == rendering.NAMESPACE]
    kept = {one["metadata"]["name"] for one in here if annotation(one, "hook-delete-policy") == "before-hook-creation"}
    assert {one["metadata"]["name"] for one in found} == kept
    # It runs first, so that its log exists whichever hook fails.
    assert found[0] in here


def test_plain_helm_test_prints_what_the_pods_say():
    for profile in (PROFILE, SUITE):
        for one in hooks(profile=profile):
            assert set(annotation(one, "hook-output-log-policy").split(",")) == {"hook-failed", "hook-succeeded"}


def test_pod_on_the_network_of_a_node_demands_denials_and_no_closed_ports():
    (pod,) = [one for one in hooks("tests.hostNetworkNamespace=nodes") if one["metadata"].get("namespace") == "nodes"]
    assert pod["spec"]["hostNetwork"] is True and pod["spec"]["dnsPolicy"] == "ClusterFirstWithHostNet"
    arguments = pod["spec"]["containers"][0]["args"]
    assert "--denies=portcullis-to-orders.shop.svc.cluster.local:8080/orders" in arguments
    assert not [argument for argument in arguments if argument.startswith("--closed=")]
