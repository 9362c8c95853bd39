"""Envoy's files in the chart against those of envoy/, which the tests through Envoy run."""

import copy
import os
import pathlib
import subprocess

import pytest
import rendering
import yaml

SOURCE = rendering.CHARTS.parent / "envoy"
DEVELOPMENT = "task-suite--development"
# Lint expects every listener to face clients. This one is for kubelet and the scraper, and forwards three pages of the admin port; the
# network policies admit no other clients.
OPERATIONS_FINDINGS = {
    "identity-headers-not-removed", "request-id-not-removed", "instructions-not-removed", "client-address-believed",
    "authorization-missing", "route-without-policy"}


def rendered(profile):
    return rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"]


def documents(profile):
    return {name: yaml.safe_load(text)["resources"] for name, text in rendered(profile).items() if name in ("listeners.yaml", "routes.yaml", "clusters.yaml")}


def source(name):
    return yaml.safe_load((SOURCE / name).read_text())["resources"]


def test_bootstrap_is_the_same():
    for profile in rendering.PROFILES:
        assert yaml.safe_load(rendered(profile)["bootstrap.yaml"]) == yaml.safe_load((SOURCE / "bootstrap.yaml").read_text())


def test_routes_of_the_sample_services_are_the_same():
    """Except for the code of missing clusters, which only the chart needs: its upgrades add and remove clusters while Envoy runs."""
    found, expected = documents(DEVELOPMENT)["routes.yaml"], source("routes.yaml")
    for host in found[0]["virtual_hosts"]:
        for route in host["routes"]:
            if route["name"] != "not-found" and "route" in route:
                assert route["route"].pop("cluster_not_found_response_code") == "NOT_FOUND"
    assert found == expected


def test_the_listener_is_the_same_but_for_its_address():
    gateway, operations = copy.deepcopy(documents(DEVELOPMENT)["listeners.yaml"])
    (expected,) = source("listeners.yaml")
    assert gateway.pop("address") == {"socket_address": {"address": "0.0.0.0", "port_value": 8080}}
    expected.pop("address")
    assert gateway == expected
    assert operations["name"] == "operations"


def test_tls_and_hops_change_only_what_they_are_for():
    (expected,) = source("listeners.yaml")
    behind = documents("portcullis--behind-load-balancer")["listeners.yaml"][0]
    manager, theirs = (one["filter_chains"][0]["filters"][0]["typed_config"] for one in (behind, expected))
    assert manager.pop("xff_num_trusted_hops") == 1
    theirs.pop("xff_num_trusted_hops")
    mutations = theirs["early_header_mutation_extensions"][0]["typed_config"]["mutations"]
    mutations.remove({"remove": "x-forwarded-for"})
    assert manager == theirs

    chain = documents("portcullis--own-services")["listeners.yaml"][0]["filter_chains"][0]
    context = chain["transport_socket"]["typed_config"]["common_tls_context"]
    assert context["alpn_protocols"] == ["h2", "http/1.1"]
    assert context["tls_params"] == {"tls_minimum_protocol_version": "TLSv1_2"}


def test_clusters_are_the_same_but_for_where_pods_are():
    found = {one["name"]: one for one in documents(DEVELOPMENT)["clusters.yaml"]}
    assert found.keys() == {"authz", "task-api", "notification", "audit", "admin"}
    for expected in source("clusters.yaml"):
        one = copy.deepcopy(found[expected["name"]])
        for added in ("cluster_type", "ignore_health_on_host_removal", "outlier_detection"):
            one.pop(added, None)
        expected.pop("type")
        for cluster in (one, expected):
            address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
            address.pop("address")
        assert one == expected


def write(profile, folder):
    for name, text in rendered(profile).items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_lint_finds_no_way_round(profile, tmp_path):
    program = os.environ.get("PORTCULLIS")
    if not program:
        pytest.skip("PORTCULLIS names no program")
    envoy = tmp_path / "envoy"
    envoy.mkdir()
    write(profile, envoy)
    (envoy / "certificate.yaml").unlink(missing_ok=True)
    file = tmp_path / "policies.yaml"
    policies = [one for one in rendering.objects(profile) if one["kind"] == "ConfigMap" and one["metadata"]["name"].endswith("-policies")]
    # A profile without policies of its own uses those of own-services.
    file.write_text(policies[0]["data"]["policies.yaml"] if policies else rendering.only("portcullis--own-services", "ConfigMap", "portcullis-policies")["data"]["policies.yaml"])
    done = subprocess.run([program, "lint", "--envoy", envoy, "--policy", file, "--format", "json"], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    findings = yaml.safe_load(done.stdout)
    others = [one for one in findings if not (one["code"] in OPERATIONS_FINDINGS and "operations" in one["place"])]
    assert not others, others


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_envoy_accepts_the_files(profile, tmp_path):
    """Envoy must count no rejected update, because `--mode validate` reads only the bootstrap."""
    envoy = os.environ.get("ENVOY")
    if not envoy:
        pytest.skip("ENVOY names no program")
    import envoy_process

    write(profile, tmp_path)
    envoy_process.assert_accepted(pathlib.Path(envoy), tmp_path)
