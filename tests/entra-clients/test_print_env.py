"""The settings that `dev-entra --print-env` prints are those that clients need for a dev-entra with a port of its own."""

import os
import pathlib
import re
import shlex
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import azure.identity
import conftest
import msal
import pytest
from conftest import API, TENANT, claims
from program import APPLICATIONS
from test_java import command

FLAGS = ["--operations-listen", "127.0.0.1:0", "--listen", "127.0.0.1:8443"]
SCOPE = "api://downstream/.default"
FLOWS = pathlib.Path(__file__).parent / "node" / "flows.mjs"


@pytest.fixture(scope="module")
def state(tmp_path_factory, credentials, dev_entra):
    """The state of a dev-entra at https://localhost:8443."""
    folder = tmp_path_factory.mktemp("dev-entra with a port")
    directory = conftest.write_directory(folder, credentials)
    flags = ["--directory", str(directory), "--state", str(folder), *FLAGS]
    process = subprocess.Popen([os.environ["DEV_ENTRA"], *flags])
    try:
        wait_until_ready(process, folder / "ca.pem")
        yield folder
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(process: subprocess.Popen, authority: pathlib.Path) -> None:
    url = f"https://localhost:8443/{TENANT}/v2.0/.well-known/openid-configuration"
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, f"dev-entra ended with {process.returncode}"
        try:
            context = ssl.create_default_context(cafile=authority)
            urllib.request.urlopen(url, context=context, timeout=10).close()
            return
        except (OSError, urllib.error.URLError):
            assert time.monotonic() < deadline, "dev-entra does not answer"
            time.sleep(0.05)


class Printed:
    """What dev-entra prints for a client."""

    def __init__(self, client: str, state: pathlib.Path) -> None:
        flags = ["--print-env", client, "--state", str(state), *FLAGS]
        done = subprocess.run([os.environ["DEV_ENTRA"], *flags], stdout=subprocess.PIPE, check=True)
        self.text = done.stdout.decode().replace("/TENANT", f"/{TENANT}")
        self.unused = [line for line in self.text.splitlines() if "drop the port" not in line]
        self.unused.remove("# In code, TENANT is the id or a domain of a tenant:")

    def variables(self) -> dict[str, str]:
        """The variables as a shell sets them; the other ones that clients read are unset."""
        names = re.findall(r"^export (\w+)=", self.text, re.MULTILINE)
        show = "; ".join(f'printf "%s\\n" "${name}"' for name in names)
        command = f'eval "$1"; {show}'
        shell = subprocess.run(
            ["sh", "-c", command, "sh", self.text], stdout=subprocess.PIPE, text=True, check=True
        )
        self.unused = [line for line in self.unused if not line.startswith("export ")]
        return dict(zip(names, shell.stdout.splitlines(), strict=True))

    def line(self, start: str) -> str:
        """The rest of the line that begins with `start`."""
        (found,) = (line for line in self.unused if line.startswith(start))
        self.unused.remove(found)
        return found.removeprefix(start)

    def environment(self, **more: str) -> dict[str, str]:
        constants = ("TENANT", "API", "PUBLIC", "API_SCOPE", "DOWNSTREAM_SCOPE")
        known = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        inherited = {key: value for key, value in os.environ.items() if key not in known}
        own = {key: getattr(conftest, key) for key in constants}
        return inherited | own | self.variables() | more


def assert_application(program: list[str], environment: dict[str, str]) -> None:
    """The program obtains a token of the API itself."""
    done = subprocess.run(
        program, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    found = claims(done.stdout.strip().removeprefix("token "))
    assert {key: found.get(key) for key in APPLICATIONS} == APPLICATIONS


def test_msal(state, tmp_path, monkeypatch):
    printed = Printed("msal", state)
    environment = printed.environment()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", environment["REQUESTS_CA_BUNDLE"])
    options = eval(f"dict({printed.line('# Python: ')})", {})
    client = msal.ConfidentialClientApplication(API, client_credential="api-secret", **options)
    reply = client.acquire_token_for_client([SCOPE])
    assert claims(reply["access_token"])["roles"] == ["Write.All"], reply

    node = ["node", str(FLOWS), "msal-node secret"]
    assert_application(node, environment | {"OPTIONS": printed.line("# JavaScript: auth: ")})
    go = re.search(
        r'public.WithAuthority\("(.*)"\), public.WithInstanceDiscovery\((.*)\)', printed.line("# Go: ")
    )
    assert_application(
        [f"{os.environ['GO_CLIENTS']}/flows", "msal secret"],
        environment | {"AUTHORITY": go[1].removesuffix(f"/{TENANT}"), "INSTANCE_DISCOVERY": go[2]},
    )
    keytool = shlex.split(printed.line("# Java: keytool "))
    subprocess.run(["keytool", *keytool], cwd=tmp_path, check=True)
    trust = shlex.split(printed.line("# Java: java "))
    store = f"-Djavax.net.ssl.trustStore={tmp_path}/trust.p12"
    assert trust[0] == "-Djavax.net.ssl.trustStore=trust.p12"
    java = re.search(r'\.authority\("(.*)"\)\.instanceDiscovery\((.*)\)', printed.line("# Java: "))
    assert_application(
        [*command([store, *trust[1:]]), "secret"],
        environment | {"AUTHORITY": java[1].removesuffix(f"/{TENANT}"), "INSTANCE_DISCOVERY": java[2]},
    )
    assert printed.unused == []


def test_azure_identity(state, monkeypatch):
    printed = Printed("azure-identity", state)
    environment = printed.environment()
    for name in ("REQUESTS_CA_BUNDLE", "AZURE_AUTHORITY_HOST"):
        monkeypatch.setenv(name, environment[name])
    options = eval(f"dict({printed.line('# Python: ')})", {})
    credential = azure.identity.ClientSecretCredential(TENANT, API, "api-secret", **options)
    assert claims(credential.get_token(SCOPE).token)["roles"] == ["Write.All"]

    node = ["node", str(FLOWS), "@azure/identity secret"]
    assert_application(node, environment | {"OPTIONS": printed.line("# JavaScript: ")})
    assert printed.line("# Go: ") == "DisableInstanceDiscovery: true"
    assert_application(
        [f"{os.environ['GO_CLIENTS']}/flows", "azidentity secret"],
        environment | {"INSTANCE_DISCOVERY": "false"},
    )
    assert printed.unused == []


def test_openid_client(state):
    printed = Printed("openid-client", state)
    url = re.search(r'new URL\("(.*)"\)', printed.line("# JavaScript: "))[1]
    authority = url.removesuffix(f"/{TENANT}/v2.0")
    node = ["node", str(FLOWS), "openid-client client credentials"]
    assert_application(node, printed.environment(AUTHORITY=authority))
    assert printed.unused == []
