"""What a cancel costs, and the cancel that says yes to it."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, Money, Request, Timestamp, money, timestamp
from ridesharing.matching.v1 import ride_service_pb2


class CancellationPreview(Answer):
    """What a cancel costs now."""

    fee: Money
    fee_consent_token: str | None = Field(description="To be handed to the cancel; null when it is free.")
    expires_at: Timestamp


def cancellation_preview(message: ride_service_pb2.PreviewCancellationResponse) -> CancellationPreview:
    """Convert a preview."""
    return CancellationPreview(
        fee=money(message.fee),
        fee_consent_token=message.fee_consent_token or None,
        expires_at=timestamp(message.expire_time),
    )


class Cancellation(Request):
    """Ends a ride."""

    fee_consent_token: str | None = Field(default=None, max_length=512, description="Of the preview, if a fee is due.")
    reason: str = Field(default="", max_length=200)
