"""k8s/gateways/istio: the translation by Istio, and its behaviour in the real Envoy."""

import copy

import pytest
import yaml

import certificate
import envoy
import held
import istio
import lint
import translation
from programs import free_port
from translation import the

HOST = "shop.example.com"
ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def tls() -> tuple[bytes, bytes]:
    return certificate.self_signed(HOST)


@pytest.fixture(scope="module")
def mesh(examples) -> dict:
    return yaml.safe_load((examples / "istio/mesh.yaml").read_text())


@pytest.fixture(scope="module")
def example(examples, tls) -> list[dict]:
    """The example with the other objects of its cluster: two Services and the certificate."""
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": istio.NAMESPACE},
                 "spec": {"clusterIP": f"10.0.0.{last}", "ports": [{"name": protocol, "port": port}]}}
                for name, protocol, port, last in (("portcullis", "grpc", 9000, 1), ("orders", "http", 8000, 2))]
    files = [examples / "istio" / f"{name}.yaml" for name in ("gateway", "authorization", "envoy-filters")]
    return [*translation.documents(*files), *services, translation.secret("shop-tls", istio.NAMESPACE, *tls)]


@pytest.fixture(scope="module")
def made(example, mesh, tmp_path_factory) -> istio.Translation:
    return istio.Translation(example, mesh, tmp_path_factory.mktemp("istio"))


def test_example_has_no_problems(example, mesh, examples, tmp_path):
    assert istio.problems(example, mesh, tmp_path, examples / "policy.yaml") == []


def test_each_route_sends_its_policy(made):
    assert made.route_policies() == {
        "orders": {"policy": "orders"}, "reports": {"policy": "reports", "removed_prefix": "/reports"}}


def test_connection_manager_is_as_strict_as_the_gateway(made, root):
    ours = envoy.hcm(translation.documents(root / "envoy/listeners.yaml")[0]["resources"][0])
    theirs = envoy.hcm(made.listeners[0])
    for field in ("early_header_mutation_extensions", "common_http_protocol_options", "max_request_headers_kb", "normalize_path",
                  "merge_slashes", "path_with_escaped_slashes_action", "use_remote_address", "always_set_request_id_in_response",
                  "request_headers_timeout", "request_timeout", "stream_idle_timeout", "http2_protocol_options"):
        assert theirs[field] == ours[field], field
    assert not theirs.get("xff_num_trusted_hops")
    (theirs_filter,) = envoy.http_filters(theirs, istio.EXT_AUTHZ)
    (ours_filter,) = envoy.http_filters(ours, istio.EXT_AUTHZ)
    for field in ("status_on_error", "validate_mutations", "encode_raw_headers", "decoder_header_mutation_rules", "allowed_headers"):
        assert theirs_filter["typed_config"][field] == ours_filter["typed_config"][field], field
    theirs_service, ours_service = theirs_filter["typed_config"]["grpc_service"], ours_filter["typed_config"]["grpc_service"]
    assert theirs_service["timeout"] == ours_service["timeout"]
    # A 64-bit number is a string in protobuf's JSON.
    theirs_retries, ours_retries = theirs_service["retry_policy"], dict(ours_service["retry_policy"])
    ours_retries["host_selection_retry_max_attempts"] = str(ours_retries["host_selection_retry_max_attempts"])
    assert theirs_retries == ours_retries
    assert not theirs_filter["typed_config"].get("failure_mode_allow")


def test_authz_cluster_has_the_limits_of_the_gateway(made, root):
    (ours,) = [entry for entry in translation.documents(root / "envoy/clusters.yaml")[0]["resources"] if entry["name"] == "authz"]
    (theirs,) = [entry for entry in made.clusters if "portcullis" in entry["name"]]
    assert float(theirs["connect_timeout"].rstrip("s")) == float(ours["connect_timeout"].rstrip("s"))
    options = [entry["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] for entry in (theirs, ours)]
    keepalives = [entry["explicit_http_config"]["http2_protocol_options"]["connection_keepalive"] for entry in options]
    assert keepalives[0] == keepalives[1]


def test_filters_close_their_findings(example, mesh, examples, tmp_path):
    """The settings without a field, as in docs/elsewhere.md. A version with a field for one of them fails here."""
    documents = [entry for entry in example if entry["kind"] != "EnvoyFilter"]
    made = istio.Translation(documents, mesh, tmp_path)
    assert made.route_policies() == {"orders": None, "reports": None}
    file = envoy.write(made.static(9901), tmp_path)
    assert lint.codes(file, examples / "policy.yaml") == {
        "authorization-switchable", "client-address-believed", "escaped-slashes-pass", "filter-before-authorization",
        "identity-headers-not-removed", "instructions-not-removed", "mutations-not-validated", "policy-without-route",
        "raw-headers-not-encoded", "request-id-not-removed", "route-without-policy", "underscores-pass", "upgrades-enabled"}


def misspell(documents, _):
    gateway = the(documents, "Gateway", "shop")["spec"]["servers"][0]["tls"]
    gateway["credentialNam"] = gateway.pop("credentialName")


def misspell_in_the_mesh(_, mesh):
    provider = mesh["extensionProviders"][0]["envoyExtAuthzGrpc"]
    provider["failOpn"] = provider.pop("failOpen")


def miss_the_gateway(documents, _):
    the(documents, "VirtualService", "shop")["spec"]["gateways"] = ["shp"]


def miss_the_route(documents, _):
    patch = the(documents, "EnvoyFilter", "portcullis-policies")["spec"]["configPatches"][0]
    patch["match"]["routeConfiguration"]["vhost"]["route"]["name"] = "order"


def name_an_unknown_policy(documents, _):
    patch = the(documents, "EnvoyFilter", "portcullis-policies")["spec"]["configPatches"][0]
    patch["patch"]["value"]["typed_per_filter_config"][istio.EXT_AUTHZ]["check_settings"]["context_extensions"]["policy"] = "order"


def name_an_unknown_provider(documents, _):
    the(documents, "AuthorizationPolicy", "ask-portcullis")["spec"]["provider"]["name"] = "portculis"


def check_only_some_paths(documents, _):
    the(documents, "AuthorizationPolicy", "ask-portcullis")["spec"]["rules"] = [{"to": [{"operation": {"paths": ["/orders"]}}]}]


def check_nothing(documents, _):
    documents.remove(the(documents, "AuthorizationPolicy", "ask-portcullis"))


def fail_open(_, mesh):
    mesh["extensionProviders"][0]["envoyExtAuthzGrpc"]["failOpen"] = True


def patch_no_filter(documents, _):
    patch = the(documents, "EnvoyFilter", "portcullis-strict")["spec"]["configPatches"][0]
    patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"] = "envoy.filters.http.extauthz"


def leave_websocket(documents, _):
    del the(documents, "EnvoyFilter", "portcullis-policies")["spec"]["configPatches"][2]


@pytest.mark.parametrize(("break_it", "words"), [
    (misspell, "credentialNam"), (misspell_in_the_mesh, "failOpn"), (miss_the_gateway, "IST0101"), (miss_the_route, "route-without-policy"),
    (name_an_unknown_policy, "policy-unknown"), (name_an_unknown_provider, "not every request is checked"),
    (check_only_some_paths, "not every request is checked"), (check_nothing, "not every request is checked"),
    (fail_open, "authorization-fails-open"), (patch_no_filter, "raw-headers-not-encoded"), (leave_websocket, "allows WebSocket"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_broken_example_is_reported(example, mesh, examples, tmp_path, break_it, words):
    documents, changed_mesh = copy.deepcopy(example), copy.deepcopy(mesh)
    break_it(documents, changed_mesh)
    found = istio.problems(documents, changed_mesh, tmp_path, examples / "policy.yaml")
    assert any(words in problem for problem in found), found


@pytest.fixture(scope="module")
def gateway(example, mesh, tls, authz, service, programs, tmp_path_factory) -> held.Running:
    folder = tmp_path_factory.mktemp("istio")
    documents = copy.deepcopy(example)
    routes = the(documents, "VirtualService", "shop")["spec"]["http"]
    routes[0]["corsPolicy"] = {"allowOrigins": [{"exact": ORIGIN}], "allowMethods": ["GET"]}
    routes.append({**routes[0], "name": "forgotten", "match": [{"uri": {"exact": "/forgotten"}}]})
    made = istio.Translation(documents, mesh, folder)
    port, admin = free_port(), free_port()
    configuration = made.static(admin)
    (listener,) = configuration["static_resources"]["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    manager = envoy.hcm(listener)
    names = {entry["name"] for entry in manager["http_filters"]}
    assert names >= istio.ISTIO_ONLY
    manager["http_filters"] = [entry for entry in manager["http_filters"] if entry["name"] not in istio.ISTIO_ONLY]
    # A control plane would deliver the certificate, and the addresses of the services.
    envoy.deliver_certificate(listener, tls)
    clusters = [cluster for cluster in configuration["static_resources"]["clusters"] if cluster["name"].startswith("outbound|")]
    configuration["static_resources"]["clusters"] = clusters
    for cluster in clusters:
        for field in ("eds_cluster_config", "transport_socket_matches", "filters"):
            cluster.pop(field, None)
        envoy.set_endpoint(cluster, authz.port if "portcullis" in cluster["name"] else service.port)
    envoy.start(programs, envoy.write(configuration, folder), admin)
    authority = folder / "authority.pem"
    authority.write_bytes(tls[0])
    # A request without a route meets the DENY policy first.
    return held.Running(port, authz, service, str(authority), unknown=403, rare_method=403)


@pytest.mark.parametrize("expectation", held.ALL, ids=lambda expectation: expectation.__name__)
def test_the_running_gateway(gateway, expectation):
    expectation(gateway)


def test_a_route_that_was_forgotten_is_closed(gateway):
    held.a_route_that_was_forgotten_is_closed(gateway)


def test_browser_cannot_read_a_denial(gateway):
    """The CORS filter comes after authorization, as docs/elsewhere.md says."""
    answer = gateway.ask("/orders", [("origin", ORIGIN)])
    assert (answer.status, answer.headers.get("access-control-allow-origin")) == (401, None)
    allowed = gateway.ask("/orders", [("origin", ORIGIN), *held.bearer(gateway, "orders.read")])
    assert (allowed.status, allowed.headers.get("access-control-allow-origin")) == (200, ORIGIN)
