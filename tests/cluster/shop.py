"""A service that only values put behind the gateway, in a separate namespace: an Envoy that answers with the caller's object id."""

import json

import cluster
import releases
from pods import restricted_pod

NAMESPACE = "shop"
PORT = 8080
SEEN = "x-seen-user"
POLICY = """---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: orders}
spec:
  issuer: entra
  application: {{ .Values.global.entra.applications.taskApi | quote }}
  allow: [{callers: users, scopes: [access_as_user]}]
  upstream: {name: orders}
"""
UPSTREAM = {"name": "orders", "namespace": NAMESPACE, "selector": {"app": "orders"}, "port": PORT, "path": "/orders", "policy": "orders"}


def values(policies):
    """Values of the chart portcullis, with the shop in addition to the sample services."""
    return {"policies": {"documents": policies + POLICY}, "upstreams": [*releases.authz()["upstreams"], UPSTREAM]}


def start():
    container = {
        **releases.image("containers"), "name": "orders", "command": ["/usr/local/bin/envoy", "-c", "/etc/envoy/envoy.yaml"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/envoy"}],
    }
    config = {"name": "orders", "namespace": NAMESPACE}
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": config, "data": {"envoy.yaml": json.dumps(_envoy())}},
        restricted_pod("orders", NAMESPACE, container, {"app": "orders"}, volumes=[{"name": "config", "configMap": {"name": "orders"}}]),
    )


def _envoy():
    here = {"socket_address": {"address": "0.0.0.0", "port_value": PORT}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "orders",
        "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{
            "name": "orders", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "orders"}}}],
            "response_headers_to_add": [{"header": {"key": SEEN, "value": "%REQ(x-user-oid)%"}}],
        }]},
    }
    filters = [{"name": "http", "typed_config": manager}]
    return {"static_resources": {"listeners": [{"name": "http", "address": here, "filter_chains": [{"filters": filters}]}]}}
