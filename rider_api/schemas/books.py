"""What auditors look at: statements of accounts, and the PSP's own events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.charges import PURPOSES
from rider_api.schemas.common import (
    Answer,
    CurrencyQuery,
    Moment,
    Money,
    OpenEnum,
    PageQuery,
    Parameters,
    Timestamp,
    money,
    public_id_or_none,
    timestamp,
)
from ridesharing.payment.v1 import statement_service_pb2, webhook_service_pb2

PSP_EVENT_STATES = OpenEnum(webhook_service_pb2.PspEventState.items(), "PSP_EVENT_STATE")


class PeriodQuery(CurrencyQuery):
    """Which period, in which currency."""

    start_at: Moment | None = Field(default=None, description="From the beginning without it.")
    end_at: Moment | None = Field(default=None, description="Not part of the period; until now without it.")


class OwnStatementQuery(PeriodQuery, PageQuery):
    """Which of the caller's accounts."""

    account_kind: Literal["rider_wallet", "rider_credit", "rider_receivable"]


class AccountQuery(PeriodQuery):
    """Which account."""

    account_kind: str = Field(pattern="^[a-z_]{1,40}$", examples=["platform_revenue"])
    owner: str = Field(default="", max_length=40, description="A UUID or tax jurisdiction; empty for the platform.")


class AccountStatementQuery(AccountQuery, PageQuery):
    """A page of the statement of an account."""


class StatementEntry(Answer):
    """One change of an account."""

    id: str
    kind: str = Field(examples=["capture"])
    ride_id: str | None
    payment_id: str | None
    purpose: str | None
    amount: Money = Field(description="Above zero where the account grows.")
    balance: Money
    created_at: Timestamp


class Statement(Answer):
    """What moved on an account in a period, oldest first."""

    opening: Money
    closing: Money
    items: list[StatementEntry]
    next_cursor: str | None


def statement(message: statement_service_pb2.GetStatementResponse, next_cursor: str | None) -> Statement:
    """Convert a statement; the ids of its lines are the ledger's own."""
    return Statement(
        opening=money(message.opening),
        closing=money(message.closing),
        items=[
            StatementEntry(
                id=entry.entry_id,
                kind=entry.kind,
                ride_id=public_id_or_none("ride", entry.ride_id),
                payment_id=public_id_or_none("pay", entry.payment_id),
                purpose=PURPOSES.text_or_none(entry.purpose),
                amount=money(entry.amount),
                balance=money(entry.balance),
                created_at=timestamp(entry.create_time),
            )
            for entry in message.entries
        ],
        next_cursor=next_cursor,
    )


class PspEventsQuery(PageQuery):
    """Which events."""

    state: Literal["received", "unmatched", "applied", "ignored", "parked"] | None = None


class PspEventPath(Parameters):
    """Names an event of the PSP."""

    psp_event_id: str = Field(pattern="^[A-Za-z0-9_]{1,128}$", examples=["evt_1"])


class PspEvent(Answer):
    """What the PSP told by itself."""

    id: str
    type: str = Field(examples=["payment_intent.succeeded"])
    psp_object_id: str
    psp_account_id: str | None
    state: str = Field(examples=["applied"])
    tries: int
    detail: str | None
    received_at: Timestamp


def psp_event(message: webhook_service_pb2.PspEvent) -> PspEvent:
    """Convert an event."""
    return PspEvent(
        id=message.psp_event_id,
        type=message.type,
        psp_object_id=message.psp_object_id,
        psp_account_id=message.psp_account_id or None,
        state=PSP_EVENT_STATES.text(message.state),
        tries=message.tries,
        detail=message.detail or None,
        received_at=timestamp(message.receive_time),
    )


class PspEvents(Answer):
    """A page of events, newest first."""

    items: list[PspEvent]
    next_cursor: str | None
