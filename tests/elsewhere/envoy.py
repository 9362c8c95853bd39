"""Runs the real Envoy with the configuration of an example, on free ports."""

import json
import os
import pathlib
import subprocess

from programs import Programs, answers


def clusters(configuration: dict) -> dict[str, dict]:
    return {cluster["name"]: cluster for cluster in configuration["static_resources"]["clusters"]}


def hcm(listener: dict) -> dict:
    """The HTTP connection manager of a listener, in its filter chains or its default filter chain."""
    chains = listener.get("filter_chains") or [listener["default_filter_chain"]]
    (manager,) = [entry["typed_config"] for chain in chains for entry in chain["filters"]
                  if entry["name"] == "envoy.filters.network.http_connection_manager"]
    return manager


def http_filters(manager: dict, name: str) -> list[dict]:
    return [entry for entry in manager["http_filters"] if entry["name"].split("/")[0] == name]


def set_endpoint(cluster: dict, port: int) -> None:
    """Points the only endpoint of a cluster at a port of this machine."""
    cluster["type"] = "STATIC"
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    cluster["load_assignment"] = {"cluster_name": cluster["name"], "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def deliver_certificate(listener: dict, tls: tuple[bytes, bytes]) -> None:
    """Puts certificate and key into the listener, in place of the reference to a control plane."""
    context = listener["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    del context["tls_certificate_sds_secret_configs"]
    certificate, key = tls
    context["tls_certificates"] = [{"certificate_chain": {"inline_string": certificate.decode()}, "private_key": {"inline_string": key.decode()}}]


def write(configuration: dict, folder: pathlib.Path) -> pathlib.Path:
    # Envoy chooses the format by the file's extension.
    file = folder / "envoy.json"
    file.write_text(json.dumps(configuration, indent=1))
    return file


def validate(file: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([os.environ["ENVOY"], "--mode", "validate", "-c", file], capture_output=True, text=True, timeout=60)


def start(programs: Programs, file: pathlib.Path, admin_port: int) -> None:
    programs.start("envoy", [os.environ["ENVOY"], "-c", file, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"],
                   answers(f"http://127.0.0.1:{admin_port}/ready"))
