"""MSAL for Node.js, @azure/identity and openid-client."""

import os
import pathlib
import subprocess
import urllib.parse

import conftest
import pytest
from browser import Browser
from conftest import claims
from test_python import user_token

FLOWS = pathlib.Path(__file__).parent / "node" / "flows.mjs"
CLIENTS = {
    "msal-node": "MSAL for Node.js 7.2",
    "@azure/identity": "azure-identity for JavaScript 4.13",
    "openid-client": "openid-client 6.9",
}
USERS = {"aud": conftest.API, "scp": "access_as_user"}
APPLICATIONS = {"aud": "api://downstream", "roles": ["Write.All"]}
ON_BEHALF_OF = {"aud": "api://downstream", "scp": "Read"}


def run(name: str, credentials) -> dict:
    """The claims of the token that the flow `name` obtains."""
    constants = ("AUTHORITY", "TENANT", "API", "PUBLIC", "API_SCOPE", "DOWNSTREAM_SCOPE")
    environment = os.environ | {key: getattr(conftest, key) for key in constants}
    environment |= {
        "PEM": str(credentials.pem),
        "WORKLOAD_TOKEN": str(credentials.workload_token),
        "USER_TOKEN": user_token(),
    }
    node = subprocess.Popen(
        ["node", str(FLOWS), name],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with node:
        token = converse(node)
    assert node.returncode == 0 and token, f"{name} ended with {node.returncode}"
    return claims(token)


def converse(node: subprocess.Popen) -> str | None:
    """Does what the flow asks of the user, and returns its token."""
    for line in node.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "open":
            query = urllib.parse.urlencode(Browser().sign_in(rest))
            node.stdin.write(f"http://localhost:41000/?{query}\n")
            node.stdin.flush()
        elif word == "device":
            url, code = rest.split(" ")
            Browser().enter_code(url, code)
        elif word == "token":
            return rest
    return None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("msal-node code", USERS),
        ("msal-node device code", USERS),
        ("msal-node secret", APPLICATIONS),
        ("msal-node certificate", APPLICATIONS),
        ("msal-node on behalf of", ON_BEHALF_OF),
        ("@azure/identity secret", APPLICATIONS),
        ("@azure/identity certificate", APPLICATIONS),
        ("@azure/identity workload identity", APPLICATIONS),
        ("@azure/identity on behalf of", ON_BEHALF_OF),
        ("@azure/identity device code", USERS),
        ("openid-client code", USERS),
        ("openid-client client credentials", APPLICATIONS),
        ("openid-client on behalf of", ON_BEHALF_OF),
        ("openid-client device code", USERS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flow(name, expected, credentials, flows):
    found = run(name, credentials)
    assert {key: found.get(key) for key in expected} == expected
    client, _, flow = name.partition(" ")
    flows.works(CLIENTS[client], flow)
