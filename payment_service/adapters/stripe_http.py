"""The HTTP client under Stripe's library.

The library's own httpx client hands its encoded form over in a way that httpx deprecates. The library takes any other
client that keeps to its base class.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import httpx
import stripe

_MAX_CONNECTIONS = 50


class BoundedHttpClient(stripe.HTTPClient):
    """httpx with bounds on connections and waits; errors of the network become the library's APIConnectionError."""

    name = "httpx"

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_CONNECTIONS)
        self._client = httpx.AsyncClient(timeout=timeout_seconds, limits=limits)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            response = await self._client.request(method, url, headers=dict(headers), content=post_data or None)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(type(error).__name__) from error
        return response.content, response.status_code, response.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
