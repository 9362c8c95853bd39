"""MSAL for Java."""

import os
import pathlib
import subprocess

import pytest
from program import APPLICATIONS, ON_BEHALF_OF, USERS, assert_works


def command(options: list[str]) -> list[str]:
    """The command that runs a flow, without its name."""
    folder = pathlib.Path(os.environ["JAVA_CLIENTS"])
    return ["java", *options, "-cp", f"{folder}/classes:{folder}/lib/*", "Flows"]


@pytest.fixture(scope="module")
def java(tmp_path_factory) -> list[str]:
    """The command that runs a flow. Java trusts dev-entra by a store of its own."""
    store = tmp_path_factory.mktemp("java") / "trust.p12"
    trust = ["keytool", "-importcert", "-noprompt", "-alias", "dev-entra"]
    trust += ["-file", os.environ["SSL_CERT_FILE"], "-keystore", str(store)]
    subprocess.run([*trust, "-storepass", "changeit"], check=True)
    options = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return command(options)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("code", USERS),
        ("device code", USERS),
        ("username and password", USERS),
        ("secret", APPLICATIONS),
        ("certificate", APPLICATIONS),
        ("federated assertion", APPLICATIONS),
        ("on behalf of", ON_BEHALF_OF),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flow(name, expected, java, credentials, flows):
    assert_works([*java, name], expected, credentials)
    flows.works("MSAL for Java 1.26", name)
