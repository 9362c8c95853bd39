"""`probe follow` and the real Envoy on a shared volume, as in the gateway's pods."""

import http.server
import json
import os
import pathlib
import subprocess
import threading
import time

import envoy_process
import pytest
import yaml
from watched_files import await_true, files, mount, routes_of

PROFILE = "portcullis--own-services"
POLICY = "later"


@pytest.fixture
def authz():
    """A server with the metrics of an authz server: yields its mutable set of policies in force, and its port."""
    policies = set()

    class Metrics(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            lines = [f'portcullis_policy_in_force{{policy="{name}"}} 1\n' for name in policies]
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write("".join(lines).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield policies, server.server_address[1]
        server.shutdown()


def with_a_new_route(before):
    """Returns the files with an additional route under a new policy."""
    routes = yaml.safe_load(before["routes.yaml"])
    all_routes = routes["resources"][0]["virtual_hosts"][0]["routes"]
    # A deep copy, because shared objects would become YAML anchors.
    route = json.loads(json.dumps(next(one for one in all_routes if one["name"] == "orders")))
    route.update(name=POLICY, match={"path": "/later"})
    settings = route["typed_per_filter_config"]["envoy.filters.http.ext_authz"]["check_settings"]
    settings["context_extensions"]["policy"] = POLICY
    all_routes.insert(0, route)
    names = f"{POLICY}\n{before['policies.txt']}"
    return {**before, "routes.yaml": yaml.safe_dump(routes), "policies.txt": names}


def test_envoy_takes_a_new_route_when_its_policy_is_in_force(tmp_path, authz):
    envoy, portcullis = os.environ.get("ENVOY"), os.environ.get("PORTCULLIS")
    if not (envoy and portcullis):
        pytest.skip("ENVOY or PORTCULLIS, in whose folder the probe is, names no program")
    probe = pathlib.Path(portcullis).with_name("probe")
    policies, port = authz
    source, target, output = tmp_path / "source", tmp_path / "target", tmp_path / "output"
    for folder in (source, target, output):
        folder.mkdir()
    first = files(PROFILE, tmp_path / "rendered")
    mount(source, "..1", first)
    policies.update(first["policies.txt"].split())
    address = f"127.0.0.1:{port}"
    command = [probe, "follow", source, target, "--policies=policies.txt", f"--authz={address}"]
    subprocess.run([*command, "--once"], check=True, timeout=20)

    log = output / "follow-log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out) as follow:
        try:
            with envoy_process.started(pathlib.Path(envoy), target, output) as (process, admin):
                listens = lambda: admin.exists() and admin.read_text().strip()
                where = await_true("Envoy's admin port", listens)
                await_true("the first routes", lambda: "orders" in routes_of(where))
                mount(source, "..2", with_a_new_route(first))
                lacks = f"{address} lacks {POLICY}"
                await_true("the log names it", lambda: lacks in log.read_text())
                time.sleep(2)
                assert POLICY not in routes_of(where)
                policies.add(POLICY)
                await_true("the new route", lambda: {POLICY, "orders"} <= routes_of(where))
                assert process.poll() is None
            follow.terminate()
            assert follow.wait(timeout=1) == 0
        finally:
            follow.kill()
    assert "rejected" not in (output / "log").read_text()
