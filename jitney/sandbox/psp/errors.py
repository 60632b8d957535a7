"""Errors in Stripe's shape: `{"error": {"type", "code", "decline_code", "param", "message", ...}}` and an HTTP status.

    StripeError
    ├── invalid_request_error   400, 401 (no key), 403 (no such account), 404 (no such object or path), 409 (key in
    │                           use), 413 (too long), 429
    ├── idempotency_error       400: a key used again with other parameters or for another endpoint
    ├── card_error              402: the card's issuer refused; what the attempt left behind stays
    └── api_error               500: the processor's own fault; 503

`saved` tells whether Stripe keeps the answer under the request's idempotency key: it does once an endpoint has begun
to run, and does not for what is refused at the door (authentication, rate limits, parameters, a key in use).
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, error_type: str, message: str, *, saved: bool = True, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.saved = saved
        self.fields = fields

    @property
    def keeps_effect(self) -> bool:
        """Whether what the operation wrote before it was refused stays: the trace of a declined attempt does."""
        return self.error_type == "card_error"

    def body(self) -> Json:
        """Write the answer's body; fields without a value are left out, as Stripe does."""
        fields = {name: value for name, value in self.fields.items() if value is not None}
        return {"error": {"message": str(self), "type": self.error_type, **fields}}


def invalid_parameter(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A parameter that can never be right: refused before anything runs."""
    return StripeError(400, "invalid_request_error", message, saved=False, param=param, code=code)


def refused(message: str, code: str | None = None, *, param: str | None = None, **fields: Any) -> StripeError:
    """The state of an object refuses the request."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code, **fields)


def resource_missing(noun: str, identifier: str, param: str) -> StripeError:
    """There is no such object."""
    message = f"No such {noun}: '{identifier}'"
    return StripeError(404, "invalid_request_error", message, code="resource_missing", param=param)


def unknown_path(method: str, path: str) -> StripeError:
    """Nothing is served there."""
    return StripeError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).", saved=False)


def unauthenticated(message: str) -> StripeError:
    """The API key is missing or is not one of the sandbox."""
    return StripeError(401, "invalid_request_error", message, saved=False)


def too_long() -> StripeError:
    """The body is longer than the sandbox reads."""
    return StripeError(413, "invalid_request_error", "Request body is too long.", saved=False)


def rate_limited() -> StripeError:
    """Too many requests."""
    message = "Request rate limit exceeded."
    return StripeError(429, "invalid_request_error", message, saved=False, code="rate_limit")


def key_in_use(key: str) -> StripeError:
    """The first request with this key is still being worked on."""
    message = (
        f"There is currently another in-progress request using this Idempotent Key: {key}. Please try again later."
    )
    return StripeError(409, "invalid_request_error", message, saved=False, code="idempotency_key_in_use")


def key_reused(message: str) -> StripeError:
    """The key stands for a different request already."""
    return StripeError(400, "idempotency_error", message, saved=False)


def unavailable() -> StripeError:
    """The processor is not there for anybody."""
    return StripeError(503, "api_error", "The service is unavailable. Please try again later.", saved=False)


def no_such_account(account: str) -> StripeError:
    """The call was made in the name of an account that is not ours."""
    message = (
        f"The provided key does not have access to account '{account[:50]}' (or that account does not exist). "
        "Application access may have been revoked."
    )
    return StripeError(403, "invalid_request_error", message, saved=False, code="account_invalid")


def internal_error() -> StripeError:
    """The processor failed; whether it did what was asked is not said."""
    return StripeError(500, "api_error", "An unknown error occurred.")
