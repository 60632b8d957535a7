"""The live stream of a signed-in person: server-sent events, resumed where they broke off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx

from jitney.simulator.api import SignedIn

_RECONNECT_SECONDS = 0.5


class LiveEvent(NamedTuple):
    """One event: its type and data."""

    type: str
    data: dict[str, Any]


class LiveStream:
    """Reads `/v1/me/stream` for as long as it is asked to.

    After each connection a `resync` event is made up: whatever happened in between, the reader looks at the state.
    """

    def __init__(self, client: httpx.AsyncClient, person: SignedIn) -> None:
        self._client = client
        self._person = person
        self._last_id = ""

    async def events(self) -> AsyncIterator[LiveEvent]:
        """Yield events for ever."""
        while True:
            try:
                async for event in self._connection():
                    yield event
            except (httpx.TransportError, httpx.HTTPStatusError, httpx.StreamError):
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _connection(self) -> AsyncIterator[LiveEvent]:
        headers = {"Authorization": f"Bearer {await self._person.token()}", "Accept": "text/event-stream"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        async with self._client.stream("GET", "/v1/me/stream", headers=headers) as answer:
            answer.raise_for_status()
            yield LiveEvent("resync", {})
            kind, data = "message", ""
            async for line in answer.aiter_lines():
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    kind = value
                elif field == "data":
                    data += value
                elif field == "id":
                    self._last_id = value
                elif not line and data:
                    yield LiveEvent(kind, json.loads(data))
                    kind, data = "message", ""
