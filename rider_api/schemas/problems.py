"""The form of every problem, for the OpenAPI document."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer


class FieldError(Answer):
    """One refused field."""

    field: str = Field(examples=["pickup.latitude"])
    description: str


class Problem(Answer):
    """Problem details (RFC 9457). Branch on `code`; `detail` is for people."""

    type: str = Field(examples=["urn:jitney:problem:quote_expired"])
    title: str = Field(examples=["Quote expired"])
    status: int = Field(examples=[409])
    detail: str
    instance: str = Field(examples=["/v1/rides"])
    code: str = Field(pattern="^[a-z][a-z0-9_]*$", examples=["quote_expired"])
    retryable: bool = Field(description="The same request with the same Idempotency-Key may succeed later.")
    request_id: str
    trace_id: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{32}$",
        description="What the logs and spans of this request are found by; none where it came to no route.",
    )
    errors: list[FieldError]
    facts: dict[str, str] | None = Field(
        default=None, description="What helps: ids, for example of the ride in the way, or why a payment was declined."
    )
