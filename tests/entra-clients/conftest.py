"""dev-entra as login.microsoftonline.com, and what its clients need."""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jwk, jwt

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "dev-entra-clients.md"
AUTHORITY = "https://login.microsoftonline.com"
TENANT = "11111111-1111-4111-8111-111111111111"
API = "3a5c0001-0000-4000-8000-000000000001"
PUBLIC = "3a5c0004-0000-4000-8000-000000000004"
MACHINE = "3a5c0005-0000-4000-8000-000000000005"
OTHER_IDENTITY = "3a5c0006-0000-4000-8000-000000000006"
API_SCOPE = f"api://{API}/access_as_user"
STRICT_SCOPE = "api://strict/Read"
DOWNSTREAM_SCOPE = "api://downstream/Read"
WORKLOAD_SUBJECT = "system:serviceaccount:tasks:api"


class Credentials:
    """A certificate of the API and a workload's token, in files of a temporary folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        self.private_key = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.thumbprint = hashlib.sha1(
            certificate.public_bytes(serialization.Encoding.DER)
        ).hexdigest()
        self.pem = folder / "api.pem"
        self.pem.write_text(self.private_key + self.certificate)
        issuer_key = jwk.RSAKey.generate_key(2048, {"kid": "cluster", "use": "sig"})
        self.keys = folder / "cluster-keys.json"
        self.keys.write_text(json.dumps({"keys": [issuer_key.as_dict(private=False)]}))
        claims = {
            "iss": "https://kubernetes.default.svc.cluster.local",
            "sub": WORKLOAD_SUBJECT,
            "aud": ["api://AzureADTokenExchange"],
            "iat": int(time.time()),
            "nbf": int(time.time()),
            "exp": int(time.time()) + 3600,
        }
        self.workload_token = folder / "workload-token"
        self.workload_token.write_text(
            jwt.encode({"alg": "RS256", "kid": "cluster"}, claims, issuer_key)
        )


@pytest.fixture(scope="session")
def credentials(tmp_path_factory) -> Credentials:
    return Credentials(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="session", autouse=True)
def dev_entra(tmp_path_factory, credentials):
    """Runs dev-entra on port 443, and makes this process and its children trust it."""
    folder = tmp_path_factory.mktemp("dev-entra")
    directory = write_directory(folder, credentials)
    arguments = [os.environ["DEV_ENTRA"], "--directory", str(directory)]
    arguments += ["--state", str(folder), "--listen", "127.0.0.1:443"]
    arguments += ["--public-url", AUTHORITY, "--operations-listen", "127.0.0.1:0"]
    process = subprocess.Popen(arguments)
    authority = str(folder / "ca.pem")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        os.environ[name] = authority
    try:
        wait_until_ready(process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def write_directory(folder: pathlib.Path, credentials: Credentials) -> pathlib.Path:
    """Writes the directory with what is generated, and returns the file."""
    directory = folder / "directory.yaml"
    text = (HERE / "directory.yaml").read_text()
    text = text.replace("$CERTIFICATE", json.dumps(credentials.certificate))
    directory.write_text(text.replace("$KEYS", str(credentials.keys)))
    return directory


def wait_until_ready(process: subprocess.Popen) -> None:
    url = f"{AUTHORITY}/{TENANT}/v2.0/.well-known/openid-configuration"
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, f"dev-entra ended with {process.returncode}"
        try:
            requests.get(url, timeout=10).raise_for_status()
            return
        except (requests.ConnectionError, OSError):
            assert time.monotonic() < deadline, "dev-entra does not answer"
            time.sleep(0.05)


def claims(token: str) -> dict:
    """The claims of a token, without verification."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Flows:
    """The flows that worked, by client."""

    def __init__(self) -> None:
        self.worked: dict[str, list[str]] = {}

    def works(self, client: str, flow: str) -> None:
        self.worked.setdefault(client, []).append(flow)

    def page(self) -> str:
        rows = [f"| {client} | {', '.join(sorted(flows))} |" for client, flows in self.worked.items()]
        return "\n".join(
            [
                "# Clients that sign in to dev-entra",
                "",
                "`make entra-clients` runs these flows with unmodified client libraries, and compares this page with",
                "those that worked. Each client has only an authority and a certificate to trust as settings.",
                "",
                "| client | flows |",
                "|---|---|",
                *sorted(rows),
                "",
            ]
        )


@pytest.fixture(scope="session")
def flows(request) -> Flows:
    request.config.flows = Flows()
    return request.config.flows


def pytest_sessionfinish(session, exitstatus) -> None:
    """Compares the page with what worked, or writes it, after a run of all tests."""
    found = getattr(session.config, "flows", None)
    is_whole = not session.config.option.keyword and exitstatus == 0 and found
    if not is_whole:
        return
    page = found.page()
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        print(f"\n{PAGE} differs from what worked; write it with WRITE_PAGES=1 make entra-clients")
        session.exitstatus = 1
