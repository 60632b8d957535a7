"""What an HTTP answer, or its absence, says of a message that was handed over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx

from notification_service.domain.sending import SendResult, Throttled, Unavailable, Unknown

LONGEST_RETRY_AFTER_SECONDS = 300.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


async def attempt(channel: str, post: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response | SendResult:
    """Post once; return the answer, or what its absence says.

    A request that found no connection was not taken; one that was on its way may have been.
    """
    try:
        return await post()
    except _NEVER_SENT:
        return Unavailable(f"{channel}_unavailable")
    except httpx.HTTPError:
        return Unknown(f"{channel}_unanswered")


def common_failure(channel: str, answer: httpx.Response) -> SendResult | None:
    """Return what the statuses say that all providers mean alike; None for success and for what is the provider's own.

    503 is refused before any work (RFC 9110, section 15.6.4); the other 5xx may come after it.
    """
    match answer.status_code:
        case 429:
            return Throttled(f"{channel}_throttled", retry_after_seconds(answer))
        case 503:
            return Unavailable(f"{channel}_unavailable", retry_after_seconds(answer))
        case status if status >= 500:
            return Unknown(f"{channel}_broken_{status}")
        case _:
            return None


def body_of(answer: httpx.Response) -> dict[str, Any]:
    """Read a JSON object; an empty one where there is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def retry_after_seconds(answer: httpx.Response) -> float | None:
    """Read Retry-After in its form in seconds, bounded."""
    value = answer.headers.get("retry-after", "")
    return min(float(value), LONGEST_RETRY_AFTER_SECONDS) if value.isascii() and value.isdecimal() else None
