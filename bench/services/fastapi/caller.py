"""Verifies the caller's token with PyJWT, and fetches each key once."""

import dataclasses
import ssl
from typing import Annotated

import httpx
import jwt
from fastapi import Header, HTTPException

from settings import AUTHORITY, AUTHORITY_CERTIFICATE, CLIENT_ID, HOME_TENANT

ISSUER = f"{AUTHORITY}/{HOME_TENANT}/v2.0"
AUDIENCES = [CLIENT_ID, f"api://{CLIENT_ID}"]
KEYS: dict[str, jwt.PyJWK] = {}


@dataclasses.dataclass(slots=True)
class Caller:
    object_id: str
    tenant_id: str
    name: str
    roles: list[str]
    token: str


async def key_of(token: str) -> jwt.PyJWK:
    key_id = jwt.get_unverified_header(token).get("kid")
    if key_id not in KEYS:
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=AUTHORITY_CERTIFICATE)) as http:
            published = await http.get(f"{AUTHORITY}/{HOME_TENANT}/discovery/v2.0/keys")
        KEYS.update({key.key_id: key for key in jwt.PyJWKSet.from_dict(published.json()).keys})
    if key_id not in KEYS:
        raise HTTPException(401, "unknown key")
    return KEYS[key_id]


async def verified_caller(authorization: Annotated[str, Header()] = "") -> Caller:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "no bearer token")
    try:
        key = await key_of(token)
        required = {"require": ["exp", "iss", "aud", "oid", "tid"]}
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCES, issuer=ISSUER, options=required)
    except jwt.PyJWTError as error:
        raise HTTPException(401, f"bad token: {error}") from error
    if claims["tid"] != HOME_TENANT:
        raise HTTPException(403, "tenant not allowed")
    return Caller(claims["oid"], claims["tid"], claims.get("name", ""), claims.get("roles", []), token)
