"""Runs the real Envoy with rendered files, on ports that the system chooses."""

import contextlib
import json
import os
import re
import subprocess
import time
import urllib.request

import yaml

DEADLINE = 30


@contextlib.contextmanager
def running(program, folder, **environment):
    """Runs Envoy with the files of a folder; yields its process and the file with the address of its admin port."""
    adapt(folder)
    with started(program, folder, folder, **environment) as found:
        yield found


@contextlib.contextmanager
def started(program, folder, output, **environment):
    """The same for files that need no adaptation. Log and address are in the folder `output`."""
    address = output / "admin-address"
    with (output / "log").open("w+") as log:
        process = subprocess.Popen(
            [program, "-c", "bootstrap.yaml", "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
             "--admin-address-path", str(address)],
            cwd=folder, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environment},
        )
        try:
            yield process, address
        finally:
            process.kill()
            process.wait()


def assert_accepted(program, folder):
    with running(program, folder) as (process, address):
        counters = _await_counters(process, address)
        rejected = {name: value for name, value in counters.items() if re.search(r"update_(rejected|failure)$", name) and value}
        assert not rejected, f"{rejected}\n{(folder / 'log').read_text()}"
        assert counters["listener_manager.listener_create_success"] == 2, counters
        assert "Deprecated" not in (folder / "log").read_text()


def adapt(folder):
    """Changes the files to free ports and to a certificate that exists on this machine."""
    bootstrap = yaml.safe_load((folder / "bootstrap.yaml").read_text())
    bootstrap["admin"]["address"]["socket_address"]["port_value"] = 0
    (folder / "bootstrap.yaml").write_text(yaml.safe_dump(bootstrap))
    listeners = yaml.safe_load((folder / "listeners.yaml").read_text())
    for listener in listeners["resources"]:
        listener["address"]["socket_address"].update(address="127.0.0.1", port_value=0)
        listener["address"]["socket_address"].pop("ipv4_compat", None)
    (folder / "listeners.yaml").write_text(yaml.safe_dump(listeners))
    certificate = folder / "certificate.yaml"
    if certificate.exists():
        certificate.write_text(certificate.read_text().replace("/etc/envoy-certificate", str(folder)))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=test",
             "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
            check=True, capture_output=True,
        )


def _await_counters(process, address):
    """Returns Envoy's counters once it has accepted or rejected every file."""
    until = time.monotonic() + DEADLINE
    counters = {}
    while time.monotonic() < until:
        assert process.poll() is None, "Envoy ended"
        if address.exists() and (where := address.read_text().strip()):
            counters = _counters(where)
            attempts = sum(value for name, value in counters.items() if re.search(r"(lds|rds\.gateway)\.update_attempt$", name))
            done = sum(value for name, value in counters.items() if re.search(r"(lds|rds\.gateway)\.update_(success|rejected|failure)$", name))
            if attempts >= 2 and done >= attempts:
                return counters
        time.sleep(0.05)
    raise AssertionError(f"Envoy read no listeners and routes within {DEADLINE} s: {counters}")


def _counters(where):
    stats = admin(where, "/stats?format=json")["stats"]
    return {one["name"]: one["value"] for one in stats if "name" in one}


def admin(where, path):
    with urllib.request.urlopen(f"http://{where}{path}", timeout=5) as answer:
        return json.load(answer)
