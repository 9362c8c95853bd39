"""Translates a configuration by Istio's own offline tools and lists problems of the result."""

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
# Filters that only Istio's build of Envoy has, for telemetry and for the protocol of the service.
ISTIO_ONLY = {"istio.metadata_exchange", "istio.alpn"}
# Findings that are expected. Istio reads x-envoy-peer-metadata headers before the Check (they are removed early), sends Checks as its
# AuthorizationPolicy says (`checks_always` below), and allows WebSocket on the listener (each route disables it, which is asserted).
KNOWN = ("filter-before-authorization", "authorization-switchable", "upgrades-enabled")


class Rejected(Exception):
    """The error of Istio's tools for a configuration that they do not accept."""


def istioctl(*arguments) -> None:
    done = subprocess.run([os.environ["ISTIOCTL"], *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Rejected(done.stdout + done.stderr)


class Translation:
    """The configuration that the gateway's pods get, once istioctl reports no problems."""

    def __init__(self, documents: list[dict], mesh: dict, folder: pathlib.Path):
        istio = [entry for entry in documents if "istio.io" in entry["apiVersion"]]
        files = {"config": istio, "kubernetes": [entry for entry in documents if entry not in istio], "mesh": [mesh]}
        for name, content in files.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(content))
        config, kubernetes, mesh_file, output = (folder / name for name in ("config.yaml", "kubernetes.yaml", "mesh.yaml", "translated.json"))
        istioctl("validate", "-f", config)
        # Without --namespace it analyzes only `default`. IST0133 says that every EnvoyFilter may break with the next version, and that the
        # DENY policy closes ports that do not speak HTTP, which is intended.
        istioctl("analyze", "--use-kube=false", "--failure-threshold", "Warning", "--namespace", NAMESPACE, "--meshConfigFile", mesh_file,
                 "--suppress", f"IST0133=EnvoyFilter {NAMESPACE}/*", "--suppress", f"IST0133=AuthorizationPolicy {NAMESPACE}/nothing-else",
                 config, kubernetes)
        done = subprocess.run(
            [os.environ["ISTIO_TRANSLATE"], "-mesh", mesh_file, "-config", config, "-kubernetes", kubernetes, "-namespace", NAMESPACE,
             "-istio-label", LABEL, "-output", output], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Rejected(done.stderr)
        parts = json.loads(output.read_text())
        self.listeners, self.clusters = parts["listeners"], parts["clusters"]
        self.routes = {entry["name"]: entry for entry in parts["routes"]}

    def all_routes(self) -> list[dict]:
        return [route for routes in self.routes.values() for host in routes["virtual_hosts"] for route in host.get("routes", [])]

    def route_policies(self) -> dict[str, dict | None]:
        """Context extensions of each route's Checks, by its name in the VirtualService."""
        found = {}
        for route in self.all_routes():
            settings = route.get("typed_per_filter_config", {}).get(EXT_AUTHZ)
            found[route["name"]] = settings and settings["check_settings"]["context_extensions"]
        return found

    def static(self, admin_port: int) -> dict:
        return translation.static(self.listeners, self.routes, self.clusters, admin_port)


def checks_always(manager: dict) -> bool:
    """Whether every request matches the rule that triggers a Check."""
    shadows = [entry["typed_config"]["shadow_rules"]["policies"] for entry in envoy.http_filters(manager, RBAC)
               if entry["typed_config"].get("shadow_rules_stat_prefix") == "istio_ext_authz_"]
    rules = [rule for policies in shadows for rule in policies.values()]
    return any(rule["permissions"] == [{"and_rules": {"rules": [{"any": True}]}}]
               and rule["principals"] == [{"and_ids": {"ids": [{"any": True}]}}] for rule in rules)


def problems(documents: list[dict], mesh: dict, folder: pathlib.Path, policy: pathlib.Path) -> list[str]:
    """All problems of the configuration, as readable strings."""
    try:
        made = Translation(documents, mesh, folder)
    except Rejected as rejected:
        return [str(rejected)]
    found = []
    for manager in map(envoy.hcm, made.listeners):
        if not envoy.http_filters(manager, EXT_AUTHZ) or not checks_always(manager):
            found.append("not every request is checked")
    found += [f"{route['name']}: allows WebSocket" for route in made.all_routes()
              if {"upgrade_type": "websocket", "enabled": False} not in route["route"].get("upgrade_configs", [])]
    file = envoy.write(made.static(9901), folder)
    return found + [f"{finding['code']}: {finding}" for finding in lint.findings(file, policy, allowed=KNOWN)]
