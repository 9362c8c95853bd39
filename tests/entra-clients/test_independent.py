"""An OpenID Connect library that is nobody's client here agrees with metadata, keys and tokens."""

import pytest
import requests
from conftest import API, AUTHORITY, PUBLIC, TENANT, API_SCOPE
from joserfc import jwk, jwt
from test_python import public, user_token


def metadata(path: str) -> dict:
    url = f"{AUTHORITY}/{path}/.well-known/openid-configuration"
    return requests.get(url, timeout=30).json()


@pytest.mark.parametrize("kind", ["access token", "ID token"])
def test_joserfc_verifies_a_token_by_its_metadata(kind):
    reply = public().acquire_token_by_username_password(
        "ada@contoso.example", "Admin-Passw0rd!", [API_SCOPE]
    )
    token = {"access token": reply["access_token"], "ID token": reply["id_token"]}[kind]
    document = metadata(f"{TENANT}/v2.0")
    keys = jwk.KeySet.import_key_set(requests.get(document["jwks_uri"], timeout=30).json())
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": document["issuer"]},
        aud={"essential": True, "value": API if kind == "access token" else PUBLIC},
        exp={"essential": True},
    )
    registry.validate(decoded.claims)


def test_joserfc_refuses_a_changed_token():
    header, _, signature = user_token().split(".")
    _, other, _ = user_token().split(".")
    document = metadata(f"{TENANT}/v2.0")
    keys = jwk.KeySet.import_key_set(requests.get(document["jwks_uri"], timeout=30).json())
    with pytest.raises(Exception, match="(?i)signature"):
        jwt.decode(f"{header}.{other}.{signature}", keys, algorithms=["RS256"])


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("path", ["organizations/v2.0", "common/v2.0", TENANT, "contoso.example"])
def test_endpoints_of_each_metadata_document_exist(path, endpoint):
    response = requests.get(metadata(path)[endpoint], timeout=30)
    assert response.status_code != 404
