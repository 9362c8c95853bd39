"""Puts a control plane's translation of an example into one file for Envoy and `portcullis lint`."""

import base64
import copy
import re

import yaml

import envoy


def snake(value):
    """Converts Protocol Buffers' JSON names to those of Envoy's documentation. Map keys stay: they have dots, slashes or no capitals."""
    if isinstance(value, dict):
        return {re.sub("([A-Z])", lambda found: "_" + found[0].lower(), key) if re.fullmatch("[a-z][A-Za-z0-9]*", key) else key: snake(entry)
                for key, entry in value.items()}
    return [snake(entry) for entry in value] if isinstance(value, list) else value


def of_type(configs: list[dict], name: str) -> dict:
    """The part of a configuration dump with this type name, such as ListenersConfigDump."""
    (found,) = [part for part in configs if part["@type"].endswith("." + name)]
    return found


def static(listeners: list[dict], routes: dict[str, dict], clusters: list[dict], admin_port: int) -> dict:
    """One static configuration, with the routes inside their listeners."""
    listeners, routes, clusters = copy.deepcopy((listeners, routes, clusters))
    for listener in listeners:
        manager = envoy.hcm(listener)
        if "rds" in manager:
            manager["route_config"] = routes[manager.pop("rds")["route_config_name"]]
            manager["route_config"].pop("@type", None)
    for part in [*listeners, *clusters]:
        part.pop("@type", None)
    # As in the bootstraps of Envoy Gateway (4294967295) and Istio (32768): Envoy's default is too low for the removal of headers.
    runtime = {"layers": [{"name": "static", "static_layer": {"re2.max_program_size.error_level": 32768}}]}
    return {"layered_runtime": runtime, "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}},
            "static_resources": {"listeners": listeners, "clusters": clusters}}


def documents(*files) -> list[dict]:
    return [document for file in files for document in yaml.safe_load_all(file.read_text()) if document]


def the(documents: list[dict], kind: str, name: str) -> dict:
    (found,) = [entry for entry in documents if (entry["kind"], entry["metadata"]["name"]) == (kind, name)]
    return found


def secret(name: str, namespace: str, certificate: bytes, key: bytes) -> dict:
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": "kubernetes.io/tls", "data": data}
