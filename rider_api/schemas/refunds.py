"""Refunds, and what cardholders dispute."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from rider_api.schemas.common import (
    Answer,
    DisputeId,
    Money,
    MoneyRequest,
    OpenEnum,
    PageQuery,
    Parameters,
    PaymentId,
    RefundId,
    Request,
    RideId,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_or_none,
)
from ridesharing.payment.v1 import dispute_service_pb2, disputes_pb2, refunds_pb2

REFUND_STATUSES = OpenEnum(refunds_pb2.RefundStatus.items(), "REFUND_STATUS")
BORNE_BY = OpenEnum(refunds_pb2.RefundBorneBy.items(), "REFUND_BORNE_BY")
DESTINATIONS = OpenEnum(refunds_pb2.RefundDestination.items(), "REFUND_DESTINATION")
DISPUTE_STATUSES = OpenEnum(disputes_pb2.DisputeStatus.items(), "DISPUTE_STATUS")
LOSS_BORNE_BY = OpenEnum(disputes_pb2.LossBorneBy.items(), "LOSS_BORNE_BY")


class RefundRequest(Request):
    """Gives back a part of a payment, or all that is left of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ride_id": "ride_01h455vb4pex5vsknk084sn02q",
                    "amount": {"currency_code": "USD", "amount_minor": 500},
                    "reason": "the driver took a detour",
                }
            ]
        }
    )
    ride_id: RideId | None = Field(default=None, description="The ride whose own payment is meant.")
    payment_id: PaymentId | None = Field(default=None, description="Or one payment, for example a tip's.")
    amount: MoneyRequest | None = Field(default=None, description="All that is left without it.")
    reason: str = Field(min_length=1, max_length=500, description="For the books; no personal data.")
    borne_by: Literal["proportional", "platform"] | None = Field(
        default=None, description="In the shares of the charge without it, where it has shares."
    )

    @model_validator(mode="after")
    def _names_one(self) -> RefundRequest:
        if (self.ride_id is None) == (self.payment_id is None):
            raise ValueError("either ride_id or payment_id is required, and only one of them")
        return self


class RefundPath(Parameters):
    """Names a refund."""

    refund_id: RefundId


class RefundSearchQuery(PageQuery):
    """Which refunds."""

    ride_id: RideId | None = None
    payment_id: PaymentId | None = None
    status: Literal["pending", "paid", "failed"] | None = None


class Refund(Answer):
    """Captured money that goes back to its rider."""

    id: str = Field(examples=["rfnd_01h4556qpqexqvskwzpczs00jq"])
    payment_id: str
    ride_id: str | None
    rider_id: str
    amount: Money
    reason: str | None = Field(description="Told to operators.")
    borne_by: str = Field(examples=["proportional"])
    destination: str = Field(examples=["card"])
    status: str = Field(examples=["paid"])
    failure_reason: str | None
    created_at: Timestamp
    paid_at: Timestamp | None
    failed_at: Timestamp | None
    version: int


def refund(message: refunds_pb2.Refund) -> Refund:
    """Convert a refund."""
    return Refund(
        id=public_id("rfnd", message.refund_id),
        payment_id=public_id("pay", message.payment_id),
        ride_id=public_id_or_none("ride", message.ride_id),
        rider_id=public_id("acct", message.rider_id),
        amount=money(message.amount),
        reason=message.reason or None,
        borne_by=BORNE_BY.text(message.borne_by),
        destination=DESTINATIONS.text(message.destination),
        status=REFUND_STATUSES.text(message.status),
        failure_reason=message.failure_reason or None,
        created_at=timestamp(message.create_time),
        paid_at=timestamp_or_none(message, "pay_time"),
        failed_at=timestamp_or_none(message, "fail_time"),
        version=message.version,
    )


class Refunds(Answer):
    """A page of refunds, newest first."""

    items: list[Refund]
    next_cursor: str | None


class DisputePath(Parameters):
    """Names a dispute."""

    dispute_id: DisputeId


class DisputeSearchQuery(PageQuery):
    """Which disputes."""

    ride_id: RideId | None = None
    payment_id: PaymentId | None = None
    status: Literal["inquiry", "needs_response", "under_review", "won", "lost", "closed"] | None = None


class Dispute(Answer):
    """A cardholder's claim to a charge's money."""

    id: str = Field(examples=["disp_01h4556qpqexqvskwzpczs00jq"])
    psp_dispute_id: str
    payment_id: str
    ride_id: str | None
    amount: Money
    withdrawn: Money = Field(description="What the PSP has taken for it.")
    reinstated: Money = Field(description="What came back of that.")
    fee: Money
    reason: str = Field(description="The bank's.", examples=["fraudulent"])
    status: str = Field(examples=["needs_response"])
    borne_by: str | None = Field(description="Whose loss it is if it is lost.", examples=["platform"])
    evidence_due_at: Timestamp | None
    created_at: Timestamp
    closed_at: Timestamp | None
    version: int


def dispute(message: disputes_pb2.Dispute) -> Dispute:
    """Convert a dispute."""
    return Dispute(
        id=public_id("disp", message.dispute_id),
        psp_dispute_id=message.psp_dispute_id,
        payment_id=public_id("pay", message.payment_id),
        ride_id=public_id_or_none("ride", message.ride_id),
        amount=money(message.amount),
        withdrawn=money(message.withdrawn),
        reinstated=money(message.reinstated),
        fee=money(message.fee),
        reason=message.reason,
        status=DISPUTE_STATUSES.text(message.status),
        borne_by=LOSS_BORNE_BY.text_or_none(message.borne_by),
        evidence_due_at=timestamp_or_none(message, "evidence_due_time"),
        created_at=timestamp(message.create_time),
        closed_at=timestamp_or_none(message, "close_time"),
        version=message.version,
    )


class Disputes(Answer):
    """A page of disputes, newest first."""

    items: list[Dispute]
    next_cursor: str | None


class DisputeEvidence(Request):
    """What the bank is told; at least one text, once."""

    product_description: str = Field(default="", max_length=20_000)
    customer_name: str = Field(default="", max_length=500)
    customer_email_address: str = Field(default="", max_length=500)
    service_date: str = Field(default="", max_length=100)
    access_activity_log: str = Field(default="", max_length=20_000)
    cancellation_policy_disclosure: str = Field(default="", max_length=20_000)
    cancellation_rebuttal: str = Field(default="", max_length=20_000)
    refund_policy_disclosure: str = Field(default="", max_length=20_000)
    refund_refusal_explanation: str = Field(default="", max_length=20_000)
    uncategorized_text: str = Field(default="", max_length=20_000)

    def message(self) -> dispute_service_pb2.DisputeEvidence:
        """Write it for the contracts."""
        return dispute_service_pb2.DisputeEvidence(**self.model_dump())


class DisputeAcceptance(Request):
    """Gives a dispute up: it is lost."""

    borne_by: Literal["platform", "driver"] | None = Field(default=None, description="As it stands without it.")
