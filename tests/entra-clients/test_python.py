"""MSAL for Python and azure-identity."""

import azure.identity
import msal
import pytest
import requests
from browser import Browser
from conftest import (
    API,
    API_SCOPE,
    AUTHORITY,
    DOWNSTREAM_SCOPE,
    MACHINE,
    OTHER_IDENTITY,
    PUBLIC,
    TENANT,
    claims,
)

URL = f"{AUTHORITY}/{TENANT}"
MSAL = "MSAL for Python 1.39"
AZ = "azure-identity for Python 1.27"


def confidential(credential) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(API, authority=URL, client_credential=credential)


def public() -> msal.PublicClientApplication:
    return msal.PublicClientApplication(PUBLIC, authority=URL)


def accepted(reply: dict) -> dict:
    assert "access_token" in reply, reply
    return reply


def test_msal_code_flow_with_refresh(flows):
    client = public()
    flow = client.initiate_auth_code_flow([API_SCOPE], redirect_uri="http://localhost:41000")
    reply = accepted(
        client.acquire_token_by_auth_code_flow(flow, Browser().sign_in(flow["auth_uri"]))
    )
    assert claims(reply["access_token"])["aud"] == API
    (account,) = client.get_accounts()
    assert account["username"] == "ada@contoso.example"
    silent = client.acquire_token_silent([API_SCOPE], account)
    assert silent["token_source"] == "cache", "the cache finds the token by its scopes"
    renewed = accepted(client.acquire_token_silent([API_SCOPE], account, force_refresh=True))
    assert renewed["token_source"] == "identity_provider"
    flows.works(MSAL, "code with PKCE and refresh token")


def test_msal_code_flow_of_a_web_application(flows):
    client = confidential("api-secret")
    flow = client.initiate_auth_code_flow(
        ["User.Read"], redirect_uri="http://localhost:41000/web", response_mode="form_post"
    )
    reply = accepted(
        client.acquire_token_by_auth_code_flow(flow, Browser().sign_in(flow["auth_uri"]))
    )
    assert claims(reply["access_token"])["aud"] == "https://graph.microsoft.com"
    flows.works(MSAL, "code as form_post with a secret")


def test_msal_device_flow(flows):
    client = public()
    flow = client.initiate_device_flow([API_SCOPE])
    Browser().enter_code(flow["verification_uri"], flow["user_code"])
    accepted(client.acquire_token_by_device_flow(flow))
    flows.works(MSAL, "device code")


def test_msal_username_and_password(flows):
    reply = accepted(
        public().acquire_token_by_username_password(
            "ada@contoso.example", "Admin-Passw0rd!", [API_SCOPE]
        )
    )
    assert claims(reply["access_token"])["roles"] == ["Admin"]
    flows.works(MSAL, "username and password")


@pytest.mark.parametrize("kind", ["secret", "certificate", "federated"])
def test_msal_client_credentials(kind, credentials, flows):
    credential = {
        "secret": "api-secret",
        "certificate": {
            "private_key": credentials.private_key,
            "public_certificate": credentials.certificate,
        },
        "federated": {"client_assertion": lambda: credentials.workload_token.read_text()},
    }[kind]
    reply = accepted(
        confidential(credential).acquire_token_for_client(["api://downstream/.default"])
    )
    assert claims(reply["access_token"])["roles"] == ["Write.All"]
    flows.works(MSAL, f"client credentials with a {kind} credential")


def test_msal_on_behalf_of(flows):
    user = public().acquire_token_by_username_password(
        "ada@contoso.example", "Admin-Passw0rd!", [API_SCOPE]
    )
    reply = accepted(
        confidential("api-secret").acquire_token_on_behalf_of(
            user["access_token"], [DOWNSTREAM_SCOPE]
        )
    )
    assert claims(reply["access_token"])["scp"] == "Read"
    flows.works(MSAL, "on behalf of")


def user_token() -> str:
    reply = public().acquire_token_by_username_password(
        "ada@contoso.example", "Admin-Passw0rd!", [API_SCOPE]
    )
    return accepted(reply)["access_token"]


def azure_credential(kind, credentials, monkeypatch):
    if kind == "secret":
        return azure.identity.ClientSecretCredential(TENANT, API, "api-secret")
    if kind == "certificate":
        return azure.identity.CertificateCredential(TENANT, API, str(credentials.pem))
    if kind == "workload identity":
        return azure.identity.WorkloadIdentityCredential(
            tenant_id=TENANT, client_id=API, token_file_path=str(credentials.workload_token)
        )
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", API)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(credentials.workload_token))
    return azure.identity.DefaultAzureCredential()


@pytest.mark.parametrize("kind", ["secret", "certificate", "workload identity", "default"])
def test_azure_identity_application(kind, credentials, monkeypatch, flows):
    token = azure_credential(kind, credentials, monkeypatch).get_token("api://downstream/.default")
    assert claims(token.token)["roles"] == ["Write.All"]
    flows.works(AZ, f"client credentials with {kind} credential")


def test_azure_identity_on_behalf_of(flows):
    credential = azure.identity.OnBehalfOfCredential(
        TENANT, API, client_secret="api-secret", user_assertion=user_token()
    )
    assert claims(credential.get_token(DOWNSTREAM_SCOPE).token)["scp"] == "Read"
    flows.works(AZ, "on behalf of")


def test_azure_identity_device_code(flows):
    credential = azure.identity.DeviceCodeCredential(
        PUBLIC,
        tenant_id=TENANT,
        prompt_callback=lambda url, code, _: Browser().enter_code(url, code),
    )
    assert claims(credential.get_token(API_SCOPE).token)["aud"] == API
    flows.works(AZ, "device code")


def test_azure_identity_username_and_password(flows):
    credential = azure.identity.UsernamePasswordCredential(
        PUBLIC, "ada@contoso.example", "Admin-Passw0rd!", tenant_id=TENANT
    )
    assert claims(credential.get_token(API_SCOPE).token)["aud"] == API
    flows.works(AZ, "username and password")


def test_azure_identity_authorization_code(flows):
    url = (
        f"{URL}/oauth2/v2.0/authorize?client_id={API}&response_type=code&scope=openid"
        f"&redirect_uri=http://localhost:41000/web"
    )
    credential = azure.identity.AuthorizationCodeCredential(
        TENANT,
        API,
        Browser().sign_in(url)["code"],
        "http://localhost:41000/web",
        client_secret="api-secret",
    )
    token = credential.get_token("https://graph.microsoft.com/User.Read")
    assert claims(token.token)["aud"] == "https://graph.microsoft.com"
    flows.works(AZ, "code with a secret")


def managed_identity_platform(kind, monkeypatch):
    """Sets what Azure sets: nothing on a virtual machine but the place of IMDS, two variables in App Service."""
    if kind == "IMDS":
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", AUTHORITY)
    else:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{AUTHORITY}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "identity-header")


@pytest.mark.parametrize("kind", ["IMDS", "App Service"])
def test_azure_identity_managed_identity(kind, monkeypatch, flows):
    managed_identity_platform(kind, monkeypatch)
    system_assigned = azure.identity.ManagedIdentityCredential()
    token = system_assigned.get_token("api://downstream/.default")
    found = claims(token.token)
    assert (found["appid"], found["roles"]) == (MACHINE, ["Write.All"])
    assert found["exp"] - found["nbf"] == 24 * 3600 + 300
    for name, value in [
        ("client_id", OTHER_IDENTITY),
        ("object_id", "cccccccc-0006-4000-8000-000000000006"),
    ]:
        named = azure.identity.ManagedIdentityCredential(identity_config={name: value})
        found = claims(named.get_token("api://downstream/.default").token)
        assert found["appid"] == OTHER_IDENTITY, name
        assert "roles" not in found, name
    unknown = azure.identity.ManagedIdentityCredential(client_id=API)
    with pytest.raises(azure.identity.CredentialUnavailableError):
        unknown.get_token("api://downstream/.default")
    flows.works(AZ, f"managed identity from {kind}")


@pytest.mark.parametrize("kind", ["IMDS", "App Service"])
def test_msal_managed_identity(kind, monkeypatch, flows):
    managed_identity_platform(kind, monkeypatch)
    client = msal.ManagedIdentityClient(
        msal.UserAssignedManagedIdentity(client_id=MACHINE), http_client=requests.Session()
    )
    reply = accepted(client.acquire_token_for_client(resource="api://downstream"))
    assert claims(reply["access_token"])["appid"] == MACHINE
    flows.works(MSAL, f"managed identity from {kind}")
