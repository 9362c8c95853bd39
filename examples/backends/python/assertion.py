"""Verifies the gate's assertion about one request. Works in every framework; needs PyJWT with cryptography."""

import time

import jwt

LIFETIME, SKEW = 60, 5  # seconds
REQUIRED = ["iss", "aud", "iat", "exp", "tid", "oid", "kind", "roles", "scopes"]


class Refused(Exception):
    def __init__(self, status, reason, detail):
        super().__init__(detail)
        self.status, self.reason, self.detail = status, reason, detail


class Verifier:
    def __init__(self, keys_url, upstream, unbound_will_do=False):
        # A restarted gate has a new key: ask for an unknown one, but not more than once a second, whatever clients send.
        self.keys = jwt.PyJWKClient(keys_url, lifespan=300, cooldown_duration=1, timeout=2)
        self.upstream, self.unbound_will_do = upstream, unbound_will_do

    def verify(self, lines, method, target):
        """The claims, or Refused. `lines`: all values of the header. `target`: path and query, byte for byte as received."""
        if not lines:
            raise Refused(401, "assertion_missing", "no assertion came; call through the gateway")
        if len(lines) > 1:
            raise Refused(401, "assertion_not_genuine", "more than one assertion came")
        claims = self._claims(lines[0])
        if time.time() >= claims["iat"] + LIFETIME + SKEW:
            raise Refused(401, "assertion_out_of_time", "the assertion is too old")
        binding = [claims.get(name) for name in ("htm", "htu", "jti")]
        if binding == [None, None, None]:
            if not self.unbound_will_do:
                raise Refused(401, "assertion_not_bound", "the assertion is not bound to a request")
        elif binding[:2] != [method, target]:
            raise Refused(401, "assertion_for_other_request", "the assertion is for another request than this one")
        return claims

    def _claims(self, token):
        try:
            key = self.keys.get_signing_key(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token, key, algorithms=["ES256"], issuer="portcullis", audience=self.upstream, leeway=SKEW,
                options={"require": REQUIRED, "strict_aud": True},
            )  # fmt: skip
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, ValueError) as error:
            raise Refused(503, "gateway_keys_unavailable", "the gate's keys are not at hand; try again") from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Refused(401, "assertion_out_of_time", "expired, or from the future; compare the clocks") from error
        except jwt.InvalidAudienceError as error:
            raise Refused(401, "assertion_for_other_upstream", "the assertion is for another upstream") from error
        except jwt.PyJWTError as error:
            raise Refused(401, "assertion_not_genuine", "the assertion is not the gate's") from error
