"""Istio's own offline tools, and what is wrong with what they made of a configuration."""

import json
import os
import pathlib
import subprocess

import yaml

import envoy
import lint
import translation

NAMESPACE, LABEL = "shop", "ingressgateway"
EXT_AUTHZ, RBAC = "envoy.filters.http.ext_authz", "envoy.filters.http.rbac"
# In Istio's build of Envoy only. They do telemetry, and choose a protocol towards the service.
ISTIO_ONLY = {"istio.metadata_exchange", "istio.alpn"}
# Istio reads the headers x-envoy-peer-metadata before the gate is asked (they are removed early), asks the gate where an
# AuthorizationPolicy says so (`asks_always` below), and opens WebSocket on the listener (each route refuses it, which is asserted).
KNOWN = ("filter-before-authorization", "authorization-switchable", "upgrades-enabled")


class Refused(Exception):
    """What Istio says to a configuration that it does not take."""


def istioctl(*arguments) -> None:
    done = subprocess.run([os.environ["ISTIOCTL"], *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Refused(done.stdout + done.stderr)


class Translation:
    """What the gateway's pods get, after istioctl had nothing to say."""

    def __init__(self, documents: list[dict], mesh: dict, folder: pathlib.Path):
        istio = [entry for entry in documents if "istio.io" in entry["apiVersion"]]
        files = {"config": istio, "kubernetes": [entry for entry in documents if entry not in istio], "mesh": [mesh]}
        for name, content in files.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(content))
        config, kubernetes, mesh_file, output = (folder / name for name in ("config.yaml", "kubernetes.yaml", "mesh.yaml", "translated.json"))
        istioctl("validate", "-f", config)
        # Without the namespace it looks at `default` alone. IST0133 says that every EnvoyFilter may break with the next version, and that the
        # DENY policy closes ports which do not speak HTTP, as it should.
        istioctl("analyze", "--use-kube=false", "--failure-threshold", "Warning", "--namespace", NAMESPACE, "--meshConfigFile", mesh_file,
                 "--suppress", f"IST0133=EnvoyFilter {NAMESPACE}/*", "--suppress", f"IST0133=AuthorizationPolicy {NAMESPACE}/nothing-else",
                 config, kubernetes)
        done = subprocess.run(
            [os.environ["ISTIO_TRANSLATE"], "-mesh", mesh_file, "-config", config, "-kubernetes", kubernetes, "-namespace", NAMESPACE,
             "-istio-label", LABEL, "-output", output], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Refused(done.stderr)
        parts = json.loads(output.read_text())
        self.listeners, self.clusters = parts["listeners"], parts["clusters"]
        self.routes = {entry["name"]: entry for entry in parts["routes"]}

    def all_routes(self) -> list[dict]:
        return [route for routes in self.routes.values() for host in routes["virtual_hosts"] for route in host.get("routes", [])]

    def route_policies(self) -> dict[str, dict | None]:
        """What each route tells the gate, by its name in the VirtualService."""
        found = {}
        for route in self.all_routes():
            settings = route.get("typed_per_filter_config", {}).get(EXT_AUTHZ)
            found[route["name"]] = settings and settings["check_settings"]["context_extensions"]
        return found

    def static(self, admin_port: int) -> dict:
        return translation.static(self.listeners, self.routes, self.clusters, admin_port)


def asks_always(manager: dict) -> bool:
    """Whether the rule that decides about asking the gate is met by every request."""
    shadows = [entry["typed_config"]["shadow_rules"]["policies"] for entry in envoy.http_filters(manager, RBAC)
               if entry["typed_config"].get("shadow_rules_stat_prefix") == "istio_ext_authz_"]
    rules = [rule for policies in shadows for rule in policies.values()]
    return any(rule["permissions"] == [{"and_rules": {"rules": [{"any": True}]}}]
               and rule["principals"] == [{"and_ids": {"ids": [{"any": True}]}}] for rule in rules)


def problems(documents: list[dict], mesh: dict, folder: pathlib.Path, policy: pathlib.Path) -> list[str]:
    """Everything that is wrong, as a reader of the examples would want to know it."""
    try:
        made = Translation(documents, mesh, folder)
    except Refused as refused:
        return [str(refused)]
    found = []
    for manager in map(envoy.hcm, made.listeners):
        if not envoy.http_filters(manager, EXT_AUTHZ) or not asks_always(manager):
            found.append("not every request is asked about")
    found += [f"{route['name']}: opens WebSocket" for route in made.all_routes()
              if {"upgrade_type": "websocket", "enabled": False} not in route["route"].get("upgrade_configs", [])]
    file = envoy.write(made.static(9901), folder)
    return found + [f"{finding['code']}: {finding}" for finding in lint.findings(file, policy, allowed=KNOWN)]
