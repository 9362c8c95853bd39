"""A backend that answers GET /orders to callers with an assertion. Settings come from the environment."""

import json
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assertion import Denied, Verifier

KEYS_URL, MAC_KEY_FILE = os.environ.get("GATEWAY_KEYS_URL"), os.environ.get("GATEWAY_MAC_KEY_FILE")
if not KEYS_URL and not MAC_KEY_FILE:
    sys.exit(
        "neither GATEWAY_MAC_KEY_FILE nor GATEWAY_KEYS_URL is set; give the file of the keys that the authz server shares "
        "with this backend, the URL of its public keys, or both"
    )
VERIFIER = Verifier(
    KEYS_URL,
    upstream="orders",
    mac_key_file=MAC_KEY_FILE,
    accept_unbound=os.environ.get("ACCEPT_UNBOUND_ASSERTIONS") == "true",
)


class Orders(BaseHTTPRequestHandler):
    def answer(self):
        try:
            lines = self.headers.get_all("X-Portcullis-Assertion", [])
            claims = VERIFIER.verify(lines, self.command, self.path)
        except Denied as denied:
            return self.problem(denied.status, denied.reason, denied.detail)
        if self.path.partition("?")[0] != "/orders":
            return self.problem(404, "not_found", "there is nothing here")
        if self.command != "GET":
            return self.problem(405, "method_not_allowed", "orders can be read", {"Allow": "GET"})
        caller = {"tenant": claims["tid"], "objectId": claims["oid"], "kind": claims["kind"]}
        caller |= {"roles": claims["roles"], "scopes": claims["scopes"]}
        return self.send(200, "application/json", {"caller": caller, "orders": []})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def problem(self, status, reason, detail, headers=None):
        body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, "reason": reason}
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else headers
        self.send(status, "application/problem+json", body, headers)

    def send(self, status, media_type, body, headers=None):
        body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main():
    host, _, port = os.environ.get("LISTEN", "127.0.0.1:8010").rpartition(":")
    with ThreadingHTTPServer((host, int(port)), Orders) as server:
        print(f"listening on http://{host}:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
