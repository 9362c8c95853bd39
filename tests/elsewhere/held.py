"""What every gateway in front of the gate is held to, asked of a running one."""

import dataclasses

from client import Answer, ask
from gate import Gate
from service import Service

SPOOFED = [("x-user-oid", "mallory"), ("X-Tenant-Id", "evil"), ("x-user-new", "mallory"), ("x-portcullis-assertion", "forged"),
           ("x.user.oid", "mallory-by-dots"), ("client-cert", "mallory-by-certificate"), ("X-MS-CLIENT-PRINCIPAL-NAME", "mallory-by-azure"),
           ("x-envoy-original-path", "/reports/monthly"), ("x-original-url", "/reports/monthly"), ("x-forwarded-email", "mallory@example.com")]


@dataclasses.dataclass
class Running:
    port: int
    gate: Gate
    service: Service
    # The certificates to trust, if it listens with TLS.
    authority: str | None = None
    # What a path without a route gets, and what a method that nobody expects.
    unknown: int = 404
    rare_method: int = 404

    def ask(self, path: str, headers=(), method: str = "GET", **others) -> Answer:
        return ask(self.port, path, headers, method, authority=self.authority, **others)


def bearer(gateway: Running, scope: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {gateway.gate.token(scope)}")]


def without_a_token_401(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders")
    assert answer.status == 401, answer
    assert answer.problem()["reason"] == "token_missing"
    assert answer.headers["www-authenticate"].startswith("Bearer"), answer
    assert len(gateway.service.requests) == before, "the service was asked"


def a_good_token_passes_and_no_spoofed_header(gateway: Running) -> None:
    answer = gateway.ask("/orders", bearer(gateway, "orders.read") + SPOOFED)
    assert answer.status == 200, answer
    _, path, headers = gateway.service.requests[-1]
    assert path == "/orders"
    values = [value for _, value in headers]
    assert not {value for _, value in SPOOFED} & set(values), headers
    assert [value for name, value in headers if name == "x-user-oid"] == ["alice"], headers
    assert [value for name, value in headers if name == "x-portcullis-assertion" and value.count(".") == 2], headers


def too_many_headers_are_refused_and_as_many_as_may_be_pass(gateway: Running) -> None:
    token = bearer(gateway, "orders.read")
    # Of the client too: accept-encoding and the like, at most six.
    for count, status in ((55, 200), (66, 431)):
        before = len(gateway.service.requests)
        answer = gateway.ask("/orders", [*token, *((f"x-f{number}", "v") for number in range(count))])
        assert answer.status == status, answer
        assert (len(gateway.service.requests) > before) == (status == 200)
    assert answer.problem()["reason"] == "headers_too_large"
    assert "x-gateway-request-size" not in {name.lower() for name, _ in gateway.service.requests[-1][2]}


def each_route_has_its_own_policy(gateway: Running) -> None:
    assert gateway.ask("/reports/monthly", bearer(gateway, "orders.read")).status == 403
    assert gateway.ask("/orders", bearer(gateway, "reports.read")).status == 403
    assert gateway.ask("/orders", bearer(gateway, "orders.read"), method="POST").status == 403
    answer = gateway.ask("/reports/monthly", bearer(gateway, "reports.read"))
    assert answer.status == 200, answer
    assert gateway.service.requests[-1][1] == "/monthly", "the service knows it without the prefix"


def two_readings_of_one_request_are_refused(gateway: Running) -> None:
    token = bearer(gateway, "orders.read")
    before = len(gateway.service.requests)
    assert gateway.ask("/orders", [*token, ("x_user_oid", "mallory")]).status == 400
    for path in ("/orders%2f..%2freports", "/orders%5cx", "/orders/..%2freports/monthly"):
        assert gateway.ask(path, token).status == 400, path
    assert len(gateway.service.requests) == before, "the service was asked"


def what_has_no_route_is_refused(gateway: Running) -> None:
    before = len(gateway.service.requests)
    for path in ("/health", "/orders/1", "/"):
        assert gateway.ask(path, bearer(gateway, "orders.read")).status == gateway.unknown, path
    assert len(gateway.service.requests) == before, "the service was asked"


def a_rare_method_is_refused(gateway: Running) -> None:
    before = len(gateway.service.requests)
    for method in ("TRACE", "PROPFIND"):
        answer = gateway.ask("/orders", bearer(gateway, "orders.read"), method=method)
        assert answer.status == gateway.rare_method, answer
    assert len(gateway.service.requests) == before, "the service was asked"


def no_tunnel_is_opened(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders", [*bearer(gateway, "orders.read"), ("upgrade", "websocket")], connection_header="close, upgrade")
    assert answer.status == 403, answer
    assert len(gateway.service.requests) == before, "the service was asked"


def two_host_lines_are_refused(gateway: Running) -> None:
    before = len(gateway.service.requests)
    answer = gateway.ask("/orders", [*bearer(gateway, "orders.read"), ("host", "admin.example.com")])
    assert answer.status in (400, 403, 404), answer
    assert len(gateway.service.requests) == before, "the service was asked"


def a_token_that_is_not_text_is_refused(gateway: Running) -> None:
    answer = gateway.ask("/orders", [("authorization", "Bearer \xff\xfe")])
    assert answer.status in (400, 401), answer


def without_the_gate_503(gateway: Running) -> None:
    gateway.gate.stop()
    try:
        before = len(gateway.service.requests)
        answer = gateway.ask("/orders", bearer(gateway, "orders.read"))
        assert answer.status == 503, answer
        assert answer.problem()["reason"] == "authorization_unavailable"
        assert len(gateway.service.requests) == before, "the service was asked"
    finally:
        gateway.gate.start()


def a_route_that_was_forgotten_is_closed(gateway):
    before = len(gateway.service.requests)
    answer = gateway.ask("/forgotten", bearer(gateway, "orders.read"))
    assert (answer.status, answer.problem()["reason"]) == (403, "route_without_policy"), answer
    assert len(gateway.service.requests) == before


ALL = [without_a_token_401, a_good_token_passes_and_no_spoofed_header,
       too_many_headers_are_refused_and_as_many_as_may_be_pass, each_route_has_its_own_policy,
       two_readings_of_one_request_are_refused, what_has_no_route_is_refused, a_rare_method_is_refused, no_tunnel_is_opened,
       two_host_lines_are_refused, a_token_that_is_not_text_is_refused, without_the_gate_503]
