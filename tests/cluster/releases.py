"""What is installed: the development values as they are, or several replicas on a PostgreSQL."""

import json

import cluster
import yaml
from cluster import NAMESPACE, SUITE

HERE = cluster.rendering.HERE.parent / "cluster"


def install(work, *more):
    cluster.helm("install", "portcullis", SUITE, *arguments(work), *more)


def start_over():
    """An empty namespace, whatever was there."""
    cluster.remove()
    cluster.apply(cluster.namespace(NAMESPACE))


def upgrade(work, *more):
    cluster.helm("upgrade", "portcullis", SUITE, *arguments(work), *more)


def arguments(work, chart=SUITE):
    """The cluster's own keys are what dev-entra trusts the task API's service account by."""
    keys = work / "keys.json"
    keys.write_text(cluster.kubectl("get", "--raw", "/openid/v1/jwks"))
    return [
        "--namespace", NAMESPACE, "--values", chart / "values-development.yaml", "--values", HERE / "values.yaml",
        "--set-file", f"devEntra.clusterKeys={keys}", "--wait", "--timeout", "240s",
    ]


def status():
    return json.loads(cluster.helm("status", "portcullis", "--namespace", NAMESPACE, "--output", "json").stdout)["info"]["status"]


def image(containers):
    """Image and pull policy of the gateway's pods: the probe's, of their `initContainers`, or Envoy's, of their `containers`."""
    found = cluster.get("deployment", "portcullis-gateway", "--namespace", NAMESPACE)["spec"]["template"]["spec"][containers][0]
    return {key: found[key] for key in ("image", "imagePullPolicy")}


def gate():
    """The values that the chart gives to the gate."""
    return yaml.safe_load((SUITE / "values.yaml").read_text())["portcullis"]


def policies(limit):
    """The chart's policies, with another limit, such as `requests: 5, per: 60s`."""
    documents = gate()["policies"]["documents"]
    usual = "requests: 100, per: 60s"
    assert documents.count(usual) == 3
    return documents.replace(usual, limit)


def without_limits():
    """Values of the chart's policies for a load that no limit stops. The tests' callers are few."""
    return {"documents": policies("requests: 100000, per: 60s"), "callers": 100}
