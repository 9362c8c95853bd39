"""Judges tokens independently of Portcullis: signatures and JOSE headers by joserfc, claims by what Microsoft documents of Entra's tokens
("Access token claims reference", "Claims validation", "Token claims reference for agent IDs"), and whom tokens of other providers speak
for by what Keycloak, Auth0 and Okta document. Reads a file of JSON lines, the first of which describes the issuer.

Every disagreement with the verdict that stands beside a token must be explained by a line of disagreements.json, and every line must explain
one: a difference that is gone is as suspicious as a new one."""

import base64
import json
import pathlib
import re
import sys

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

HERE = pathlib.Path(__file__).parent
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Managed identities' tokens live for a day, and Entra dates tokens back by five minutes.
SKEW, LONGEST_LIFE = 60, 24 * 3600 + 300


class Refused(Exception):
    """Why a token is not accepted."""


def require(condition, why):
    if not condition:
        raise Refused(why)


def token_of(lines):
    """RFC 6750 §2.1 and RFC 9110 §5.3: one line, one scheme, one token."""
    require(len(lines) == 1, "not one Authorization line")
    try:
        line = lines[0].decode("ascii")
    except UnicodeDecodeError:
        raise Refused("not text") from None
    match = re.fullmatch(r"(?i:bearer) ([A-Za-z0-9._~+/=-]+)", line)
    require(match, "not Bearer and one token")
    return match.group(1)


def usable_keys(document, algorithm):
    """Keys for signatures of this algorithm that can be told apart by their ids (RFC 7517 §4)."""
    ids = [key.get("kid") for key in document["keys"]]
    for key in document["keys"]:
        if key.get("kty") != "RSA" or ids.count(key.get("kid")) != 1 or "d" in key:
            continue
        if key.get("use", "sig") != "sig" or "verify" not in key.get("key_ops", ["verify"]):
            continue
        if key.get("alg", algorithm) == algorithm:
            yield key


def text(claims, name, required=True):
    value = claims.get(name)
    require(value is not None or (not required and name not in claims), f"{name} is missing")
    require(value is None or (isinstance(value, str) and (value or not required)), f"{name} is not a text")
    return value


def seconds(claims, name, required=True):
    value = claims.get(name)
    require(value is not None or (not required and name not in claims), f"{name} is missing")
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 253402300799
    require(value is None or whole, f"{name} is not a time")
    return value


def check_times(claims, now, begin="nbf"):
    expires, begins = seconds(claims, "exp"), seconds(claims, begin)
    issued = seconds(claims, "iat", required=False)
    require(now < expires + SKEW, "expired")
    require(max(begins, begins if issued is None else issued) <= now + SKEW, "not valid yet")
    require(expires - begins <= LONGEST_LIFE, "lives too long")


def check_confirmation(claims):
    """RFC 8705 §3, RFC 9449 §7.2: a token bound to a key, by any method in `cnf`, is not a bearer token."""
    require("cnf" not in claims, "bound to a key of its sender")


def kind_by_entra(claims):
    """Delegated tokens have scopes, app-only tokens have none, or the empty scope. No token is both."""
    written = text(claims, "scp", required=False)
    scopes = [] if written in (None, "", "/") else written.split()
    require(written in (None, "", "/") or (scopes and "/" not in scopes), "scp is neither empty nor a list")
    kind = text(claims, "idtyp", required=False)
    person = any(name in claims for name in ("preferred_username", "upn", "unique_name"))
    user, application = scopes and kind in (None, "user"), not scopes and (kind == "app" or (kind is None and not person))
    require(user or application, "neither a user's nor an application's")
    return "user" if user else "application"


def kind_by_provider(claims):
    """Auth0 names the grant, and makes a subject of a client's id with @clients. Okta and RFC 9068 §2.2 make the client the subject, and
    Okta names people by uid. Keycloak's service account of a client is called service-account-CLIENT; people may take such a name too,
    but they have a session, and their tokens lack the client's address."""
    clients = {claims[name] for name in ("client_id", "azp", "cid") if name in claims}
    subject, name = claims["sub"], claims.get("preferred_username", "")
    if claims.get("gty") == "client-credentials" or subject in clients:
        return "application"
    if subject.endswith("@clients"):
        require(not clients or subject.removesuffix("@clients") in clients, "the subject of another client")
        return "application"
    if name.startswith("service-account-"):
        require(not clients or name.removeprefix("service-account-") in clients, "the service account of another client")
        require("sid" not in claims or "clientAddress" in claims, "a person with the name of a machine")
        return "application"
    signed_in = "sid" in claims or claims.get("amr") or ("uid" in claims and "cid" in claims)
    # Keycloak, whose payloads have typ, grants openid to machines.
    openid = "openid" in claims["scope"].split() and clients and "typ" not in claims
    require(signed_in or openid, "nothing shows whom it speaks for")
    return "user"


def check_lists_and_texts(claims):
    for name in ("name", "preferred_username", "email", "upn", "unique_name"):
        text(claims, name, required=False) if claims.get(name) != "" else None
    roles = claims.get("roles", [])
    require(isinstance(roles, list) and len(roles) <= 1024 and all(isinstance(role, str) for role in roles), "roles is no list of texts")
    elsewhere = claims.get("_claim_names")
    require("roles" in claims or not (isinstance(elsewhere, dict) and "roles" in elsewhere), "roles are left out")
    require(len((claims.get("scp") or "").split()) <= 1024, "too many scopes")


def check_entra(claims, issuer):
    """ver, iss, tid, aud and the client must be of one and the same token; returns the keys that must have signed it."""
    version, tenant = text(claims, "ver"), text(claims, "tid")
    require(version in ("1.0", "2.0") and GUID.fullmatch(tenant) and tenant in issuer["tenants"], "version or tenant")
    expected = f"https://sts.windows.net/{tenant}/" if version == "1.0" else f"https://login.microsoftonline.com/{tenant}/v2.0"
    require(text(claims, "iss") == expected, "issuer")
    api = issuer["api"]
    audiences = (api, f"api://{api}", f"api://{api}/") if version == "1.0" else (api,)
    require(text(claims, "aud") in audiences, "audience")
    client, other = ("appid", "azp") if version == "1.0" else ("azp", "appid")
    require(other not in claims and GUID.fullmatch(text(claims, client)), "client")
    require(GUID.fullmatch(text(claims, "oid")), "oid")
    return issuer["keys"][f"{tenant} {version}"], expected


def check_provider(claims, provider):
    require(claims["iss"] == provider["issuer"] and claims["aud"] == provider["audience"], "issuer or audience")
    return provider["keys"], provider["issuer"]


def judge(lines, now, issuer):
    """The kind of caller that a token speaks for."""
    token = token_of(lines)
    require(len(token) <= 16384, "too long")
    try:
        extracted = jws.extract_compact(token.encode())
        header, claims = extracted.headers(), json.loads(extracted.payload)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"malformed: {type(error).__name__}") from None
    require(isinstance(claims, dict) and isinstance(header, dict), "not objects")
    require("crit" not in header and "nonce" not in header, "an extension, or Graph's nonce")
    kind = header.get("typ")
    require(kind is None and "typ" not in header or str(kind).lower() in ("jwt", "at+jwt", "application/at+jwt"), "typ")
    if claims.get("iss") == issuer["provider"]["issuer"]:
        keys, expected_issuer = check_provider(claims, issuer["provider"])
        check_times(claims, now, begin="iat")
        caller = kind_by_provider(claims)
    else:
        keys, expected_issuer = check_entra(claims, issuer)
        check_times(claims, now)
        caller = kind_by_entra(claims)
        check_lists_and_texts(claims)
    check_confirmation(claims)
    key_id = header.get("kid")
    named = [key for key in usable_keys(keys, "RS256") if isinstance(key_id, str) and key["kid"] == key_id]
    require(len(named) == 1, "kid")
    require(named[0].get("issuer", expected_issuer) == expected_issuer, "the key is another issuer's")
    require(named[0].get("cloud_instance_name", issuer["cloud"]) == issuer["cloud"], "the key is another cloud's")
    try:
        # Members that joserfc does not know are not this judge's business; the algorithm is.
        registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
        public = {name: named[0][name] for name in ("kty", "n", "e", "kid")}
        jws.deserialize_compact(token, KeySet([RSAKey.import_key(public)]), registry=registry)
    except (JoseError, ValueError) as error:
        raise Refused(f"signature: {type(error).__name__}") from None
    return caller


def main(path):
    explained = json.loads((HERE / "disagreements.json").read_text())
    used, unexplained, tokens, agreed = set(), [], 0, 0
    with open(path, encoding="utf-8") as file:
        issuer = json.loads(next(file))
        for line in file:
            case = json.loads(line)
            tokens += 1
            try:
                caller = judge([base64.b64decode(part) for part in case["lines"]], case["now"], issuer)
                verdict = "accepted"
                if case["reason"] is None and case.get("kind", caller) != caller:
                    unexplained.append(f"{case['name']}: Portcullis: {case['kind']}; oracle: {caller}")
                    continue
            except Refused as refused:
                verdict = f"refused ({refused})"
            if (verdict == "accepted") == (case["reason"] is None):
                agreed += 1
                continue
            ours = case["reason"] or "accepted"
            for number, entry in enumerate(explained):
                if re.fullmatch(entry["case"], case["name"]) and ours == entry["portcullis"]:
                    used.add(number)
                    break
            else:
                unexplained.append(f"{case['name']}: Portcullis: {ours}; oracle: {verdict}")
    print(f"{tokens} tokens, {agreed} judged alike, {tokens - agreed - len(unexplained)} differences explained")
    stale = [entry["case"] for number, entry in enumerate(explained) if number not in used]
    for line in unexplained:
        print(f"unexplained: {line}")
    for case in stale:
        print(f"explained, but there is no such difference any more: {case}")
    return 1 if unexplained or stale or tokens == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
