"""Translates a configuration by Envoy Gateway's own offline tool and lists problems of the result."""

import json
import os
import pathlib
import subprocess

import yaml

import envoy
import lint
import translation


def run(*arguments, documents: list[dict], folder: pathlib.Path) -> subprocess.CompletedProcess:
    file = folder / "input.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    return subprocess.run([os.environ["EGCTL"], "experimental", *arguments, "-f", file], capture_output=True, text=True, timeout=120)


class Rejected(Exception):
    """The error of egctl for a configuration that it does not translate."""


class Translation:
    def __init__(self, documents: list[dict], folder: pathlib.Path):
        # Translation begins with the step of `egctl experimental validate`, whose own exit code is 0 even for errors.
        done = run("translate", "--from", "gateway-api", "--to", "gateway-api,xds", "-o", "json", documents=documents, folder=folder)
        if done.returncode != 0:
            raise Rejected(done.stderr)
        whole = json.loads(done.stdout)
        ((configs,),) = [dump.values() for dump in whole.pop("xds").values()]
        self._objects = [entry for value in whole.values() for entry in (value if isinstance(value, list) else [value])]
        configs = translation.snake(configs)
        part = translation.of_type
        listeners = [entry["active_state"]["listener"] for entry in part(configs, "ListenersConfigDump")["dynamic_listeners"]]
        # Envoy Gateway's own listener is for kubelet.
        self.listeners = [entry for entry in listeners if not entry["name"].startswith("envoy-gateway-proxy-ready")]
        self.routes = {entry["route_config"]["name"]: entry["route_config"]
                       for entry in part(configs, "RoutesConfigDump")["dynamic_route_configs"]}
        self.clusters = [entry["cluster"] for entry in part(configs, "ClustersConfigDump")["dynamic_active_clusters"]]

    def not_accepted(self) -> list[str]:
        """The objects that Envoy Gateway does not accept, each with the reason."""
        problems = []
        for entry in self._objects:
            status = entry.get("status") or {}
            places = [place for part in ("ancestors", "parents", "listeners") for place in status.get(part) or []]
            places += [status] if "conditions" in status else []
            conditions = [condition for place in places for condition in place["conditions"]]
            name = f"{entry['kind']} {entry['metadata']['name']}" if "kind" in entry else entry["metadata"]["name"]
            if not conditions:
                problems.append(f"{name}: is attached to nothing")
            problems += [f"{name}: {condition['message']}" for condition in conditions
                         if condition["status"] == "False" or condition["reason"] in ("Invalid", "TargetNotFound")]
        return problems

    def static(self, admin_port: int) -> dict:
        return translation.static(self.listeners, self.routes, self.clusters, admin_port)

    def route_policies(self) -> dict[str, dict | None]:
        """Context extensions of each route's Checks, by the name of its HTTPRoute; None for a route without Checks."""
        found = {}
        for routes in self.routes.values():
            for route in [route for host in routes["virtual_hosts"] for route in host["routes"]]:
                entries = [entry for name, entry in route.get("typed_per_filter_config", {}).items() if "ext_authz" in name]
                found[route["name"].split("/")[2]] = entries[0]["check_settings"].get("context_extensions", {}) if entries else None
        return found


def problems(documents: list[dict], folder: pathlib.Path, policy: pathlib.Path) -> list[str]:
    """All problems of the configuration, as readable strings."""
    try:
        made = Translation(documents, folder)
    except Rejected as rejected:
        return [str(rejected)]
    found = made.not_accepted()
    found += [f"{route}: sends no Checks" for route, extensions in made.route_policies().items() if extensions is None]
    for manager in map(envoy.hcm, made.listeners):
        for entry in envoy.http_filters(manager, "envoy.filters.http.ext_authz"):
            if entry["typed_config"].get("failure_mode_allow"):
                found.append(f"{entry['name']}: fails open")
    file = envoy.write(made.static(9901), folder)
    # Envoy Gateway's filters are off until a route turns them on. The SecurityPolicy `closed` turns them on, which is asserted above.
    found += [f"{finding['code']}: {finding}" for finding in lint.findings(file, policy, allowed=("authorization-switchable",))]
    return found
