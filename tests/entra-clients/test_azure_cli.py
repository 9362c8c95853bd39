"""The Azure CLI provisions applications by Microsoft Graph.

AZURE_CLI is its program. The runner does not install it, because it takes 700 MB.
"""

import json
import os
import subprocess

import pytest
import requests
from conftest import AUTHORITY, TENANT, claims

AZURE_CLI = os.environ.get("AZURE_CLI")
GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
BUYER = [
    {
        "allowedMemberTypes": ["User"],
        "description": "Buys",
        "displayName": "Buyer",
        "isEnabled": True,
        "value": "Buyer",
    }
]
FEDERATED = {
    "name": "pod",
    "issuer": "https://cluster.example",
    "subject": "system:serviceaccount:shop:orders",
    "audiences": ["api://AzureADTokenExchange"],
}

pytestmark = pytest.mark.skipif(not AZURE_CLI, reason="AZURE_CLI is not set to the program az")


@pytest.fixture
def az(tmp_path, monkeypatch):
    """Runs a command of a signed-in Azure CLI with settings of its own, and returns its JSON."""
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("AZURE_CORE_COLLECT_TELEMETRY", "no")

    def run(*arguments: str):
        command = [AZURE_CLI, *arguments, "--only-show-errors", "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    arm = f"{AUTHORITY}/arm"
    cloud = ["--skip-endpoint-discovery", "--endpoint-active-directory", AUTHORITY]
    cloud += ["--endpoint-active-directory-resource-id", arm, "--endpoint-resource-manager", arm]
    cloud += ["--endpoint-management", arm, "--profile", "latest"]
    cloud += ["--endpoint-microsoft-graph-resource-id", f"{AUTHORITY}/"]
    run("cloud", "register", "--name", "dev", *cloud)
    run("cloud", "set", "--name", "dev")
    run("config", "set", "core.instance_discovery=false")
    client = ["--username", "3a5c0011-0000-4000-8000-000000000011"]
    client += ["--password", "provisioner-secret", "--tenant", TENANT]
    run("login", "--service-principal", *client, "--allow-no-subscriptions")
    return run


def test_azure_cli_provisions_an_application(az):
    created = az("ad", "app", "create", "--display-name", "orders", "--identifier-uris", "api://orders")
    app = ["--id", created["appId"]]
    assert az("ad", "app", "list", "--display-name", "orders")[0]["id"] == created["id"]
    principal = az("ad", "sp", "create", *app)
    assert az("ad", "sp", "show", *app)["id"] == principal["id"]
    roles = ["--app-roles", json.dumps(BUYER)]
    az("ad", "app", "update", *app, "--web-redirect-uris", "https://orders.example/auth", *roles)
    shown = az("ad", "app", "show", *app)
    assert shown["web"]["redirectUris"] == ["https://orders.example/auth"]
    assert shown["appRoles"][0]["value"] == "Buyer"
    az("ad", "app", "federated-credential", "create", *app, "--parameters", json.dumps(FEDERATED))
    assert az("ad", "app", "federated-credential", "list", *app)[0]["subject"] == FEDERATED["subject"]
    secret = az("ad", "app", "credential", "reset", *app)["password"]
    form = {"grant_type": "client_credentials", "client_id": created["appId"], "client_secret": secret}
    form["scope"] = "api://downstream/.default"
    token_url = f"{AUTHORITY}/{TENANT}/oauth2/v2.0/token"
    reply = requests.post(token_url, data=form, timeout=10)
    assert claims(reply.json()["access_token"])["oid"] == principal["id"]
    az("ad", "app", "delete", *app)
    assert requests.post(token_url, data=form, timeout=10).status_code == 400


def test_azure_cli_grants_permissions(az):
    created = az("ad", "app", "create", "--display-name", "shop")
    app = ["--id", created["appId"], "--api", GRAPH]
    az("ad", "sp", "create", "--id", created["appId"])
    az("ad", "app", "permission", "add", *app, "--api-permissions", f"{USER_READ}=Scope")
    az("ad", "app", "permission", "grant", *app, "--scope", "User.Read")
    grants = az("ad", "app", "permission", "list-grants", "--id", created["appId"])
    assert [grant["scope"] for grant in grants] == ["User.Read"]


def test_azure_cli_reads_users(az):
    assert az("ad", "user", "show", "--id", "ada@contoso.example")["displayName"] == "Ada Admin"
    users = az("rest", "--url", f"{AUTHORITY}/v1.0/users?$top=1", "--resource", f"{AUTHORITY}/")
    assert len(users["value"]) == 1
    assert az("ad", "group", "list") == []
