"""Statements of accounts, and the story of a payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.ledger import Account
from payment_service.domain.payment import Payment, Purpose
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class StatementPlace:
    """Where a page of a statement ended."""

    created_at: datetime
    entry_id: UUID


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """Which account, and which period: from `since` on, before `until`."""

    account: Account
    currency_code: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One change of an account, above zero where it grows, and what the account holds after it."""

    entry_id: UUID
    kind: str
    ride_id: UUID | None
    payment_id: UUID | None
    purpose: Purpose | None
    amount: Money
    balance: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page of a statement; opening and closing are of the whole period."""

    opening: Money
    closing: Money
    entries: tuple[StatementEntry, ...]
    next_place: StatementPlace | None


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One thing that happened around a payment; `facts` never hold a body, a key or a card."""

    at: datetime
    subject: str
    subject_id: str
    payment_id: UUID | None
    kind: str
    state: str
    amount: Money | None
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """All that happened around a payment or ride, in the order of time."""

    ride_id: UUID | None
    payments: tuple[Payment, ...]
    events: tuple[StoryEvent, ...]
    is_cut: bool
