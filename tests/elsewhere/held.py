"""Expectations for every gateway in front of the authz server, tested on a running one."""

import dataclasses

from client import Answer, ask
from authz_server import AuthzServer
from service import Service

SPOOFED = [("x-user-oid", "mallory"), ("X-Tenant-Id", "evil"), ("x-user-new", "mallory"), ("x-portcullis-assertion", "forged"),
           ("x.user.oid", "mallory-by-dots"), ("client-cert", "mallory-by-certificate"), ("X-MS-CLIENT-PRINCIPAL-NAME", "mallory-by-azure"),
           ("x-envoy-original-path", "/reports/monthly"), ("x-original-url", "/reports/monthly"), ("x-forwarded-email", "mallory@example.com")]


@dataclasses.dataclass
class Running:
    port: int
    authz: AuthzServer
    service: Service
    # File of certificates to trust, if it listens with TLS.
    authority: str | None = None
    # Status for a path without a route, and for a rare method.
    unknown: int = 404
    rare_method: int = 404

    def ask(self, path: str, headers=(), method: str = "GET", **others) -> Answer:
        return ask(self.port, path, headers, method, authority=self.authority, **others)


def bearer(gateway: Running, scope: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {gateway.authz.token(scope)}")]


def requests_without_a_token_get_401(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders")
    assert answer.status == 401, answer
    assert answer.problem()["reason"] == "token_missing"
    assert answer.headers["www-authenticate"].startswith("Bearer"), answer
    assert len(gateway.service.requests) == before, "the service got the request"


def good_token_passes_without_spoofed_headers(gateway: Running) -> None:
    answer = gateway.ask("/orders", bearer(gateway, "orders.read") + SPOOFED)
    assert answer.status == 200, answer
    _, path, headers = gateway.service.requests[-1]
    assert path == "/orders"
    values = [value for _, value in headers]
    assert not {value for _, value in SPOOFED} & set(values), headers
    assert [value for name, value in headers if name == "x-user-oid"] == ["alice"], headers
    assert [value for name, value in headers if name == "x-portcullis-assertion" and value.count(".") == 2], headers


def too_many_headers_are_denied_and_the_limit_passes(gateway: Running) -> None:
    token = bearer(gateway, "orders.read")
    # The client adds at most six headers, such as accept-encoding.
    for count, status in ((55, 200), (66, 431)):
        before = len(gateway.service.requests)
        answer = gateway.ask("/orders", [*token, *((f"x-f{number}", "v") for number in range(count))])
        assert answer.status == status, f"{count} headers: {answer}"
        assert (len(gateway.service.requests) > before) == (status == 200), f"{count} headers"
    assert answer.problem()["reason"] == "headers_too_large"
    assert "x-gateway-request-size" not in {name.lower() for name, _ in gateway.service.requests[-1][2]}


def each_route_has_its_own_policy(gateway: Running) -> None:
    assert gateway.ask("/reports/monthly", bearer(gateway, "orders.read")).status == 403
    assert gateway.ask("/orders", bearer(gateway, "reports.read")).status == 403
    assert gateway.ask("/orders", bearer(gateway, "orders.read"), method="POST").status == 403
    answer = gateway.ask("/reports/monthly", bearer(gateway, "reports.read"))
    assert answer.status == 200, answer
    assert gateway.service.requests[-1][1] == "/monthly", "the service knows it without the prefix"


def ambiguous_requests_are_rejected(gateway: Running) -> None:
    token = bearer(gateway, "orders.read")
    before = len(gateway.service.requests)
    assert gateway.ask("/orders", [*token, ("x_user_oid", "mallory")]).status == 400
    for path in ("/orders%2f..%2freports", "/orders%5cx", "/orders/..%2freports/monthly"):
        assert gateway.ask(path, token).status == 400, path
    assert len(gateway.service.requests) == before, "the service got the request"


def paths_without_a_route_are_denied(gateway: Running) -> None:
    before = len(gateway.service.requests)
    for path in ("/health", "/orders/1", "/"):
        assert gateway.ask(path, bearer(gateway, "orders.read")).status == gateway.unknown, path
    assert len(gateway.service.requests) == before, "the service got the request"


def rare_methods_are_denied(gateway: Running) -> None:
    before = len(gateway.service.requests)
    for method in ("TRACE", "PROPFIND"):
        answer = gateway.ask("/orders", bearer(gateway, "orders.read"), method=method)
        assert answer.status == gateway.rare_method, answer
    assert len(gateway.service.requests) == before, "the service got the request"


def no_tunnel_is_opened(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders", [*bearer(gateway, "orders.read"), ("upgrade", "websocket")], connection_header="close, upgrade")
    assert answer.status == 403, answer
    assert len(gateway.service.requests) == before, "the service got the request"


def two_host_lines_are_denied(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders", [*bearer(gateway, "orders.read"), ("host", "admin.example.com")])
    assert answer.status in (400, 403, 404), answer
    assert len(gateway.service.requests) == before, "the service got the request"


def token_that_is_not_utf8_is_denied(gateway: Running) -> None:
    answer = gateway.ask("/orders", [("authorization", "Bearer \xff\xfe")])
    assert answer.status in (400, 401), answer


def requests_without_the_authz_server_get_503(gateway: Running) -> None:
    gateway.authz.stop()
    try:
        before = len(gateway.service.requests)
        answer = gateway.ask("/orders", bearer(gateway, "orders.read"))
        assert answer.status == 503, answer
        assert answer.problem()["reason"] == "authorization_unavailable"
        assert len(gateway.service.requests) == before, "the service got the request"
    finally:
        gateway.authz.start()


def a_route_that_was_forgotten_is_closed(gateway):
    before = len(gateway.service.requests)
    answer = gateway.ask("/forgotten", bearer(gateway, "orders.read"))
    assert (answer.status, answer.problem()["reason"]) == (403, "route_without_policy"), answer
    assert len(gateway.service.requests) == before


ALL = [requests_without_a_token_get_401, good_token_passes_without_spoofed_headers,
       too_many_headers_are_denied_and_the_limit_passes, each_route_has_its_own_policy,
       ambiguous_requests_are_rejected, paths_without_a_route_are_denied, rare_methods_are_denied, no_tunnel_is_opened,
       two_host_lines_are_denied, token_that_is_not_utf8_is_denied, requests_without_the_authz_server_get_503]
