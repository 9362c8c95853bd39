"""`helm test` with and without enforcement of network policies."""

import cluster
import pytest
import releases
from cluster import NAMESPACE

pytestmark = pytest.mark.usefixtures("development")
SERVICES = [("task-api", 8000), ("notification", 8001), ("audit", 8002)]
NEIGHBOUR, NODES = "portcullis-neighbour", "portcullis-nodes"
TESTER = f"system:serviceaccount:{NAMESPACE}:tester"


def way_round(*more):
    return cluster.helm("test", "portcullis", "--namespace", NAMESPACE, "--timeout", "120s", *more, check=False)


def passed(*more):
    """Output of a successful `helm test`. Network policies of pods that have just started are in force within seconds."""

    def output():
        done = way_round(*more)
        return done.stdout + done.stderr if done.returncode == 0 else None

    return cluster.await_true("helm test passes", output, 90)


def created_by_the_test():
    (name,) = {one["metadata"]["name"] for one in cluster.rendering.objects("task-suite--development") if one["kind"] == "Namespace"}
    return name


@pytest.fixture
def spaces():
    """Creates namespaces, with a ConfigMap in each that must stay, and deletes them."""
    made = []

    def create(name, security="restricted"):
        space = cluster.namespace(name)
        space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = security
        cluster.apply(space, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": name}})
        made.append(name)

    yield create
    cluster.kubectl("delete", "namespace", *made, "--wait")


def assert_untouched(space):
    cluster.kubectl("get", "configmap", "kept", "--namespace", space)


def test_nothing_gets_round_the_gateway_and_plain_helm_test_says_what_it_tried():
    output = passed()
    assert output.count("addresses behind it are closed") == 2, output
    assert "NOT TRIED: from the network of a node" in output
    assert cluster.run("kubectl", "get", "namespace", created_by_the_test(), check=False).returncode != 0


def test_logs_are_printed_after_success():
    assert f"POD LOGS: {created_by_the_test()}" in passed("--logs")


def test_namespace_that_exists_already_is_neither_used_nor_deleted(spaces):
    name = created_by_the_test()
    spaces(name)
    done = way_round()
    assert done.returncode != 0 and "already exists" in done.stderr, done.stdout + done.stderr
    assert_untouched(name)


def test_existing_namespace_is_tried_from_and_left_as_it_was(spaces, tmp_path):
    spaces(NEIGHBOUR)
    releases.upgrade(tmp_path, "--set", f"portcullis.tests.otherNamespace={NEIGHBOUR}")
    assert passed("--logs").count("addresses behind it are closed") >= 2
    assert_untouched(NEIGHBOUR)
    assert not cluster.get("pods", "--namespace", NEIGHBOUR)["items"]


def test_tester_without_the_right_to_create_namespaces_is_told_what_was_left_out(tmp_path):
    subject = {"kind": "ServiceAccount", "name": "tester", "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
    binding = {"name": "tester", "namespace": NAMESPACE}
    cluster.apply(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": binding, "subjects": [subject], "roleRef": role},
    )
    done = way_round("--kube-as-user", TESTER)
    assert done.returncode != 0 and "forbidden" in done.stderr, done.stdout + done.stderr
    releases.upgrade(tmp_path, "--set", "portcullis.tests.createNamespace=false")
    assert "NOT TRIED: from another namespace: tests.createNamespace is false" in passed("--kube-as-user", TESTER)


def test_services_deny_forged_headers_from_the_network_of_a_node(spaces, tmp_path):
    """Network policies do not stop a process on a node, but the services also require a verified assertion."""
    spaces(NODES, "privileged")
    releases.upgrade(tmp_path, "--set", f"portcullis.tests.hostNetworkNamespace={NODES}")
    output = passed("--logs")
    for service, port in SERVICES:
        start = f"ok: portcullis-to-{service}.{NAMESPACE}.svc.cluster.local:{port} "
        lines = [line for line in output.splitlines() if line.startswith(start)]
        # A network plugin may stop nodes too.
        assert any("denied forged headers with 401" in line for line in lines) or all("is closed" in line for line in lines), output
    assert "NOT TRIED" not in output


def test_the_same_is_tried_on_a_schedule(tmp_path):
    releases.upgrade(tmp_path, "--set", "portcullis.tests.schedule.enabled=true")
    cluster.kubectl("create", "job", "portcullis-test-now", "--from=cronjob/portcullis-test", "--namespace", NAMESPACE)
    cluster.kubectl("wait", "--for=condition=Complete", "job/portcullis-test-now", "--namespace", NAMESPACE, "--timeout=120s")
    assert "behind it are closed" in cluster.kubectl("logs", "job/portcullis-test-now", "--namespace", NAMESPACE)


@pytest.fixture(scope="module")
def output_without_engine(no_engine):
    done = way_round()
    assert done.returncode != 0, "helm test passed"
    return done.stdout + done.stderr


def test_without_an_engine_plain_helm_test_fails_and_says_why(output_without_engine):
    assert "THIS CLUSTER ENFORCES NO NETWORK POLICIES" in output_without_engine


@pytest.mark.parametrize(("service", "port"), SERVICES)
def test_without_an_engine_services_deny_headers_without_an_assertion(output_without_engine, service, port):
    start = f"OPEN: portcullis-to-{service}.{NAMESPACE}.svc.cluster.local:{port} "
    lines = [line for line in output_without_engine.splitlines() if line.startswith(start)]
    assert lines and all("denied forged headers with 401" in line for line in lines), output_without_engine
