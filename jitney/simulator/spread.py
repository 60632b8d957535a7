"""Spreading calls over several replicas, as a load balancer in front of them does; apps know one address alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import httpx


class SpreadTransport(httpx.AsyncBaseTransport):
    """Sends each request to the next of several servers; one that takes no connection is passed over."""

    def __init__(self, urls: Sequence[str], limits: httpx.Limits) -> None:
        self._urls = [httpx.URL(url) for url in urls]
        self._next = cycle(self._urls)
        self._inner = httpx.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises httpx.ConnectError where none of the servers takes it."""
        failure: httpx.ConnectError | None = None
        for url, _ in zip(self._next, self._urls, strict=False):
            request.url = request.url.copy_with(scheme=url.scheme, host=url.host, port=url.port)
            try:
                return await self._inner.handle_async_request(request)
            except httpx.ConnectError as error:
                failure = error
        raise failure or httpx.ConnectError("there is no server to ask")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def open_client(urls: str, limits: httpx.Limits, timeout: float | httpx.Timeout) -> httpx.AsyncClient:
    """Open a client of a server, or of several whose URLs are separated by commas."""
    first, *more = urls.split(",")
    transport = SpreadTransport([first, *more], limits) if more else None
    return httpx.AsyncClient(base_url=first, limits=limits, timeout=timeout, transport=transport)
