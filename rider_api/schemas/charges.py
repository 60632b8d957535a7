"""Payments as riders and operators see them, tips, and all that was paid for a ride."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    Money,
    MoneyRequest,
    OpenEnum,
    PageQuery,
    Parameters,
    PaymentId,
    PaymentMethodId,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.payments import FUNDINGS, Receipt, receipt
from rider_api.schemas.refunds import Refund, refund
from ridesharing.payment.v1 import payment_service_pb2, payments_pb2, statement_service_pb2

PAYMENT_STATUSES = OpenEnum(payments_pb2.PaymentStatus.items(), "PAYMENT_STATUS")
PURPOSES = OpenEnum(payments_pb2.PaymentPurpose.items(), "PAYMENT_PURPOSE")


class Payment(Answer):
    """Money asked of a rider: held, collected, released or refused."""

    id: str = Field(examples=["pay_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str | None
    rider_id: str
    purpose: str = Field(examples=["ride"])
    funding: str = Field(examples=["card"])
    status: str = Field(examples=["captured"])
    authorized: Money = Field(description="Held by the card or wallet.")
    captured: Money
    credit_used: Money = Field(description="Part that granted credit paid.")
    receivable: Money = Field(description="Part that nothing covered yet: the rider owes it.")
    refunded: Money = Field(description="Part that went back, or is on its way.")
    decline_reason: str | None
    outcome_unknown: bool = Field(description="True while the PSP has not said how an operation ended.")
    version: int


def payment(message: payments_pb2.Payment) -> Payment:
    """Convert a payment."""
    return Payment(
        id=public_id("pay", message.payment_id),
        ride_id=public_id_or_none("ride", message.ride_id),
        rider_id=public_id("acct", message.rider_id),
        purpose=PURPOSES.text(message.purpose or payments_pb2.PAYMENT_PURPOSE_RIDE),
        funding=FUNDINGS.text(message.funding or payments_pb2.FUNDING_CARD),
        status=PAYMENT_STATUSES.text(message.status),
        authorized=money(message.authorized),
        captured=money(message.captured),
        credit_used=money(message.credit_used),
        receivable=money(message.receivable),
        refunded=money(message.refunded),
        decline_reason=message.decline_reason or None,
        outcome_unknown=message.outcome_unknown,
        version=message.version,
    )


class Payments(Answer):
    """A page of payments, newest first."""

    items: list[Payment]
    next_cursor: str | None


class PaymentSearchQuery(PageQuery):
    """Whose payments."""

    rider_id: AccountId | None = Field(default=None, description="All riders' without it.")


class TipRequest(Request):
    """Tips the driver of a ride."""

    amount: MoneyRequest


class ChosenCardRequest(Request):
    """Charges a card at once with all that is owed in a currency."""

    payment_method_id: PaymentMethodId | None = Field(default=None, description="The default card without it.")
    currency_code: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])


class PaidPart(Answer):
    """One payment of a ride."""

    payment_id: str
    purpose: str = Field(examples=["tip"])
    funding: str = Field(examples=["card"])
    status: str = Field(examples=["captured"])
    amount: Money
    refunded: Money
    brand: str | None
    last_digits: str | None
    paid_at: Timestamp


class RideAccount(Answer):
    """All that was paid for a ride and came back, as of now."""

    receipt: Receipt
    refunds: list[Refund]
    parts: list[PaidPart]
    tips: Money
    collected: Money
    outstanding: Money = Field(description="What no charge of this ride collected yet.")
    refunded: Money
    paid: Money = Field(description="Collected less refunded.")


def ride_account(message: payment_service_pb2.GetReceiptResponse) -> RideAccount:
    """Convert the account of a ride."""
    account = message.account
    return RideAccount(
        receipt=receipt(message.receipt),
        refunds=[refund(item) for item in message.receipt.refunds],
        parts=[
            PaidPart(
                payment_id=public_id("pay", part.payment_id),
                purpose=PURPOSES.text(part.purpose),
                funding=FUNDINGS.text(part.funding),
                status=PAYMENT_STATUSES.text(part.status),
                amount=money(part.amount),
                refunded=money(part.refunded),
                brand=part.brand or None,
                last_digits=part.last_digits or None,
                paid_at=timestamp(part.pay_time),
            )
            for part in account.parts
        ],
        tips=money(account.tips),
        collected=money(account.collected),
        outstanding=money(account.outstanding),
        refunded=money(account.refunded),
        paid=money(account.paid),
    )


class PaymentPath(Parameters):
    """Names a payment."""

    payment_id: PaymentId


class StoryEvent(Answer):
    """One thing that happened around a payment."""

    created_at: Timestamp
    subject: str = Field(examples=["operation"])
    subject_id: str
    payment_id: str | None
    kind: str
    state: str
    amount: Money | None
    facts: dict[str, str]


class PaymentStory(Answer):
    """All that happened around a payment and its ride, in the order of time."""

    ride_id: str | None
    payments: list[Payment]
    events: list[StoryEvent]
    is_cut: bool = Field(description="True where there was more than is told.")


def payment_story(message: statement_service_pb2.GetPaymentStoryResponse) -> PaymentStory:
    """Convert a story."""
    return PaymentStory(
        ride_id=public_id_or_none("ride", message.ride_id),
        payments=[payment(item) for item in message.payments],
        events=[
            StoryEvent(
                created_at=timestamp(event.create_time),
                subject=event.subject,
                subject_id=event.subject_id,
                payment_id=public_id_or_none("pay", event.payment_id),
                kind=event.kind,
                state=event.state,
                amount=money(event.amount) if event.HasField("amount") else None,
                facts=dict(event.facts),
            )
            for event in message.events
        ],
        is_cut=message.is_cut,
    )
