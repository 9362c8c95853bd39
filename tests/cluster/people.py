"""Obtains tokens of dev-entra's users and sends requests with them."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

TENANT = "11111111-1111-4111-8111-111111111111"
WEB = "3a5c0004-0000-4000-8000-000000000004"
TASK_API = "3a5c0001-0000-4000-8000-000000000001"
TASKS = f"api://{TASK_API}/access_as_user"
NOTIFICATIONS = "api://3a5c0002-0000-4000-8000-000000000002/Notify.Send"
EDITOR = ("eddie.editor@contoso.example", "Editor-Passw0rd!")
READER = ("rita.reader@contoso.example", "Reader-Passw0rd!")


@dataclass(frozen=True)
class Entra:
    """dev-entra through a port-forward; its certificate also covers localhost."""

    port: int
    authority: str

    def form(self, **fields):
        """Status and body of the token endpoint's answer."""
        url = f"https://localhost:{self.port}/{TENANT}/oauth2/v2.0/token"
        context = ssl.create_default_context(cadata=self.authority)
        return ask(url, data=urllib.parse.urlencode(fields).encode(), context=context)

    def token(self, person, scope):
        status, body = self.form(grant_type="password", client_id=WEB, username=person[0], password=person[1], scope=scope)
        assert status == 200, body
        return json.loads(body)["access_token"]


def ask(url, token=None, body=None, data=None, headers=(), context=None):
    request = urllib.request.Request(url, data=json.dumps(body).encode() if body is not None else data, headers=dict(headers))
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
