"""What drivers and platform owe each other: standing, terms, surplus given back, earnings of a period."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    CurrencyQuery,
    Moment,
    Money,
    MoneyRequest,
    OpenEnum,
    PageQuery,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
)
from ridesharing.payment.v1 import driver_account_service_pb2

MODELS = OpenEnum(driver_account_service_pb2.RemunerationModel.items(), "REMUNERATION_MODEL")


class DriverStanding(Answer):
    """How a driver stands in one currency."""

    driver_id: str
    balance: Money = Field(description="Owed to the driver; below zero the driver owes the platform.")
    cash_floor: Money = Field(description="The lowest balance with which cash rides may be taken.")
    cash_allowed: bool


def driver_standing(message: driver_account_service_pb2.DriverStanding) -> DriverStanding:
    """Convert a standing."""
    return DriverStanding(
        driver_id=public_id("acct", message.driver_id),
        balance=money(message.balance),
        cash_floor=money(message.cash_floor),
        cash_allowed=message.cash_allowed,
    )


class DriverPaymentRequest(Request):
    """Takes down money that a driver paid in at a desk."""

    amount: MoneyRequest
    reference: str = Field(min_length=1, max_length=200, description="What finds it again.", examples=["receipt 17"])


class DriverTermsRequest(Request):
    """Says how the platform is paid for a driver's rides from a time on."""

    model: Literal["commission", "subscription", "patronage"]
    effective_at: Moment | None = Field(default=None, description="From now on without it.")
    fee: MoneyRequest | None = Field(default=None, description="Of each period; with a subscription only.")
    period_days: int = Field(default=0, ge=0, le=366, description="With a subscription only.")


class DriverTerms(Answer):
    """An agreement with a driver."""

    id: str | None = Field(description="Null where the usual terms hold.")
    driver_id: str
    model: str = Field(examples=["commission"])
    effective_at: Timestamp | None
    fee: Money | None
    period_days: int | None


class AgreedTerms(Answer):
    """The terms in force, and those agreed for later."""

    terms: DriverTerms
    upcoming: list[DriverTerms]


def driver_terms(message: driver_account_service_pb2.DriverTerms) -> DriverTerms:
    """Convert terms."""
    return DriverTerms(
        id=public_id_or_none("terms", message.terms_id),
        driver_id=public_id("acct", message.driver_id),
        model=MODELS.text(message.model),
        effective_at=timestamp(message.effective_time) if message.HasField("effective_time") else None,
        fee=money(message.fee) if message.HasField("fee") else None,
        period_days=message.period_days or None,
    )


def agreed_terms(message: driver_account_service_pb2.GetDriverTermsResponse) -> AgreedTerms:
    """Convert the terms in force and the later ones."""
    return AgreedTerms(terms=driver_terms(message.terms), upcoming=[driver_terms(item) for item in message.upcoming])


class PatronageRequest(Request):
    """Gives a part of the commission of a period back to the member drivers."""

    start_at: Moment
    end_at: Moment = Field(description="Not part of the period; it has passed.")
    amount: MoneyRequest


class PatronageShare(Answer):
    """A driver's share of a surplus that was given back."""

    id: str = Field(examples=["patr_01h4556qpqexqvskwzpczs00jq"])
    started_at: Timestamp
    ended_at: Timestamp
    share: Money
    created_at: Timestamp


class PatronageShares(Answer):
    """A page of shares, newest first."""

    items: list[PatronageShare]
    next_cursor: str | None


def patronage_share(message: driver_account_service_pb2.Patronage) -> PatronageShare:
    """Convert a share."""
    return PatronageShare(
        id=public_id("patr", message.patronage_id),
        started_at=timestamp(message.start_time),
        ended_at=timestamp(message.end_time),
        share=money(message.share),
        created_at=timestamp(message.create_time),
    )


class Patronage(Answer):
    """Surplus of a period, given back to member drivers."""

    id: str = Field(examples=["patr_01h4556qpqexqvskwzpczs00jq"])
    started_at: Timestamp
    ended_at: Timestamp
    amount: Money
    commission: Money
    member_count: int
    posted_count: int = Field(description="How many shares are on the drivers' accounts already.")
    created_at: Timestamp


class Patronages(Answer):
    """A page of declarations, newest first."""

    items: list[Patronage]
    next_cursor: str | None


def patronage(message: driver_account_service_pb2.Patronage) -> Patronage:
    """Convert a declaration."""
    return Patronage(
        id=public_id("patr", message.patronage_id),
        started_at=timestamp(message.start_time),
        ended_at=timestamp(message.end_time),
        amount=money(message.amount),
        commission=money(message.commission),
        member_count=message.member_count,
        posted_count=message.posted_count,
        created_at=timestamp(message.create_time),
    )


class StatementQuery(CurrencyQuery, PageQuery):
    """Which period, in which currency."""

    start_at: Moment
    end_at: Moment = Field(description="Not part of the period; at most 400 days after its begin.")


class StatementLine(Answer):
    """One change of a driver's balance."""

    id: str
    ride_id: str | None
    kind: str = Field(examples=["capture"])
    amount: Money
    created_at: Timestamp


class StatementSums(Answer):
    """What lies between the balances at the ends of a period; what takes from the balance is below zero."""

    gross_fares: Money
    waiting: Money
    cancel_fees: Money
    tolls: Money
    tips: Money
    commission: Money
    refunds: Money
    disputes: Money
    cash_collected: Money
    payments: Money
    payouts: Money
    subscription_fees: Money
    patronage: Money
    other: Money


class EarningsStatement(Answer):
    """A driver's period: balances at its ends, sums, and a page of lines, newest first."""

    opening_balance: Money
    closing_balance: Money
    sums: StatementSums
    lines: list[StatementLine]
    next_cursor: str | None


def earnings_statement(
    message: driver_account_service_pb2.GetEarningsStatementResponse, next_cursor: str | None
) -> EarningsStatement:
    """Convert a statement; the ids of its lines are the ledger's own."""
    sums = {name: money(getattr(message.sums, name)) for name in StatementSums.model_fields}
    return EarningsStatement(
        opening_balance=money(message.opening_balance),
        closing_balance=money(message.closing_balance),
        sums=StatementSums(**sums),
        lines=[
            StatementLine(
                id=line.entry_id,
                ride_id=public_id_or_none("ride", line.ride_id),
                kind=line.kind,
                amount=money(line.amount),
                created_at=timestamp(line.create_time),
            )
            for line in message.lines
        ],
        next_cursor=next_cursor,
    )


class PatronageSearchQuery(PageQuery):
    """Whose shares."""

    driver_id: AccountId | None = Field(default=None, description="All declarations without it.")
