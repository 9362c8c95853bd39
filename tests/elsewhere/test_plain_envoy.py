"""k8s/gateways/plain-envoy: as strict as envoy/, in its configuration and in its answers."""

import copy

import pytest
import yaml

import envoy
import held
import lint
from programs import free_port

EXT_AUTHZ = "envoy.filters.http.ext_authz"
# Fields of the connection manager: limits of a request, and headers to remove.
STRICT = ("early_header_mutation_extensions", "common_http_protocol_options", "max_request_headers_kb", "normalize_path", "merge_slashes",
          "path_with_escaped_slashes_action", "use_remote_address", "xff_num_trusted_hops", "generate_request_id",
          "always_set_request_id_in_response", "request_headers_timeout", "request_timeout", "stream_idle_timeout", "http2_protocol_options")


@pytest.fixture(scope="module")
def example(examples) -> dict:
    return yaml.safe_load((examples / "plain-envoy/envoy.yaml").read_text())


def test_example_is_as_strict_as_the_gateway(example, root):
    ours = envoy.hcm(yaml.safe_load((root / "envoy/listeners.yaml").read_text())["resources"][0])
    theirs = envoy.hcm(example["static_resources"]["listeners"][0])
    for field in STRICT:
        assert theirs[field] == ours[field], field
    assert envoy.http_filters(theirs, EXT_AUTHZ) == envoy.http_filters(ours, EXT_AUTHZ)
    assert theirs["http_filters"][-2]["name"] == EXT_AUTHZ, "nothing between the authz server and the router"


def test_envoy_accepts_the_example(examples):
    done = envoy.validate(examples / "plain-envoy/envoy.yaml")
    assert done.returncode == 0, done.stderr


def test_lint_finds_nothing(examples):
    assert lint.findings(examples / "plain-envoy/envoy.yaml", examples / "policy.yaml") == []


@pytest.mark.parametrize(("text", "instead", "code"), [
    ("policy: reports", "policy: report", "policy-unknown"),
    ("check_settings: {context_extensions: {policy: orders}}", "disabled: true", "authorization-disabled"),
    ("removed_prefix: /reports", "removed_prefix: /report", "removed-prefix-wrong"),
    ("failure_mode_allow: false", "failure_mode_allow: true", "authorization-fails-open"),
    ("prefix: x-portcullis-", "prefix: x-portculis-", "identity-headers-not-removed"),
    ("encode_raw_headers: true", "encode_raw_headers: false", "raw-headers-not-encoded"),
    ("path_with_escaped_slashes_action: REJECT_REQUEST", "path_with_escaped_slashes_action: KEEP_UNCHANGED", "escaped-slashes-pass"),
])
def test_lint_finds_each_break(examples, tmp_path, text, instead, code):
    whole = (examples / "plain-envoy/envoy.yaml").read_text()
    assert text in whole
    broken = tmp_path / "envoy.yaml"
    broken.write_text(whole.replace(text, instead))
    assert code in lint.codes(broken, examples / "policy.yaml")


def test_envoy_rejects_a_misspelt_field(examples, tmp_path):
    broken = tmp_path / "envoy.yaml"
    broken.write_text((examples / "plain-envoy/envoy.yaml").read_text().replace("failure_mode_allow:", "failure_mode_alow:"))
    done = envoy.validate(broken)
    assert done.returncode != 0
    assert "failure_mode_alow" in done.stderr


@pytest.fixture(scope="module")
def gateway(example, authz, service, programs, tmp_path_factory) -> held.Running:
    configuration = copy.deepcopy(example)
    port, admin = free_port(), free_port()
    configuration["admin"]["address"]["socket_address"]["port_value"] = admin
    configuration["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = port
    envoy.set_endpoint(envoy.clusters(configuration)["authz"], authz.port)
    envoy.set_endpoint(envoy.clusters(configuration)["orders"], service.port)
    envoy.start(programs, envoy.write(configuration, tmp_path_factory.mktemp("envoy")), admin)
    return held.Running(port, authz, service, rare_method=405)


@pytest.mark.parametrize("expectation", held.ALL, ids=lambda expectation: expectation.__name__)
def test_the_running_gateway(gateway, expectation):
    expectation(gateway)
