"""The client: all operations, and the live stream, of one caller."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from jitney_client.live import LiveStream
from jitney_client.models import OtpVerification, Tokens
from jitney_client.operations import Operations
from jitney_client.tokens import FixedToken, RenewedTokens
from jitney_client.transport import Transport


class Client(Operations):
    """All operations of one caller."""

    @classmethod
    def with_token(cls, transport: Transport, token: str) -> Client:
        """Make a client with one token, such as `jitney token` prints, or an API key."""
        return cls(transport, FixedToken(token))

    def live(self, streams: httpx.AsyncClient, path: str = "/v1/me/stream", last_event_id: str = "") -> LiveStream:
        """Open a live stream: the caller's own, or of a ride (`/v1/rides/{id}/events`).

        Args:
            streams: its base_url is the process that serves streams.
            path: which stream.
            last_event_id: from where on, of an earlier connection; from now on if empty.
        """
        return LiveStream(streams, self.tokens, path, last_event_id)


async def sign_in(
    transport: Transport, verification: OtpVerification, *, when_renewed: Callable[[Tokens], None] | None = None
) -> Client:
    """Sign in with the one-time code that `request_otp` had sent.

    Raises:
        ApiError: for example `otp_invalid`.
    """
    answer = await Client(transport).verify_otp(verification)
    return Client(transport, RenewedTokens(transport, answer, when_renewed=when_renewed))
