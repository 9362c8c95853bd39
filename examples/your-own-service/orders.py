"""A service of your own on Python's standard library. It trusts only the assertion of the authz server."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assertion import Denied, Verifier

VERIFIER = Verifier(None, upstream="orders", mac_key_file=os.environ["GATEWAY_MAC_KEY_FILE"])
ORDERS = {"41": {"item": "portcullis"}, "42": {"item": "drawbridge"}}


class Orders(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            lines = self.headers.get_all("X-Portcullis-Assertion", [])
            claims = VERIFIER.verify(lines, self.command, self.path)
        except Denied as denied:
            return self.send(denied.status, {"status": denied.status, "detail": denied.detail, "reason": denied.reason})
        _, _, number = self.path.partition("?")[0].partition("/orders/")
        if number and number not in ORDERS:
            return self.send(404, {"status": 404, "detail": "there is no such order", "reason": "no_such_order"})
        caller = {"objectId": claims["oid"], "kind": claims["kind"], "roles": claims["roles"]}
        return self.send(200, {"caller": caller, "orders": [ORDERS[number]] if number else list(ORDERS.values())})

    def send(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Logs nothing, because paths can hold private data."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8010"))), Orders) as server:
        server.serve_forever()
