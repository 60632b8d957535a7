"""The public REST interface as an app uses it: the Python client, and people who sign in by text message."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, cast

import httpx

from jitney_client import ApiError, Client, Patience, RenewedTokens, Transport, Unreachable
from jitney_client.models import SignIn
from jitney_client.transport import Query

__all__ = ["Api", "ApiError", "SignedIn", "Unreachable", "found", "sign_in"]

T = TypeVar("T")
_SERVERS_FAULT = 500
_LOOKS, _LOOK_SECONDS = 600, 0.1
"""For a text message: a minute and more, as an SMS that is sent once more takes."""


class _CountingTransport(Transport):
    """Counts the requests that not even the last try healed."""

    unhealed_count = 0

    async def send(
        self, method: str, path: str, *, token: str = "", key: str = "", query: Query | None = None, body: object = None
    ) -> httpx.Response:
        try:
            return await super().send(method, path, token=token, key=key, query=query, body=body)
        except Unreachable:
            self.unhealed_count += 1
            raise
        except ApiError as error:
            self.unhealed_count += error.status >= _SERVERS_FAULT
            raise


class Api:
    """One HTTP client for all simulated people."""

    def __init__(self, client: httpx.AsyncClient, jitter: random.Random, patience: Patience | None = None) -> None:
        self.transport = _CountingTransport(client, patience, jitter.random)

    def as_bearer(self, token: str) -> Client:
        """Return all operations of whoever bears a token."""
        return Client.with_token(self.transport, token)

    async def call(
        self, method: str, path: str, *, json: Any = None, token: str = "", key: str = "", params: Any = None
    ) -> dict[str, Any]:
        """Call any path, also one that is none of the public interface (the sandbox), with nothing added.

        Raises:
            ApiError: the request was refused for good.
            Unreachable: no answer while the patience lasts, a third of a minute where none is named.
        """
        answer = await self.transport.send(method, path, token=token, key=key, query=params, body=json)
        return cast("dict[str, Any]", answer.json()) if answer.content else {}


class SignedIn:
    """Somebody who is signed in on a device, as a rider or a driver: all operations, and any path."""

    def __init__(self, api: Api, answer: SignIn) -> None:
        self.tokens = RenewedTokens(api.transport, answer)
        self.client = Client(api.transport, self.tokens)
        self.account_id = answer["account"]["id"]

    async def token(self) -> str:
        """Return an access token that is good for a while."""
        return await self.tokens.token()

    async def get(self, path: str) -> dict[str, Any]:
        """Read something."""
        return await self.client.call("GET", path)

    async def do(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """Change something, with a key of its own that stays the same over all tries."""
        return await self.client.call(method, path, body=json) or {}


async def found(reading: Awaitable[T]) -> T | None:
    """Return what is read, None where there is nothing."""
    try:
        return await reading
    except ApiError as error:
        if error.status == 404:
            return None
        raise


async def sign_in(api: Api, sandbox: Api, phone_number: str, role: Literal["rider", "driver"]) -> SignedIn:
    """Sign in by one-time code, read from the SMS in the sandbox."""
    since = datetime.now(UTC) - timedelta(seconds=1)
    anybody = Client(api.transport)
    await anybody.request_otp({"phone_number": phone_number})
    code = await _code_from_sms(sandbox, phone_number, since)
    device = f"simulator-{phone_number}"
    answer = await anybody.verify_otp({"phone_number": phone_number, "code": code, "role": role, "device_id": device})
    return SignedIn(api, answer)


async def _code_from_sms(sandbox: Api, phone_number: str, since: datetime) -> str:
    for _ in range(_LOOKS):
        page = await sandbox.call(
            "GET", "/_sim/messages", params={"to": phone_number, "since": since.isoformat(), "limit": 1}
        )
        for message in page["messages"]:
            if message["code"]:
                return str(message["code"])
        await asyncio.sleep(_LOOK_SECONDS)
    raise Unreachable(f"no SMS with a code came to {phone_number}")
