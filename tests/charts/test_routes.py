"""Envoy reads a copy of its ConfigMap, which changes once the policies of the routes are in force."""

import json

import pytest
import rendering
import yaml

SIDECARS = [profile for profile in rendering.PROFILES if "sidecar" in profile]


def pod(profile):
    return rendering.only(profile, "Deployment", "portcullis-gateway")["spec"]["template"]["spec"]


def mounts(container):
    return {mount["name"]: mount for mount in container["volumeMounts"]}


def policies_of(routes):
    """The policies that the routes of a file name."""
    for host in yaml.safe_load(routes)["resources"][0]["virtual_hosts"]:
        for route in host["routes"]:
            (settings,) = route["typed_per_filter_config"].values()
            if "check_settings" in settings:
                yield settings["check_settings"]["context_extensions"]["policy"]


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_the_file_of_policies_names_those_of_the_routes(profile):
    data = rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"]
    named = data["policies.txt"].splitlines()
    assert named == sorted(set(policies_of(data["routes.yaml"]))) and named


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_only_the_copy_is_read_by_envoy(profile):
    """Only the two containers of `probe follow` can write the copy; Envoy cannot."""
    spec = pod(profile)
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["config-source"]["configMap"] == {"name": "portcullis-gateway"}
    assert volumes["config"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "4Mi"}
    (envoy,) = spec["containers"]
    mount = {"name": "config", "mountPath": "/etc/envoy", "readOnly": True}
    assert mounts(envoy)["config"] == mount
    assert envoy["workingDir"] == "/etc/envoy"
    writers = {}
    for container in spec["initContainers"] + spec["containers"]:
        if "config-source" in mounts(container):
            assert mounts(container)["config-source"]["readOnly"], container["name"]
        if not mounts(container).get("config", mount).get("readOnly"):
            writers[container["name"]] = "config-source" in mounts(container)
    assert writers == {"first-routes": True, "routes": True}


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_routes_are_there_before_envoy_and_followed_until_it_has_drained(profile):
    """A sidecar container ends after Envoy. An ordinary container would end first and make the pod unready."""
    containers = {container["name"]: container for container in pod(profile)["initContainers"]}
    order = [name for name in containers if name != "probe"]
    authz = ["portcullis"] if profile in SIDECARS else []
    assert order == [*authz, "first-routes", "routes"]
    first, follow = containers["first-routes"], containers["routes"]
    assert "restartPolicy" not in first and follow["restartPolicy"] == "Always"
    # A probe or a hook could block the pod's start or delay its end.
    hooks = {"lifecycle", "startupProbe", "readinessProbe", "livenessProbe"}
    assert not hooks & (first.keys() | follow.keys())
    host = "127.0.0.1" if profile in SIDECARS else "portcullis-authz.portcullis.svc.cluster.local."
    command = ["/probe", "follow", "/etc/envoy-source", "/etc/envoy", "--policies=policies.txt"]
    command += [f"--authz={host}:9104"]
    assert follow["command"] == command
    assert first["command"] == [*command, "--once", "--at-most=120s"]


def policies(profile, upstreams):
    """Returns the lines of policies.txt for the given upstreams."""
    values = ["--set", "policies.documents=,policies.configMapName=own"]
    values += ["--set-json", f"upstreams={json.dumps(upstreams)}"]
    done = rendering.template(profile, *values, "--show-only", "templates/gateway-config.yaml")
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["data"]["policies.txt"].splitlines()


def test_a_policy_of_several_routes_is_named_once():
    place = {"namespace": "shop", "selector": {"app": "shop"}, "port": 8080}
    paths = (("b", "z"), ("a", "a"), ("c", "z"))
    routes = [{"path": f"/shop/{path}", "policy": policy} for path, policy in paths]
    upstreams = [
        {"name": "shop", **place, "routes": routes},
        {"name": "bank", **place, "path": "/bank", "policy": "m"},
    ]
    assert policies("portcullis--sidecar", upstreams) == ["a", "m", "z"]


def test_without_routes_no_policy_is_waited_for():
    assert policies("portcullis--sidecar", []) == []
