"""A published chart needs only ids."""

import packages
import pytest
import rendering
import yaml


def test_ids_are_enough_and_images_come_from_the_registry(tmp_path):
    text = packages.rendered_from_ids(tmp_path)
    documents = [document for document in yaml.safe_load_all(text) if document]
    pods = [one["spec"]["template"]["spec"] for one in documents if one["kind"] == "Deployment"]
    images = {container["image"].rsplit(":", 1)[0] for pod in pods for container in [*pod["containers"], *pod.get("initContainers", [])]}
    own = {f"{packages.REGISTRY}/{name}" for name in ("portcullis", "probe", "task-api", "notification", "audit")}
    assert images == own | {"docker.io/envoyproxy/envoy"}
    named = {volume["secret"]["secretName"] for pod in pods for volume in pod["volumes"] if "secret" in volume}
    assert named == rendering.secrets_left_out(text), "pods need exactly the Secrets that Helm creates with access to the cluster"


def test_gateway_chart_is_published_too(tmp_path):
    assert packages.package(tmp_path).returncode == 0
    (archive,) = tmp_path.glob("portcullis-*.tgz")
    assert packages.REGISTRY in rendering.helm("show", "values", archive).stdout


@pytest.mark.parametrize("registry", ["", "no|registry"])
def test_without_a_registry_nothing_is_published(tmp_path, registry):
    done = packages.package(tmp_path, registry)
    assert done.returncode != 0 and done.stderr
    assert not list(tmp_path.iterdir())
