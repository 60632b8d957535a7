"""Where a client has its access token from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast
from uuid import uuid4

from jitney_client.models import SignIn, Tokens
from jitney_client.transport import Transport

_RENEW_BEFORE = timedelta(seconds=60)


class TokenSource(Protocol):
    """Gives access tokens."""

    async def token(self) -> str:
        """Return a token that is good for a while; empty for nobody."""
        ...

    async def renewed(self, refused: str) -> str:
        """Return another token than one that was refused; the same where there is no other."""
        ...


class FixedToken:
    """One token for as long as it lasts: of `jitney token`, or a partner's API key."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        """Return the token."""
        return self._token

    async def renewed(self, refused: str) -> str:
        """Return the same token."""
        del refused
        return self._token


class RenewedTokens:
    """The tokens of somebody who signed in: renewed a minute before the access token ends, or when it is refused.

    A refresh token is good once. One request at a time renews, whoever needs a token meanwhile waits for it; a renewal
    whose answer was lost is repeated with the same key and token.
    """

    def __init__(
        self, transport: Transport, answer: SignIn | Tokens, *, when_renewed: Callable[[Tokens], None] | None = None
    ) -> None:
        """Begin with an answer of sign-in or refresh; `when_renewed` is told of each new pair, to keep it."""
        self._transport = transport
        self._renewing = asyncio.Lock()
        self._when_renewed = when_renewed
        self._access_token = answer["access_token"]
        self._refresh_token = answer["refresh_token"]
        self._expires_at = datetime.fromisoformat(answer["access_expires_at"])

    async def token(self) -> str:
        """Return an access token that is good for a while."""
        async with self._renewing:
            if datetime.now(UTC) + _RENEW_BEFORE >= self._expires_at:
                await self._renew()
            return self._access_token

    async def renewed(self, refused: str) -> str:
        """Return another token than one that was refused."""
        async with self._renewing:
            if self._access_token == refused:
                await self._renew()
            return self._access_token

    async def _renew(self) -> None:
        body = {"refresh_token": self._refresh_token}
        answer = await self._transport.send("POST", "/v1/auth/token/refresh", key=str(uuid4()), body=body)
        tokens = cast("Tokens", answer.json())
        self._access_token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self._expires_at = datetime.fromisoformat(tokens["access_expires_at"])
        if self._when_renewed is not None:
            self._when_renewed(tokens)
