"""A hook checks the policies before a release changes anything."""

import os
import subprocess

import pytest
import rendering

PROFILE = "portcullis--own-services"
FROM_MAP = ["--set", "policies.documents=", "--set", "policies.configMapName=theirs"]


def rendered(*changes):
    chart, arguments = rendering.values(PROFILE)
    done = rendering.helm("template", rendering.RELEASE, chart, "--namespace", rendering.NAMESPACE, "--kube-version", rendering.KUBERNETES, *arguments, *changes)
    assert done.returncode == 0, done.stderr
    return [one for one in rendering.yaml.safe_load_all(done.stdout) if one]


def hooks(objects):
    return {one["kind"]: one for one in objects if rendering.hook(one) == "pre-install,pre-upgrade"}


def release(objects, kind, name):
    [found] = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name and not rendering.hook(one)]
    return found


def test_checked_policies_are_the_mounted_ones():
    objects = rendered()
    checked, mounted = hooks(objects)["ConfigMap"], release(objects, "ConfigMap", "portcullis-policies")
    assert checked["data"] == mounted["data"]
    assert hooks(objects)["Pod"]["spec"]["volumes"] == [{"name": "policies", "configMap": {"name": checked["metadata"]["name"]}}]
    weights = {kind: int(one["metadata"]["annotations"]["helm.sh/hook-weight"]) for kind, one in hooks(objects).items()}
    assert weights["ConfigMap"] < weights["Pod"]


def test_config_map_of_others_is_checked_in_place():
    found = hooks(rendered(*FROM_MAP))
    assert set(found) == {"Pod"}
    assert found["Pod"]["spec"]["volumes"] == [{"name": "policies", "configMap": {"name": "theirs"}}]


def test_check_can_be_left_out():
    assert not hooks(rendered("--set", "policies.checkFirst=false"))


def test_check_and_server_count_with_the_same_memory():
    objects = rendered("--set", "authz.rateLimitMemoryMiB=77")
    server = release(objects, "Deployment", "portcullis-authz")["spec"]["template"]["spec"]["containers"][0]["args"]
    option = "--rate-limit-memory-mib=77"
    assert option in server and option in hooks(objects)["Pod"]["spec"]["containers"][0]["args"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [pytest.param("", "", 0, id="as it is"), pytest.param("scopes:", "scope:", 1, id="a typo")],
)
def test_check_says_what_is_wrong(old, new, status, tmp_path):
    objects = rendered()
    text = hooks(objects)["ConfigMap"]["data"]["policies.yaml"]
    (tmp_path / "policies.yaml").write_text(text.replace(old, new, 1) if old else text)
    [*arguments, _folder] = hooks(objects)["Pod"]["spec"]["containers"][0]["args"]
    done = subprocess.run([os.environ["PORTCULLIS"], *arguments, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert (new in done.stdout) or not new, done.stdout
