"""CORS: which web pages of other origins may read answers. None, unless a setting names them."""

from __future__ import annotations

from collections.abc import Collection

from flask import Request, Response

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_TAKEN = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent"
_SHOWN = (
    "ETag, Idempotent-Replayed, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
_REMEMBER_SECONDS = "600"


def preflight(request: Request, origins: Collection[str]) -> Response | None:
    """Answer a browser that asks before a request; None where nobody asks, or nobody of ours."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asks or request.headers.get("Origin") not in origins:
        return None
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _TAKEN,
            "Access-Control-Max-Age": _REMEMBER_SECONDS,
        },
    )


def allow(request: Request, response: Response, origins: Collection[str]) -> None:
    """Let a page of a named origin read an answer. Never with credentials of the browser's: tokens are sent by hand."""
    if not origins:
        return
    response.vary.add("Origin")
    response.headers.update(readable_by(request.headers.get("Origin"), origins))


def readable_by(origin: str | None, origins: Collection[str]) -> dict[str, str]:
    """Return the headers by which a page of a named origin may read an answer; none for others."""
    if origin is None or origin not in origins:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _SHOWN}
