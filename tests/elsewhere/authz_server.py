"""Runs the real authz server with the policies of the examples and an issuer whose key the test holds."""

import base64
import json
import pathlib
import time

import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from programs import Programs, answers, free_port


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())

    def jwks(self) -> dict:
        point = self._key.public_key().public_numbers()
        x, y = (_encode(number.to_bytes(32, "big")) for number in (point.x, point.y))
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "test", "x": x, "y": y}]}

    def token(self, issuer: str, audience: str, scope: str) -> str:
        now = int(time.time())
        claims = {"iss": issuer, "aud": audience, "sub": "alice", "azp": "app", "sid": "s", "scope": scope, "iat": now,
                  "nbf": now, "exp": now + 600}
        text = ".".join(_encode(json.dumps(part).encode())
                        for part in ({"alg": "ES256", "typ": "at+jwt", "kid": "test"}, claims))
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class AuthzServer:
    """`portcullis serve`, listening on `port`."""

    def __init__(self, program: str, policy: pathlib.Path, programs: Programs, folder: pathlib.Path):
        self._programs = programs
        self._issuer = Issuer()
        self.port = free_port()
        documents = list(yaml.safe_load_all(policy.read_text()))
        (company,) = [document for document in documents if document["kind"] == "TokenIssuer"]
        self._name = company["spec"]["oidc"]["issuer"]
        # The only difference from the example, whose issuer's keys come from the network.
        company["spec"]["oidc"]["jwks"] = self._issuer.jwks()
        self._policy = folder / "policy.yaml"
        self._policy.write_text(yaml.safe_dump_all(documents))
        self._program = program
        self.start()

    def start(self) -> None:
        operations = free_port()
        self._programs.start("authz", [
            self._program, "serve", "--policy", self._policy, "--listen", f"127.0.0.1:{self.port}",
            "--keys-listen", f"127.0.0.1:{free_port()}", "--admin-listen", f"127.0.0.1:{free_port()}",
            "--operations-listen", f"127.0.0.1:{operations}"], answers(f"http://127.0.0.1:{operations}/readyz"))

    def stop(self) -> None:
        self._programs.stop("authz")

    def token(self, scope: str) -> str:
        return self._issuer.token(self._name, "orders", scope)
