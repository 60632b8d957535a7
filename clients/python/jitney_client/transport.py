"""One request and its tries.

A request is tried again when there was no answer, when the answer says that it may succeed later (429, 5xx, a problem
that is `retryable`), and when the first try of the same key is still under way (`request_in_flight`). The wait is what
Retry-After says, else it grows from a tenth of a second, with jitter. Changes carry an Idempotency-Key that stays the
same over all tries, so that they are made once. When the next try would come after the patience is over, the last
refusal is raised.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from jitney_client.errors import ApiError, Unreachable, error_of

_IN_FLIGHT = "request_in_flight"
_BUSY = frozenset({429, 500, 502, 503, 504})

Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is tried."""

    seconds: float = 20.0
    """All tries of one request together, without the last one's own time."""
    first_wait_seconds: float = 0.1
    longest_wait_seconds: float = 2.0
    """Where no Retry-After tells."""


class Transport:
    """Sends requests over an httpx client whose base_url is the interface."""

    def __init__(
        self, http: httpx.AsyncClient, patience: Patience | None = None, jitter: Callable[[], float] | None = None
    ) -> None:
        """Make one; `jitter` returns numbers from 0 to 1, at random if it is left out."""
        self.http = http
        self._patience = patience or Patience()
        self._jitter = jitter or random.random

    async def send(
        self, method: str, path: str, *, token: str = "", key: str = "", query: Query | None = None, body: object = None
    ) -> httpx.Response:
        """Send a request until it is answered for good. A path may bring a query of its own; `query` comes on top.

        Raises:
            ApiError: it was refused, for good or for longer than the patience lasts.
            Unreachable: the last try had no answer.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        # Not `params` of the request: httpx lets them, even if there are none, replace the query that a path brings.
        url = httpx.URL(path).copy_merge_params(_parameters(query or {}))
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._patience.seconds
        growing = self._patience.first_wait_seconds
        while True:
            try:
                answer = await self.http.request(method, url, json=body, headers=headers)
            except httpx.TransportError as error:
                trouble: ApiError | Unreachable = Unreachable(f"{method} {path}: {type(error).__name__}")
                asked_seconds = None
            else:
                if answer.is_success:
                    return answer
                trouble = error_of(answer)
                if not _may_succeed_later(trouble):
                    raise trouble
                asked_seconds = trouble.retry_after_seconds
            wait = growing * (0.5 + self._jitter() / 2) if asked_seconds is None else asked_seconds
            if loop.time() + wait > ends_at:
                raise trouble
            await asyncio.sleep(wait)
            growing = min(self._patience.longest_wait_seconds, growing * 2)


def _may_succeed_later(error: ApiError) -> bool:
    return error.status in _BUSY or error.is_retryable or error.code == _IN_FLIGHT


def _parameters(query: Query) -> list[tuple[str, str | int | float | bool | None]]:
    """Write a query: nothing of what is None, a list item by item."""
    parameters: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in query.items():
        if value is None:
            continue
        many = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        parameters += [(name, item if isinstance(item, (int, float)) else str(item)) for item in many]
    return parameters
