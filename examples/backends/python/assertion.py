"""Verifies the assertion of one request. Works in every framework; needs PyJWT with cryptography."""

import base64
import hmac
import logging
import os
import threading
import time

import jwt

LIFETIME, SKEW = 60, 5  # seconds
POLL = 2  # seconds between two fetches of the public keys: a removed key stops verifying within them
REQUIRED = ["iss", "aud", "iat", "exp", "tid", "oid", "kind", "roles", "scopes"]


class Denied(Exception):
    def __init__(self, status, reason, detail):
        super().__init__(detail)
        self.status, self.reason, self.detail = status, reason, detail


class MacKeys:
    """The keys that this backend shares with the authz server, by key id. They are reloaded when the file changes."""

    def __init__(self, file):
        self.file, self.seen, self.keys = file, None, {}
        self._read()

    def get(self, key_id):
        try:
            self._read()
        except (OSError, ValueError) as error:
            logging.error("%s: %s; the last good keys stay in force", self.file, error)
        if key_id not in self.keys:
            raise jwt.InvalidKeyError("no shared key has this kid")
        return self.keys[key_id]

    def _read(self):
        status = os.stat(self.file)
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen == self.seen:
            return
        with open(self.file, encoding="ascii") as lines:
            encoded = [key for key in (line.partition("#")[0].strip() for line in lines) if key]
        self.seen = seen  # An error of a file is logged once.
        keys = [base64.b64decode(self._padded(key), altchars=b"-_", validate=True) for key in encoded]
        if not keys or any(len(key) < 32 for key in keys):
            raise ValueError("holds no key, or a key of fewer than 32 bytes")
        self.keys = {self._id(key): key for key in keys}

    @staticmethod
    def _padded(key):
        return key.replace("+", "-").replace("/", "_").rstrip("=") + "=" * (-len(key.rstrip("=")) % 4)

    @staticmethod
    def _id(key):
        tag = hmac.digest(key, b"portcullis assertion key id", "sha256")
        return base64.urlsafe_b64encode(tag[:16]).rstrip(b"=").decode()


class Verifier:
    """Verifies assertions for one upstream, by the URL of the public keys (ES256), the file of MAC keys (HS256), or both."""

    def __init__(self, keys_url, upstream, accept_unbound=False, mac_key_file=None):
        # The last good keys serve for an hour. An unknown kid triggers a fetch, because a restarted authz server has a new key,
        # but at most once a second, whatever clients send.
        self.public = keys_url and jwt.PyJWKClient(keys_url, lifespan=3600, cooldown_duration=1, timeout=2)
        self.mac = mac_key_file and MacKeys(mac_key_file)
        self.upstream, self.accept_unbound = upstream, accept_unbound
        self.poll_at, self.polling = 0, threading.Lock()

    def verify(self, lines, method, target):
        """Returns the claims or raises Denied. `lines`: all header values. `target`: path and query, byte for byte as received."""
        if not lines:
            raise Denied(401, "assertion_missing", "the request has no assertion; call through the gateway")
        if len(lines) > 1:
            raise Denied(401, "assertion_not_genuine", "the request has more than one assertion")
        claims = self._claims(lines[0])
        if time.time() >= claims["iat"] + LIFETIME + SKEW:
            raise Denied(401, "assertion_out_of_time", "the assertion is too old")
        binding = [claims.get(name) for name in ("htm", "htu", "jti")]
        if binding == [None, None, None]:
            if not self.accept_unbound:
                raise Denied(401, "assertion_not_bound", "the assertion is not bound to a request")
        elif binding[:2] != [method, target]:
            raise Denied(401, "assertion_for_other_request", "the assertion is for another request")
        return claims

    def _claims(self, token):
        try:
            key, algorithm = self._key(jwt.get_unverified_header(token))
            return jwt.decode(
                token, key, algorithms=[algorithm], issuer="portcullis", audience=self.upstream, leeway=SKEW,
                options={"require": REQUIRED, "strict_aud": True},
            )  # fmt: skip
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, ValueError) as error:
            raise Denied(503, "gateway_keys_unavailable", "the authz server's keys are unavailable; try again") from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Denied(401, "assertion_out_of_time", "expired or from the future; compare the clocks") from error
        except jwt.InvalidAudienceError as error:
            raise Denied(401, "assertion_for_other_upstream", "the assertion is for another upstream") from error
        except jwt.PyJWTError as error:
            raise Denied(401, "assertion_not_genuine", "the assertion is not the authz server's") from error

    def _key(self, header):
        """Returns a key and its only algorithm, so that no public key ever verifies a MAC."""
        if self.mac and header.get("alg") == "HS256":
            return self.mac.get(header.get("kid")), "HS256"
        if not self.public:
            raise jwt.InvalidAlgorithmError("only HS256 is accepted")
        self._poll()
        return self.public.get_signing_key(header.get("kid")), "ES256"

    def _poll(self):
        if time.monotonic() < self.poll_at or not self.polling.acquire(blocking=False):
            return
        try:
            self.public.get_jwk_set(refresh=True)
        except (jwt.PyJWTError, ValueError) as error:
            logging.warning("cannot fetch the authz server's keys: %s", error)
        finally:
            self.poll_at = time.monotonic() + POLL
            self.polling.release()
