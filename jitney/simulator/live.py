"""The live stream of a signed-in person, for as long as the simulation runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx

from jitney.simulator.api import ApiError, SignedIn
from jitney_client import LiveEvent

__all__ = ["LiveEvent", "LiveStream"]

_RECONNECT_SECONDS = 0.5


class LiveStream:
    """Reads `/v1/me/stream` for as long as it is asked to.

    Each connection begins with a `resync` event, made of the stream's `hello`: whatever happened in between, the reader
    looks at the state. A person whose stream was opened elsewhere, or refused, opens it again.
    """

    def __init__(self, client: httpx.AsyncClient, person: SignedIn) -> None:
        self._stream = person.client.live(client)

    async def events(self) -> AsyncIterator[LiveEvent]:
        """Yield events for ever."""
        while True:
            try:
                async for event in self._stream.events():
                    yield event._replace(type="resync") if event.type == "hello" else event
            except ApiError:
                pass
            await asyncio.sleep(_RECONNECT_SECONDS)
