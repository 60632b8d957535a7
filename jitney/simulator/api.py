"""The public REST interface as an app uses it: tokens renewed, keys kept, and patience with a service that restarts."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

_TRIES = 12
_LONGEST_WAIT_SECONDS = 2.0
_RENEW_BEFORE = timedelta(seconds=60)
_BUSY = frozenset({429, 500, 502, 503, 504})
_SIGN_IN_AGAIN = 401
_IN_FLIGHT = "request_in_flight"


class ApiError(Exception):
    """The interface refused a request: its HTTP status, the stable code and the whole problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = problem
        super().__init__(f"{status} {self.code}: {problem.get('detail', '')}")


class Unreachable(Exception):
    """The interface did not answer within all tries."""


class Api:
    """One HTTP client for all simulated people."""

    def __init__(self, client: httpx.AsyncClient, jitter: random.Random) -> None:
        self._client = client
        self._jitter = jitter

    async def call(
        self, method: str, path: str, *, json: Any = None, token: str = "", key: str = "", params: Any = None
    ) -> dict[str, Any]:
        """Send a request; the same one again, with the same key, while the answer is that the service is busy.

        Raises:
            ApiError: the request was refused for good.
            Unreachable: no answer after about a quarter of a minute.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        trouble = ""
        for attempt in range(_TRIES):
            wait = min(_LONGEST_WAIT_SECONDS, 0.1 * 2**attempt)
            try:
                answer = await self._client.request(method, path, json=json, headers=headers, params=params)
            except httpx.TransportError as error:
                trouble = type(error).__name__
            else:
                if answer.is_success:
                    return answer.json() if answer.content else {}
                error = ApiError(answer.status_code, _problem(answer))
                if answer.status_code not in _BUSY and error.code != _IN_FLIGHT:
                    raise error
                trouble = str(error)
            await asyncio.sleep(wait * self._jitter.uniform(0.5, 1.0))
        raise Unreachable(f"{method} {path}: {trouble}")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {"detail": answer.text[:200]}
    return problem if isinstance(problem, dict) else {"detail": str(problem)[:200]}


class SignedIn:
    """Somebody who is signed in on a device, as a rider or a driver."""

    def __init__(self, api: Api, answer: dict[str, Any]) -> None:
        self._api = api
        self._renewing = asyncio.Lock()
        self.account_id = str(answer["account"]["id"])
        self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        self._access_token = str(answer["access_token"])
        self._refresh_token = str(answer["refresh_token"])
        self._expires_at = datetime.fromisoformat(answer["access_expires_at"])

    async def token(self) -> str:
        """Return an access token that is good for a while."""
        async with self._renewing:
            if datetime.now(UTC) + _RENEW_BEFORE >= self._expires_at:
                answer = await self._api.call(
                    "POST", "/v1/auth/token/refresh", json={"refresh_token": self._refresh_token}
                )
                self._take(answer)
            return self._access_token

    async def get(self, path: str) -> dict[str, Any]:
        """Read something."""
        return await self._api.call("GET", path, token=await self.token())

    async def do(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """Change something, with a key of its own that stays the same over all tries."""
        return await self._api.call(method, path, json=json, token=await self.token(), key=str(uuid4()))


async def sign_in(api: Api, sandbox: Api, phone_number: str, role: str) -> SignedIn:
    """Sign in by one-time code, read from the SMS in the sandbox."""
    since = datetime.now(UTC) - timedelta(seconds=1)
    await api.call("POST", "/v1/auth/otp", json={"phone_number": phone_number}, key=str(uuid4()))
    code = await _code_from_sms(sandbox, phone_number, since)
    answer = await api.call(
        "POST",
        "/v1/auth/otp/verify",
        json={"phone_number": phone_number, "code": code, "role": role, "device_id": f"simulator-{phone_number}"},
    )
    return SignedIn(api, answer)


async def _code_from_sms(sandbox: Api, phone_number: str, since: datetime) -> str:
    for _ in range(100):
        found = await sandbox.call(
            "GET", "/_sim/messages", params={"to": phone_number, "since": since.isoformat(), "limit": 1}
        )
        for message in found["messages"]:
            if message["code"]:
                return str(message["code"])
        await asyncio.sleep(0.1)
    raise Unreachable(f"no SMS with a code came to {phone_number}")
