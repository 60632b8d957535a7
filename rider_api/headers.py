"""Headers both edge processes read and write."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from shared_kernel.errors import Unauthenticated

REQUEST_ID = "X-Request-Id"
_REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")

CONTENT_POLICY = "Content-Security-Policy"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    CONTENT_POLICY: "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def security_headers(environment: str) -> dict[str, str]:
    """Return what every answer carries; HSTS only in production, where TLS ends in front of the edge."""
    if environment == "production":
        return {**SECURITY_HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
    return dict(SECURITY_HEADERS)


def request_id_of(given: str | None, new_id: Callable[[], UUID]) -> str:
    """Return the client's own request id where it is harmless to log and echo, else a new one."""
    return given if given and _REQUEST_ID_FORM.fullmatch(given) else str(new_id())


def client_address(remote: str | None, forwarded_for: str | None, proxies: int) -> str:
    """Return the address of the client, as the outermost of our own proxies saw it."""
    seen = [item.strip() for item in (forwarded_for or "").split(",") if item.strip()]
    return seen[-proxies] if 0 < proxies <= len(seen) else remote or ""


def bearer_token_of(authorization: str | None) -> str:
    """Take the token out of an Authorization header; empty where there is no header.

    Raises:
        Unauthenticated: `invalid_token` for another scheme.
    """
    if not authorization:
        return ""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("invalid_token", "the Authorization header must be of the form: Bearer <token>")
    return token.strip()
