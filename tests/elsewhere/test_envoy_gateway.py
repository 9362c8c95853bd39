"""k8s/gateways/envoy-gateway: the translation by egctl, and its behaviour in the real Envoy."""

import copy

import pytest

import certificate
import egctl
import envoy
import held
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
def example(examples, tls) -> list[dict]:
    """The example with the other objects of its cluster: two Services and the certificate."""
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
                 "spec": {"clusterIP": "127.0.0.1", "ports": [{"name": "main", "port": port}]}}
                for name, port in (("portcullis", 9000), ("orders", 8000))]
    files = [examples / "envoy-gateway" / f"{name}.yaml" for name in ("gateway", "routes", "patch")]
    return [*translation.documents(*files), *services, translation.secret("shop-tls", "shop", *tls)]


@pytest.fixture(scope="module")
def made(example, tmp_path_factory) -> egctl.Translation:
    return egctl.Translation(example, tmp_path_factory.mktemp("egctl"))


@pytest.fixture
def changed(example) -> list[dict]:
    return copy.deepcopy(example)


def test_example_has_no_problems(example, examples, tmp_path):
    assert egctl.problems(example, tmp_path, examples / "policy.yaml") == []


def test_each_route_sends_its_policy(made):
    assert made.route_policies() == {
        "orders": {"policy": "orders"}, "reports": {"policy": "reports", "removed_prefix": "/reports"}}


def test_connection_manager_is_as_strict_as_the_gateway(made, root):
    ours = envoy.hcm(translation.documents(root / "envoy/listeners.yaml")[0]["resources"][0])
    theirs = envoy.hcm(made.listeners[0])
    for field in ("common_http_protocol_options", "max_request_headers_kb", "normalize_path", "merge_slashes", "path_with_escaped_slashes_action",
                  "use_remote_address", "generate_request_id", "always_set_request_id_in_response", "request_headers_timeout",
                  "request_timeout", "stream_idle_timeout", "http2_protocol_options"):
        assert theirs[field] == ours[field], field
    assert removals(theirs) == removals(ours)
    assert counted(theirs) == counted(ours)
    for theirs_filter in envoy.http_filters(theirs, "envoy.filters.http.ext_authz"):
        ours_filter = envoy.http_filters(ours, "envoy.filters.http.ext_authz")[0]["typed_config"]
        for field in ("status_on_error", "validate_mutations", "encode_raw_headers", "decoder_header_mutation_rules"):
            assert theirs_filter["typed_config"][field] == ours_filter[field], field
        assert theirs_filter["typed_config"]["grpc_service"]["timeout"] == ours_filter["grpc_service"]["timeout"]
        # No field of a SecurityPolicy sends the retry to another instance. A version with such a field fails here.
        of_instances = {"retry_host_predicate", "host_selection_retry_max_attempts"}
        retries = {field: value for field, value in ours_filter["grpc_service"]["retry_policy"].items() if field not in of_instances}
        assert theirs_filter["typed_config"]["grpc_service"]["retry_policy"] == retries


def test_authz_cluster_has_the_limits_of_the_gateway(made, root):
    (ours,) = [entry for entry in translation.documents(root / "envoy/clusters.yaml")[0]["resources"] if entry["name"] == "authz"]
    entries = [entry for entry in made.clusters if "/extauth/" in entry["name"]]
    assert len(entries) == 2
    for theirs in entries:
        assert theirs["circuit_breakers"] == ours["circuit_breakers"]
        assert float(theirs["connect_timeout"].rstrip("s")) == float(ours["connect_timeout"].rstrip("s"))
        assert pings(theirs) == pings(ours)


def pings(cluster: dict) -> tuple[str, str]:
    (options,) = cluster["typed_extension_protocol_options"].values()
    keepalive = options["explicit_http_config"]["http2_protocol_options"]["connection_keepalive"]
    return keepalive["interval"], keepalive["timeout"]


def test_patch_closes_its_findings(changed, examples, tmp_path):
    """The settings without a field, as in docs/elsewhere.md. A version with a field for one of them fails here."""
    changed.remove(the(changed, "EnvoyPatchPolicy", "strict"))
    file = envoy.write(egctl.Translation(changed, tmp_path).static(9901), tmp_path)
    assert lint.codes(file, examples / "policy.yaml") == {
        "authorization-switchable", "mutations-not-validated", "raw-headers-not-encoded", "upgrades-enabled"}


def removals(manager: dict) -> set[tuple[str, str]]:
    """Headers that are removed early. Header names are in lower case by then, so ignore_case makes no difference."""
    (extension,) = manager["early_header_mutation_extensions"]
    found = set()
    for mutation in extension["typed_config"]["mutations"]:
        if "remove" in mutation:
            found.add(("exact", mutation["remove"]))
        elif "remove_on_match" in mutation:
            (kind, text), *_ = mutation["remove_on_match"]["key_matcher"].items()
            found.add(("regex", text["regex"]) if kind == "safe_regex" else (kind, text))
    return found


def counted(manager: dict) -> list[tuple[str, str]]:
    """Headers that are added early: the size of the client's request."""
    (extension,) = manager["early_header_mutation_extensions"]
    written = [mutation["append"] for mutation in extension["typed_config"]["mutations"] if "append" in mutation]
    assert all(entry["append_action"] == "OVERWRITE_IF_EXISTS_OR_ADD" for entry in written), "a client's value must not count"
    return [(entry["header"]["key"], entry["header"]["value"]) for entry in written]


def misspell(documents):
    extension = the(documents, "SecurityPolicy", "orders")["spec"]["extAuth"]
    extension["failOpn"] = extension.pop("failOpen")


def miss_the_route(documents):
    the(documents, "SecurityPolicy", "orders")["spec"]["targetRefs"][0]["name"] = "order"


def forget_the_policy(documents):
    documents.remove(the(documents, "SecurityPolicy", "orders"))
    documents.remove(the(documents, "SecurityPolicy", "closed"))


def name_an_unknown_policy(documents):
    the(documents, "SecurityPolicy", "orders")["spec"]["extAuth"]["contextExtensions"][0]["value"] = "order"


def fail_open(documents):
    the(documents, "SecurityPolicy", "orders")["spec"]["extAuth"]["failOpen"] = True


def patch_another_listener(documents):
    for patch in the(documents, "EnvoyPatchPolicy", "strict")["spec"]["jsonPatches"]:
        patch["name"] = "shop/shop/http"


def pass_escaped_slashes(documents):
    the(documents, "ClientTrafficPolicy", "shop")["spec"]["path"]["escapedSlashesAction"] = "KeepUnchanged"


def trust_identity_headers(documents):
    del the(documents, "ClientTrafficPolicy", "shop")["spec"]["headers"]["earlyRequestHeaders"]["removeOnMatch"][2]


@pytest.mark.parametrize(("break_it", "words"), [
    (misspell, "failOpn"), (miss_the_route, "orders: is attached to nothing"), (forget_the_policy, "sends no Checks"),
    (name_an_unknown_policy, "policy-unknown"), (fail_open, "fails open"), (patch_another_listener, "raw-headers-not-encoded"),
    (pass_escaped_slashes, "escaped-slashes-pass"), (trust_identity_headers, "identity-headers-not-removed"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_broken_example_is_reported(changed, examples, tmp_path, break_it, words):
    break_it(changed)
    found = egctl.problems(changed, tmp_path, examples / "policy.yaml")
    assert any(words in problem for problem in found), found


@pytest.fixture(scope="module")
def gateway(example, tls, authz, service, programs, tmp_path_factory) -> held.Running:
    folder = tmp_path_factory.mktemp("envoy-gateway")
    forgotten = copy.deepcopy(the(example, "HTTPRoute", "orders"))
    forgotten["metadata"]["name"] = "forgotten"
    forgotten["spec"]["rules"][0]["matches"] = [{"path": {"type": "Exact", "value": "/forgotten"}}]
    documents = [*copy.deepcopy(example), forgotten]
    the(documents, "SecurityPolicy", "orders")["spec"]["cors"] = {"allowOrigins": [ORIGIN], "allowMethods": ["GET"]}
    made = egctl.Translation(documents, folder)
    port, admin = free_port(), free_port()
    configuration = made.static(admin)
    (listener,) = configuration["static_resources"]["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    # A control plane would deliver these two.
    envoy.deliver_certificate(listener, tls)
    for cluster in configuration["static_resources"]["clusters"]:
        del cluster["eds_cluster_config"]
        envoy.set_endpoint(cluster, authz.port if "/extauth/" in cluster["name"] else service.port)
    envoy.start(programs, envoy.write(configuration, folder), admin)
    authority = folder / "authority.pem"
    authority.write_bytes(tls[0])
    return held.Running(port, authz, service, str(authority))


@pytest.mark.parametrize("expectation", held.ALL, ids=lambda expectation: expectation.__name__)
def test_the_running_gateway(gateway, expectation):
    expectation(gateway)


def test_a_route_that_was_forgotten_is_closed(gateway):
    held.a_route_that_was_forgotten_is_closed(gateway)


def test_browser_may_read_a_denial(gateway):
    answer = gateway.ask("/orders", [("origin", ORIGIN)])
    assert (answer.status, answer.headers.get("access-control-allow-origin")) == (401, ORIGIN)
    unknown = gateway.ask("/unknown", [("origin", ORIGIN)])
    assert (unknown.status, unknown.headers.get("access-control-allow-origin")) == (404, None), "docs/elsewhere.md says so"
