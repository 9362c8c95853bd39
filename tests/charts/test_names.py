"""Names that pods resolve: each is one query, and no search domain of the cluster answers for it."""

import os
import pathlib
import time

import pytest
import rendering
import yaml

# The search domains that kubelet writes into a pod, then a domain of the node, whose wildcard record answers for every name.
WILDCARD = "corp.example"
SEARCH = {"LOCALDOMAIN": f"portcullis.svc.cluster.local svc.cluster.local cluster.local {WILDCARD}", "RES_OPTIONS": "ndots:5"}
CASES = {
    "own services": ("portcullis--own-services", {"portcullis-authz.portcullis", "portcullis-to-orders.shop"}),
    "one pod each": ("task-suite--development", {f"{name}.portcullis" for name in ("portcullis-authz", "task-api", "notification", "audit")}),
}
QUERIES = 12
DEADLINE = 30


def clusters(profile):
    return yaml.safe_load(rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"]["clusters.yaml"])


def address(cluster):
    (locality,) = cluster["load_assignment"]["endpoints"]
    return locality["lb_endpoints"][0]["endpoint"]["address"].get("socket_address", {}).get("address")


def resolve_by(port, resources):
    resolver = {
        "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        "resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": port}}],
    }
    for cluster in resources["resources"]:
        if "cluster_type" in cluster:
            cluster["cluster_type"]["typed_config"]["typed_dns_resolver_config"] = {"name": "envoy.network.dns_resolver.cares", "typed_config": resolver}
    return resources


@pytest.mark.parametrize(("profile", "names"), CASES.values(), ids=CASES)
def test_envoy_resolves_only_absolute_names(profile, names, tmp_path):
    envoy = os.environ.get("ENVOY")
    if not envoy:
        pytest.skip("ENVOY names no program")
    import envoy_process
    import name_server

    for name, text in rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"].items():
        (tmp_path / name).write_text(text)
    with name_server.running(WILDCARD) as server:
        (tmp_path / "clusters.yaml").write_text(yaml.safe_dump(resolve_by(server.port, clusters(profile))))
        with envoy_process.running(pathlib.Path(envoy), tmp_path, **SEARCH):
            until = time.monotonic() + DEADLINE
            while len(server.queries) < QUERIES and time.monotonic() < until:
                time.sleep(0.1)
        queries = list(server.queries)
    assert len(queries) >= QUERIES
    # No others: while a Service has no pods, its name does not exist, and a search would go on to the wildcard.
    assert set(queries) == {f"{name}.svc.cluster.local" for name in names}, queries


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_names_that_the_chart_makes_are_absolute_for_envoy(profile):
    for cluster in clusters(profile)["resources"]:
        # The user chooses the collector's name, which may be short.
        if "cluster_type" in cluster and cluster["name"] != "traces":
            assert address(cluster).endswith(".svc.cluster.local."), cluster["name"]


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_no_host_and_no_tls_name_ends_in_a_dot(profile):
    for cluster in clusters(profile)["resources"]:
        endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        assert not endpoint.get("hostname", "").endswith(".")
        assert "auto_host_sni" not in str(cluster) and "auto_sni" not in str(cluster), "SNI would come from an address with a dot"
    for name, pod in rendering.pod_templates(profile):
        for container in pod["spec"]["containers"]:
            assert not [argument for argument in container.get("args", []) if ".local.:" in argument or ".local./" in argument], name


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_pods_look_long_names_up_as_they_are(profile):
    """Names of one label, such as `task-api`, need the search domains; `login.microsoftonline.com` must not be searched there."""
    for name, pod in rendering.pod_templates(profile):
        assert pod["spec"]["dnsConfig"] == {"options": [{"name": "ndots", "value": "2"}]}, name
