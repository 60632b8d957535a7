"""Complaints: what riders say was wrong with rides. (A dispute of operators' is a card's bank's: see refunds.)"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    ComplaintId,
    Money,
    MoneyRequest,
    OpenEnum,
    PageQuery,
    Parameters,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_or_none,
)
from ridesharing.matching.v1 import complaint_service_pb2 as pb

REASONS = OpenEnum(pb.ComplaintReason.items(), "COMPLAINT_REASON")
STATES = OpenEnum(pb.ComplaintState.items(), "COMPLAINT_STATE")
BEARERS = OpenEnum(pb.ComplaintRefundBorneBy.items(), "COMPLAINT_REFUND_BORNE_BY")


class ComplaintPath(Parameters):
    """Names a complaint."""

    complaint_id: ComplaintId


class ComplaintsQuery(PageQuery):
    """Which complaints."""

    state: Literal["open", "refund_pending", "refunded", "rejected"] | None = Field(
        default=None, description="Only those that stand here."
    )


class ComplaintRequest(Request):
    """What was wrong with a ride."""

    reason: Literal["overcharged", "wrong_route", "not_my_ride", "asked_for_cash", "other"]
    words: str = Field(default="", max_length=1000, examples=["The driver went twice around the park."])


class ComplaintRefund(Request):
    """What is given back."""

    amount: MoneyRequest | None = Field(
        default=None, description="Null for all that is left of what the ride's own payment brought."
    )
    borne_by: Literal["proportional", "platform"] = Field(
        default="proportional", description="All who had a share of the charge, or the platform alone."
    )
    answer: str = Field(default="", max_length=500, description="What the rider is told.")


class ComplaintRejection(Request):
    """Why nothing is given back."""

    answer: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="What the rider is told.", examples=["The way was the one that was quoted."]
    )


class Complaint(Answer):
    """A complaint as its rider sees it."""

    id: str = Field(examples=["cmpl_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str
    reason: str = Field(examples=["overcharged"])
    words: str
    state: str = Field(description="open, refund_pending, refunded or rejected.", examples=["open"])
    answer: str | None = Field(description="What the people who run the service say to it.")
    refund_amount: Money | None = Field(description="Null also where all that was left goes back.")
    refund_id: str | None = Field(description="The refund, which tells where the money is.")
    created_at: Timestamp
    closed_at: Timestamp | None


class Complaints(Answer):
    """The complaints of a ride, newest first."""

    items: list[Complaint]


class OperatorComplaint(Complaint):
    """A complaint as operators see it."""

    rider_id: str
    borne_by: str | None
    refusal: str | None = Field(
        description="Why the refund that was tried last was refused; the complaint is open again."
    )
    operator_id: str | None
    version: int


class OperatorComplaints(Answer):
    """A page of complaints, newest first."""

    items: list[OperatorComplaint]
    next_cursor: str | None


def complaint(message: pb.Complaint) -> Complaint:
    """Convert a complaint for its rider."""
    return Complaint(**_common(message))


def operator_complaint(message: pb.Complaint) -> OperatorComplaint:
    """Convert a complaint for operators."""
    return OperatorComplaint(
        **_common(message),
        rider_id=public_id("acct", message.rider_id),
        borne_by=BEARERS.text_or_none(message.refund_borne_by),
        refusal=message.refusal or None,
        operator_id=public_id_or_none("acct", message.operator_id),
        version=message.version,
    )


def _common(message: pb.Complaint) -> dict[str, Any]:
    return {
        "id": public_id("cmpl", message.complaint_id),
        "ride_id": public_id("ride", message.ride_id),
        "reason": REASONS.text(message.reason),
        "words": message.words,
        "state": STATES.text(message.state),
        "answer": message.answer or None,
        "refund_amount": money(message.refund_amount) if message.HasField("refund_amount") else None,
        "refund_id": public_id_or_none("rfnd", message.refund_id),
        "created_at": timestamp(message.create_time),
        "closed_at": timestamp_or_none(message, "close_time"),
    }
