"""Tells the notification and audit services of a new task before the creator gets the response."""

import asyncio
import contextlib
import time

import httpx
import msal

import settings
from settings import AUDIT_CLIENT_ID, AUDIT_URL, AUTHORITY, HOME_TENANT, NOTIFICATION_CLIENT_ID, NOTIFICATION_URL

NOTIFICATION_SCOPE = [f"api://{NOTIFICATION_CLIENT_ID}/.default"]
AUDIT_SCOPE = [f"api://{AUDIT_CLIENT_ID}/.default"]
TIMEOUT_SECONDS = 10


def application(tenant: str) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        settings.CLIENT_ID, client_credential=settings.CLIENT_SECRET, authority=f"{AUTHORITY}/{tenant}",
        instance_discovery=False, verify=settings.AUTHORITY_CERTIFICATE)


class Services:
    """Calls both services with the tokens of `notification_token` and `audit_token`."""

    def __init__(self, http: httpx.AsyncClient):
        self.http = http

    async def post(self, url: str, token: str, body: dict, success: str) -> str:
        try:
            answer = await self.http.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
            return success if answer.is_success else "failed"
        except httpx.HTTPError:
            return "failed"

    async def notify(self, caller, task: dict) -> str:
        body = {"event": "task_created", "task_title": task["title"]}
        return await self.post(f"{NOTIFICATION_URL}/notify", await self.notification_token(caller), body, "sent")

    async def audit(self, caller, task: dict) -> str:
        body = {"action": "task_created", "resource_id": str(task["id"]), "actor": caller.object_id,
                "tenant_id": caller.tenant_id}
        return await self.post(f"{AUDIT_URL}/audit", await self.audit_token(), body, "logged")


class TokensEachTime(Services):
    """The original's way: MSAL blocks the event loop, a new application exchanges each user's token, and calls are sequential.

    The original may not keep its HTTP client and its application for the audit service. This class keeps both.
    """

    def __init__(self, http: httpx.AsyncClient):
        super().__init__(http)
        self.home = application(HOME_TENANT)

    async def notification_token(self, caller) -> str:
        reply = application(caller.tenant_id).acquire_token_on_behalf_of(caller.token, NOTIFICATION_SCOPE)
        return reply["access_token"]

    async def audit_token(self) -> str:
        return self.home.acquire_token_for_client(AUDIT_SCOPE)["access_token"]

    async def tell(self, caller, task: dict) -> tuple[str, str]:
        return await self.notify(caller, task), await self.audit(caller, task)


class TokensKept(Services):
    """The best way with care: tokens are kept until shortly before they expire, MSAL runs in a thread, and calls are parallel."""

    def __init__(self, http: httpx.AsyncClient):
        super().__init__(http)
        self.home = application(HOME_TENANT)
        self.kept: dict[str, tuple[str, float]] = {}

    async def token(self, key: str, acquire, *arguments) -> str:
        token, good_until = self.kept.get(key, ("", 0.0))
        if good_until > time.monotonic():
            return token
        reply = await asyncio.to_thread(acquire, *arguments)
        self.kept[key] = (reply["access_token"], time.monotonic() + reply["expires_in"] - 60)
        return reply["access_token"]

    async def notification_token(self, caller) -> str:
        return await self.token(caller.token, self.home.acquire_token_on_behalf_of, caller.token, NOTIFICATION_SCOPE)

    async def audit_token(self) -> str:
        return await self.token("", self.home.acquire_token_for_client, AUDIT_SCOPE)

    async def tell(self, caller, task: dict) -> tuple[str, str]:
        return await asyncio.gather(self.notify(caller, task), self.audit(caller, task))


@contextlib.asynccontextmanager
async def opened():
    ways = {"each": TokensEachTime, "kept": TokensKept}
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        yield ways[settings.TOKENS](http).tell
