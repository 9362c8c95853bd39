"""MSAL.js 4 and 5 in headless Chromium, through the pages of dev-entra."""

import os
import pathlib
import subprocess

import conftest
import pytest

FLOWS = pathlib.Path(__file__).parent / "spa" / "flows.mjs"
NAMES = [
    "redirect",
    "popup",
    "silent by refresh token",
    "ssoSilent in an iframe",
    "interaction required without a session",
    "step-up",
    "logout",
]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory):
    """The outcome of each flow, by version of MSAL.js. Chromium trusts dev-entra by its own store."""
    home = tmp_path_factory.mktemp("home")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    database = f"sql:{store}"
    subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True)
    trust = ["certutil", "-A", "-d", database, "-n", "dev-entra", "-t", "C,,"]
    subprocess.run([*trust, "-i", os.environ["SSL_CERT_FILE"]], check=True)
    constants = ("AUTHORITY", "TENANT", "PUBLIC", "API", "API_SCOPE", "STRICT_SCOPE")
    environment = os.environ | {key: getattr(conftest, key) for key in constants}
    environment |= {"HOME": str(home)}
    found = {}
    for version in ("4", "5"):
        printed = subprocess.run(
            ["node", str(FLOWS), version],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
            check=True,
        ).stdout
        for line in printed.splitlines():
            outcome, _, name = line.partition(" ")
            found[version, name.partition(":")[0]] = (outcome, name)
    return found


@pytest.mark.parametrize("version", ["4", "5"])
@pytest.mark.parametrize("name", NAMES)
def test_flow(outcomes, version, name, flows):
    outcome, text = outcomes.get((version, name), ("missing", name))
    assert outcome == "ok", text
    flows.works(f"MSAL.js {version} in Chromium", name)
