"""What a failed call to Stripe proves: that nothing was done, that it was refused, or nothing at all."""

from __future__ import annotations

from typing import Any, cast

import httpx
import stripe

from payment_service.use_cases.outcomes import Declined, NotSent, Unknown

_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def outcome_of(error: stripe.StripeError) -> Declined | NotSent | Unknown:
    """Translate an error of Stripe's library.

    NotSent: no connection was made, or Stripe turned the request away before it ran (429, 401, 403), so its key is not
    spent. Declined: the issuer or Stripe refused (402, 400, 404), and says the same under the same key. Unknown: all
    else, above all time-outs, resets, 5xx (`key_is_spent` when it is only the stored answer), and 409 (the key in use).
    """
    if isinstance(error, stripe.APIConnectionError):
        cause = error.__cause__
        name = type(cause).__name__
        return NotSent(name) if isinstance(cause, _NEVER_CONNECTED) else Unknown(name)
    if isinstance(error, stripe.RateLimitError | stripe.AuthenticationError | stripe.PermissionError):
        return NotSent(f"http_{error.http_status}")
    if isinstance(error, stripe.CardError | stripe.InvalidRequestError):
        return Declined(_decline_code(error) or error.code or "invalid_request")
    replayed = (error.http_status or 0) >= 500 and (error.headers or {}).get("idempotent-replayed") == "true"
    return Unknown(f"http_{error.http_status}", replayed)


def _decline_code(error: stripe.StripeError) -> str:
    body = error.json_body
    if not isinstance(body, dict):
        return ""
    details: Any = cast("dict[str, Any]", body).get("error")
    return str(cast("dict[str, Any]", details).get("decline_code") or "") if isinstance(details, dict) else ""
