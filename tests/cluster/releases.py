"""Installs and upgrades the release of a test."""

import json

import cluster
import yaml
from cluster import NAMESPACE, SUITE

HERE = cluster.rendering.HERE.parent / "cluster"


def install(work, *more):
    cluster.helm("install", "portcullis", SUITE, *arguments(work), *more)


def start_over():
    """Leaves an empty namespace, whatever it held."""
    cluster.remove()
    cluster.apply(cluster.namespace(NAMESPACE))


def upgrade(work, *more):
    cluster.helm("upgrade", "portcullis", SUITE, *arguments(work), *more)


def arguments(work, chart=SUITE):
    """Helm's arguments. By the cluster's own keys, dev-entra trusts the task API's service account."""
    keys = work / "keys.json"
    keys.write_text(cluster.kubectl("get", "--raw", "/openid/v1/jwks"))
    return [
        "--namespace", NAMESPACE, "--values", chart / "values-development.yaml", "--values", HERE / "values.yaml",
        "--set-file", f"devEntra.clusterKeys={keys}", "--wait", "--timeout", "240s",
    ]


def status():
    return json.loads(cluster.helm("status", "portcullis", "--namespace", NAMESPACE, "--output", "json").stdout)["info"]["status"]


def image(containers):
    """Image and pull policy of the gateway's pods: the probe's for `initContainers`, Envoy's for `containers`."""
    found = cluster.get("deployment", "portcullis-gateway", "--namespace", NAMESPACE)["spec"]["template"]["spec"][containers][0]
    return {key: found[key] for key in ("image", "imagePullPolicy")}


def authz():
    """The values of task-suite for the chart portcullis."""
    return yaml.safe_load((SUITE / "values.yaml").read_text())["portcullis"]


def policies(limit):
    """The chart's policies with another rate limit, such as `requests: 5, per: 60s`."""
    documents = authz()["policies"]["documents"]
    default = "requests: 100, per: 60s"
    assert documents.count(default) == 3
    return documents.replace(default, limit)


def without_limits():
    """Policy values whose rate limits admit the load. The tests have few callers."""
    return {"documents": policies("requests: 100000, per: 60s"), "callers": 100}
