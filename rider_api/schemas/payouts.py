"""Earnings on their way to drivers' banks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    Money,
    OpenEnum,
    PageQuery,
    Parameters,
    PayoutId,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_or_none,
)
from ridesharing.payment.v1 import payout_service_pb2

PAYOUT_STATUSES = OpenEnum(payout_service_pb2.PayoutStatus.items(), "PAYOUT_STATUS")
PAYOUT_KINDS = OpenEnum(payout_service_pb2.PayoutKind.items(), "PAYOUT_KIND")
PayoutStatusName = Literal["pending", "sent", "paid", "recovering", "failed", "returned"]


class PayoutAccountRequest(Request):
    """Keeps the bank account that payouts in its currency go to."""

    bank_token: str = Field(
        pattern="^[A-Za-z0-9_]{3,128}$",
        description="What the PSP gave the app for the account.",
        examples=["btok_us_verified"],
    )
    country_code: str = Field(pattern="^[A-Z]{2}$", description="The first one stays.", examples=["US"])


class PayoutAccount(Answer):
    """A driver's bank account; its number never comes here."""

    driver_id: str
    currency_code: str = Field(examples=["USD"])
    country_code: str = Field(examples=["US"])
    bank_name: str | None
    last_digits: str
    updated_at: Timestamp


def payout_account(message: payout_service_pb2.PayoutAccount) -> PayoutAccount:
    """Convert an account."""
    return PayoutAccount(
        driver_id=public_id("acct", message.driver_id),
        currency_code=message.currency_code,
        country_code=message.country_code,
        bank_name=message.bank_name or None,
        last_digits=message.last_digits,
        updated_at=timestamp(message.update_time),
    )


class PayoutRequest(Request):
    """Sends earnings to the caller's bank."""

    currency_code: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    amount_minor: int = Field(default=0, ge=0, le=10**15, description="0 for all that is available.", examples=[2500])


class PayoutPath(Parameters):
    """Names a payout."""

    payout_id: PayoutId


class PayoutsQuery(PageQuery):
    """Which payouts."""

    status: PayoutStatusName | None = None


class PayoutSearchQuery(PayoutsQuery):
    """Which payouts, of whom."""

    driver_id: AccountId | None = Field(default=None, description="All drivers' without it.")


class Payout(Answer):
    """A payout as its driver sees it."""

    id: str = Field(examples=["pout_01h4556qpqexqvskwzpczs00jq"])
    amount: Money
    status: str = Field(examples=["sent"])
    kind: str = Field(examples=["on_demand"])
    last_digits: str = Field(description="Of the bank account's number.")
    failure_reason: str | None
    created_at: Timestamp
    sent_at: Timestamp | None
    paid_at: Timestamp | None
    ended_at: Timestamp | None = Field(description="When it failed or was returned.")
    version: int


class OperatorPayout(Payout):
    """A payout as operators see it."""

    driver_id: str
    waiting_reason: str | None = Field(description="What it waits for at the PSP.")
    retry_of: str | None = Field(description="The payout in whose place it was asked.")


def payout(message: payout_service_pb2.Payout) -> Payout:
    """Convert a payout for its driver."""
    return Payout(
        id=public_id("pout", message.payout_id),
        amount=money(message.amount),
        status=PAYOUT_STATUSES.text(message.status),
        kind=PAYOUT_KINDS.text(message.kind),
        last_digits=message.last_digits,
        failure_reason=message.failure_reason or None,
        created_at=timestamp(message.create_time),
        sent_at=timestamp_or_none(message, "send_time"),
        paid_at=timestamp_or_none(message, "pay_time"),
        ended_at=timestamp_or_none(message, "end_time"),
        version=message.version,
    )


def operator_payout(message: payout_service_pb2.Payout) -> OperatorPayout:
    """Convert a payout for operators."""
    return OperatorPayout(
        **dict(payout(message)),
        driver_id=public_id("acct", message.driver_id),
        waiting_reason=message.waiting_reason or None,
        retry_of=public_id_or_none("pout", message.retry_of),
    )


class Payouts(Answer):
    """A page of a driver's payouts, newest first."""

    items: list[Payout]
    next_cursor: str | None


class OperatorPayouts(Answer):
    """A page of payouts, newest first."""

    items: list[OperatorPayout]
    next_cursor: str | None
