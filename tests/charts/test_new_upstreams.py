"""A new upstream and its route arrive in one change, and Envoy needs time to use the upstream."""

import copy
import http.client
import http.server
import os
import pathlib
import threading
import time

import envoy_process
import pytest
import yaml
from watched_files import await_true, files, mount, routes_of

PROFILE = "portcullis--behind-load-balancer"
NAME = "later"
# Seconds of the health check. Until it has answered, Envoy does not use a new cluster.
SLOW = 0.8
# Headers of the load balancer in front of this profile's gateway.
PROXY = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}


@pytest.fixture
def upstream():
    """Yields the port of a service with a slow health check."""

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(SLOW if self.path == "/health" else 0)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def with_a_new_upstream(before, port):
    """Returns the files with an additional cluster, and a route to it without authorization."""
    routes, clusters = (yaml.safe_load(before[f"{name}.yaml"]) for name in ("routes", "clusters"))
    all_routes = routes["resources"][0]["virtual_hosts"][0]["routes"]
    route = copy.deepcopy(next(one for one in all_routes if one["name"] == "orders"))
    without_authz = next(one for one in all_routes if one["name"] == "refuse-host")
    filters = copy.deepcopy(without_authz["typed_per_filter_config"])
    route.update(name=NAME, match={"path": "/later"}, typed_per_filter_config=filters)
    route["route"]["cluster"] = NAME
    all_routes.insert(0, route)
    cluster = copy.deepcopy(next(one for one in clusters["resources"] if one["name"] == "orders"))
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    cluster.update(name=NAME, load_assignment={"cluster_name": NAME, "endpoints": endpoints})
    check = {"timeout": "5s", "interval": "5s", "unhealthy_threshold": 1, "healthy_threshold": 1}
    cluster["health_checks"] = [{**check, "http_health_check": {"path": "/health"}}]
    clusters["resources"].append(cluster)
    changed = {"routes.yaml": yaml.safe_dump(routes), "clusters.yaml": yaml.safe_dump(clusters)}
    return {**before, **changed}


def gateway(where):
    """The port of the listener for clients."""
    listeners = envoy_process.admin(where, "/listeners?format=json")["listener_statuses"]
    (found,) = [one for one in listeners if one["name"] != "operations"]
    return found["local_address"]["socket_address"]["port_value"]


def test_new_upstream_is_a_404_until_envoy_can_use_it_and_after_it_is_gone(tmp_path, upstream):
    envoy = os.environ.get("ENVOY")
    if not envoy:
        pytest.skip("ENVOY names no program")
    target, output = tmp_path / "target", tmp_path / "output"
    target.mkdir()
    output.mkdir()
    first = files(PROFILE, tmp_path / "rendered")
    mount(target, "..1", first)
    with envoy_process.started(pathlib.Path(envoy), target, output) as (_, admin):
        listens = lambda: admin.exists() and admin.read_text().strip()
        where = await_true("Envoy's admin port", listens)
        await_true("the first routes", lambda: "orders" in routes_of(where))
        client = http.client.HTTPConnection("127.0.0.1", gateway(where))
        statuses = []

        def get():
            client.request("GET", "/later", headers=PROXY)
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
            return answer.status

        assert get() == 404
        mount(target, "..2", with_a_new_upstream(first, upstream))
        await_true("the new route", lambda: get() == 200)
        mount(target, "..3", first)
        await_true("the route is gone", lambda: get() == 404)
    assert set(statuses) == {200, 404}, statuses
