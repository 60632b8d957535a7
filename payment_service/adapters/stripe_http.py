"""The HTTP client under Stripe's library.

The library's own httpx client hands its encoded form over in a way that httpx deprecates. The library takes any other
client that keeps to its base class.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe
from opentelemetry import trace
from prometheus_client import Counter, Histogram

from chassis.telemetry import follow_out

_MAX_CONNECTIONS = 50
_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
PSP_CALLS = Counter("psp_calls_total", "Calls of the PSP, by operation and class of answer", ["operation", "outcome"])
PSP_SECONDS = Histogram(
    "psp_call_seconds",
    "Time that the PSP took to answer",
    ["operation"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


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
        operation = operation_of(method, url)
        begun = time.perf_counter()
        outcome = "unanswered"
        try:
            # No traceparent goes along: whose requests these are is nobody's business outside.
            with follow_out("", f"PSP {operation}"):
                response = await self._client.request(method, url, headers=dict(headers), content=post_data or None)
                outcome = f"{response.status_code // 100}xx"
                trace.get_current_span().set_attribute("http.response.status_code", response.status_code)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(type(error).__name__) from error
        finally:
            PSP_CALLS.labels(operation, outcome).inc()
            PSP_SECONDS.labels(operation).observe(time.perf_counter() - begun)
        return response.content, response.status_code, response.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()


def operation_of(method: str, url: str) -> str:
    """Name what is asked of the PSP without whose it is: `POST payment_intents/{id}/capture`.

    Of Stripe's paths `/v1/RESOURCE/ID/ACTION/ID` every other segment is an id, or as good as one.
    """
    segments = urlsplit(url).path.partition("/v1/")[2].split("/")[:4]
    named = [
        segment if place % 2 == 0 and _WORD.fullmatch(segment) else "{id}" for place, segment in enumerate(segments)
    ]
    return f"{method.upper()} {'/'.join(named)}"
