"""MSAL for Node.js, @azure/identity and openid-client."""

import pathlib

import pytest
from program import APPLICATIONS, ON_BEHALF_OF, USERS, assert_works

FLOWS = pathlib.Path(__file__).parent / "node" / "flows.mjs"
CLIENTS = {
    "msal-node": "MSAL for Node.js 7.2",
    "@azure/identity": "azure-identity for JavaScript 4.13",
    "openid-client": "openid-client 6.9",
}


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
        ("openid-client user info", {"aud": "https://graph.microsoft.com"}),
        ("openid-client client credentials", APPLICATIONS),
        ("openid-client on behalf of", ON_BEHALF_OF),
        ("openid-client device code", USERS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flow(name, expected, credentials, flows):
    assert_works(["node", str(FLOWS), name], expected, credentials)
    client, _, flow = name.partition(" ")
    flows.works(CLIENTS[client], flow)
