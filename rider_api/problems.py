"""Problem details (RFC 9457): what every refused or failed request is answered with, by both edge processes.

Beside `type, title, status, detail, instance` a problem has `code` (stable, to branch on), `retryable` (the same
request with the same Idempotency-Key may succeed later), `request_id`, `errors` (the refused fields) and `facts`
(ids that help, for example of the ride in the way).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared_kernel.errors import (
    AlreadyExists,
    Conflict,
    DomainError,
    FieldViolation,
    InFlight,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionRefused,
    Unauthenticated,
    Unavailable,
    Unknown,
)
from shared_kernel.ids import to_public_id

PROBLEM_TYPE = "application/problem+json"

_STATUS_BY_KIND: dict[type[DomainError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    PermissionRefused: 403,
    NotFound: 404,
    Conflict: 409,
    AlreadyExists: 409,
    InFlight: 409,
    LimitExceeded: 429,
    Unavailable: 503,
    Unknown: 504,
}
_STATUS_BY_CODE = {
    "payment_declined": 402,
    "offer_expired": 410,
    "idempotency_key_reused": 422,
    "version_moved_on": 412,
}
# Codes that chassis.status gives to answers that carried no reason of ours: the transport's own failures.
_STATUS_OF_TRANSPORT = {"rpc_deadline_exceeded": 504, "rpc_unavailable": 503, "rpc_unimplemented": 501}
_CODE_OF_TRANSPORT = {503: "service_unavailable", 504: "outcome_unknown", 501: "not_available_here"}
_PREFIX_BY_FACT = {
    "ride_id": "ride",
    "current_ride_id": "ride",
    "quote_id": "quote",
    "offer_id": "offer",
    "shift_id": "shift",
    "payment_id": "pay",
    "payment_method_id": "pm",
}


_REASONS = frozenset({"decline_reason", "refusal_reason"})
_REASON_FORM = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, before it is bound to a request."""

    status: int
    code: str
    detail: str
    retryable: bool = False
    errors: tuple[FieldViolation, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    retry_after_seconds: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def body(self, *, instance: str, request_id: str, trace_id: str = "") -> bytes:
        """Write it as JSON, bound to the request it answers."""
        document: dict[str, object] = {
            "type": f"urn:jitney:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "retryable": self.retryable,
            "request_id": request_id,
            "errors": [{"field": item.field, "description": item.description} for item in self.errors],
        }
        if trace_id:
            document["trace_id"] = trace_id
        if self.facts:
            document["facts"] = dict(self.facts)
        return json.dumps(document).encode()

    def all_headers(self) -> dict[str, str]:
        """Return the headers that go with it."""
        headers = {"Content-Type": PROBLEM_TYPE, **self.headers}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


class ProblemError(Exception):
    """A refusal of the edge itself that no DomainError stands for: of media type, size, method or route."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


INTERNAL = Problem(500, "internal_error", "something went wrong here")


def problem_of(error: DomainError) -> Problem:
    """Return the problem an error is told as.

    What is not an error of the domain (a back end's crash) becomes 500 without detail; 504 means that the outcome is
    not known: the same request with the same key will tell.
    """
    status = _STATUS_BY_CODE.get(error.reason) or _status_of_kind(error)
    code, detail = error.reason, error.message
    if code.startswith("rpc_"):
        status = _STATUS_OF_TRANSPORT.get(code, min(500, status))
        code = _CODE_OF_TRANSPORT.get(status, code.removeprefix("rpc_"))
    if status == 500:
        return INTERNAL
    # An unknown outcome told as anything but 504 (unimplemented) will not be known by asking again.
    retryable = error.retryable and status != 501
    wait = error.retry_after_seconds
    if wait is None and status in (429, 503):
        wait = 1.0
    return Problem(
        status=status,
        code=code,
        detail=detail,
        retryable=retryable,
        errors=error.violations,
        facts=_facts(error.metadata),
        retry_after_seconds=None if wait is None or status == 501 else max(1, math.ceil(wait)),
    )


def _status_of_kind(error: DomainError) -> int:
    return next((_STATUS_BY_KIND[kind] for kind in type(error).__mro__ if kind in _STATUS_BY_KIND), 500)


def _facts(metadata: Mapping[str, str]) -> dict[str, str]:
    """Keep the ids, in their public form, and why a payment was declined or a refund refused.

    What else a service told stays inside.
    """
    facts: dict[str, str] = {}
    for name, value in metadata.items():
        if name in _REASONS and _REASON_FORM.fullmatch(value):
            facts[name] = value
        prefix = _PREFIX_BY_FACT.get(name)
        if prefix is not None:
            try:
                facts[name] = to_public_id(prefix, UUID(value))
            except ValueError:
                continue
    return facts
