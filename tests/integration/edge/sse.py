"""A client of server-sent events, as far as tests need one."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Event:
    """One event; a comment is of the type `comment`, the end of the stream of the type `end`."""

    type: str
    id: str | None
    data: Any


class EventReader:
    """Reads events one by one; waits for each, with a bound."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> Event:
        async with asyncio.timeout(WAIT_SECONDS):
            fields: dict[str, str] = {}
            async for line in self._lines:
                if line == "" and fields:
                    if set(fields) == {"retry"}:
                        fields = {}
                        continue
                    return self._event(fields)
                name, _, value = line.partition(":")
                if line:
                    fields[name or "comment"] = value.strip()
            return Event("end", None, None)

    @staticmethod
    def _event(fields: Mapping[str, str]) -> Event:
        if "comment" in fields:
            return Event("comment", None, None)
        return Event(fields["event"], fields.get("id"), json.loads(fields["data"]))


@asynccontextmanager
async def listening(
    url: str, headers: Mapping[str, str], path: str = "/v1/me/stream", **params: str
) -> AsyncGenerator[EventReader]:
    """Open a live stream."""
    async with (
        httpx.AsyncClient(timeout=WAIT_SECONDS) as client,
        client.stream("GET", f"{url}{path}", headers=dict(headers), params=params) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield EventReader(answer.aiter_lines())
