"""The tokens by which push providers know us: OAuth of a service account for Google, signed by us for Apple."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt

from notification_service.adapters.http_answers import attempt, body_of, common_failure
from notification_service.domain.sending import SendResult, Unavailable
from shared_kernel.clock import Clock

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIFE = timedelta(hours=1)
_RENEWED_EARLY = timedelta(minutes=5)
_ASKED_AGAIN_AFTER = timedelta(seconds=30)
_APNS_TOKEN_LIFE = timedelta(minutes=40)
"""Apple refuses tokens older than an hour, and those renewed more often than every 20 minutes."""


class GoogleTokens:
    """Access tokens for a service account (RFC 7523), kept until shortly before their end; asked for once at a time."""

    def __init__(
        self, client: httpx.AsyncClient, token_url: str, email: str, private_key: str, key_id: str, clock: Clock
    ) -> None:
        self._client = client
        self._token_url = token_url
        self._email = email
        self._private_key = private_key
        self._key_id = key_id
        self._clock = clock
        self._token = ""
        self._ends_at: datetime | None = None
        self._renewed_from: datetime | None = None
        self._asking = asyncio.Lock()

    async def get(self) -> str | SendResult:
        """Return a token that counts, or what kept us from one: no message has gone by then.

        It is renewed while it counts, so that who gives them out may be away for some minutes.
        """
        async with self._asking:
            now = self._clock.now()
            counts = self._ends_at is not None and now < self._ends_at
            if not counts or self._renewed_from is None or now >= self._renewed_from:
                # Before it is asked for: where no answer comes, a message waits for it now and then, and not each.
                self._renewed_from = now + _ASKED_AGAIN_AFTER
                failure = await self._renew()
                if failure is not None and not counts:
                    return failure
            return self._token

    def forget(self) -> None:
        """Ask for another one the next time."""
        self._ends_at = None

    async def _renew(self) -> SendResult | None:
        now = self._clock.now()
        claims = {
            "iss": self._email,
            "scope": _SCOPE,
            "aud": self._token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + _ASSERTION_LIFE).timestamp()),
        }
        assertion = jwt.encode(claims, self._private_key, algorithm="RS256", headers={"kid": self._key_id})
        form = {"grant_type": _GRANT, "assertion": assertion}
        answer = await attempt("fcm_token", lambda: self._client.post(self._token_url, data=form))
        if not isinstance(answer, httpx.Response):
            return Unavailable("fcm_token_unavailable")
        if common_failure("fcm_token", answer) or not answer.is_success:
            return Unavailable(f"fcm_token_refused_{answer.status_code}")
        body = body_of(answer)
        token = str(body.get("access_token", ""))
        if not token:
            return Unavailable("fcm_token_missing")
        self._token = token
        self._ends_at = now + timedelta(seconds=_seconds(body.get("expires_in")))
        self._renewed_from = self._ends_at - _RENEWED_EARLY
        return None


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


class AppleTokens:
    """Provider tokens signed with our key (ES256)."""

    def __init__(self, team_id: str, key_id: str, private_key: str, clock: Clock) -> None:
        self._team_id = team_id
        self._key_id = key_id
        self._private_key = private_key
        self._clock = clock
        self._token = ""
        self._renewed_at: datetime | None = None

    def get(self) -> str:
        """Return a token that is less than 40 minutes old."""
        now = self._clock.now()
        if self._renewed_at is None or now - self._renewed_at >= _APNS_TOKEN_LIFE:
            claims = {"iss": self._team_id, "iat": int(now.timestamp())}
            self._token = jwt.encode(claims, self._private_key, algorithm="ES256", headers={"kid": self._key_id})
            self._renewed_at = now
        return self._token
