"""MSAL for Go and azure-identity for Go."""

import os
import pathlib

import pytest
from program import APPLICATIONS, ON_BEHALF_OF, USERS, assert_works

CLIENTS = {"msal": "MSAL for Go 1.10", "azidentity": "azure-identity for Go 1.15"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("msal code", USERS),
        ("msal device code", USERS),
        ("msal username and password", USERS),
        ("msal secret", APPLICATIONS),
        ("msal certificate", APPLICATIONS),
        ("msal federated assertion", APPLICATIONS),
        ("msal on behalf of", ON_BEHALF_OF),
        ("azidentity secret", APPLICATIONS),
        ("azidentity certificate", APPLICATIONS),
        ("azidentity workload identity", APPLICATIONS),
        ("azidentity on behalf of", ON_BEHALF_OF),
        ("azidentity device code", USERS),
        ("azidentity username and password", USERS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flow(name, expected, credentials, flows):
    program = pathlib.Path(os.environ["GO_CLIENTS"]) / "flows"
    assert_works([str(program), name], expected, credentials)
    client, _, flow = name.partition(" ")
    flows.works(CLIENTS[client], flow)
