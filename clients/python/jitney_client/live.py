"""A live stream (server-sent events) that goes on where it broke off."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx

from jitney_client.errors import ApiError, Unreachable, error_of
from jitney_client.tokens import TokenSource

# A stream is never silent for longer than its heartbeat (15 s); longer silence means that it is dead.
_TIMEOUTS = httpx.Timeout(10.0, read=40.0)
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 15.0
_SIGN_IN_AGAIN = 401


class LiveEvent(NamedTuple):
    """One event: its type, its data, and the id after which the stream can be resumed."""

    type: str
    data: dict[str, Any]
    id: str


class LiveStream:
    """Reads a stream for as long as it is asked to.

    It comes back by itself after whatever broke the connection, with Last-Event-ID, so that nothing is missed; where
    the service cannot replay what was missed it sends `resync`, and the state is to be read anew. `hello` begins each
    connection. It ends after `superseded`: the account has opened the stream elsewhere.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: TokenSource,
        path: str,
        last_event_id: str = "",
        first_wait_seconds: float = _FIRST_WAIT_SECONDS,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._path = path
        self._first_wait_seconds = self._wait_seconds = first_wait_seconds
        self.last_event_id = last_event_id

    async def events(self) -> AsyncIterator[LiveEvent]:
        """Yield events until the stream is superseded.

        Raises:
            ApiError: the stream is refused for good, for example to an operator.
        """
        while True:
            token, asked_seconds = "", None
            try:
                token = await self._tokens.token()
                async for event in self._connection(token):
                    self._wait_seconds = self._first_wait_seconds
                    yield event
                    if event.type == "superseded":
                        return
            except (httpx.TransportError, httpx.StreamError, Unreachable):
                pass
            except ApiError as error:
                asked_seconds = error.retry_after_seconds
                another = await self._tokens.renewed(token) if error.status == _SIGN_IN_AGAIN else token
                if another == token and error.status < 500 and not error.is_retryable:
                    raise
            jitter = random.uniform(0.5, 1.0)  # noqa: S311 (jitter is no secret)
            await asyncio.sleep(self._wait_seconds * jitter if asked_seconds is None else asked_seconds)
            self._wait_seconds = min(_LONGEST_WAIT_SECONDS, self._wait_seconds * 2)

    async def _connection(self, token: str) -> AsyncIterator[LiveEvent]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        async with self._http.stream("GET", self._path, headers=headers, timeout=_TIMEOUTS) as answer:
            if not answer.is_success:
                await answer.aread()
                raise error_of(answer)
            kind, data, event_id = "message", list[str](), self.last_event_id
            async for line in answer.aiter_lines():
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    kind = value
                elif field == "data":
                    data.append(value)
                elif field == "id":
                    event_id = value
                elif not line:
                    # Only a whole event counts as seen: one that broke off comes again.
                    self.last_event_id = event_id
                    if data:
                        yield LiveEvent(kind, json.loads("\n".join(data)), event_id)
                    kind, data = "message", []
