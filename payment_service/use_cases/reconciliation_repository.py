"""What reconciliation asks of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from payment_service.domain.ledger import AccountKind
from payment_service.domain.psp_transaction import PspTransaction, Subject
from payment_service.domain.reconciliation import Item, ItemKind, Run
from shared_kernel.money import Money


class MatchState(StrEnum):
    """Where a listed transaction stands."""

    NEW = "new"
    WAITING = "waiting"
    """Its counterpart may still come."""
    DIFFERS = "differs"
    """An item is open about it."""
    MATCHED = "matched"
    RESOLVED = "resolved"
    """A person resolved it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What PSP and ledger say of one subject, and when the PSP said something of it last."""

    subject: Subject
    psp: Money
    ledger: Money
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """How many transactions were new, and of the others those that were otherwise when they were kept."""

    new_count: int
    changed: tuple[PspTransaction, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """An entry that the PSP's list should come to have: what the ledger says of its source."""

    entry_id: UUID
    entry_kind: str
    subject: Subject | None
    amount: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AgedClearing:
    """A clearing account: what it holds, in debits less credits, and how much of that came before a moment."""

    account_kind: AccountKind
    balance: Money
    aged: Money


class Reconciliation(Protocol):
    """Runs, the PSP's list, and items."""

    async def begin(self, run: Run) -> Run:
        """Write a new run; if one is running, return that instead."""
        ...

    async def last_completed(self) -> Run | None: ...

    async def has_run_of(self, day: date) -> bool: ...

    async def take_run(self, now: datetime, lease_until: datetime) -> Run | None:
        """Lease the running run, if its time has come."""
        ...

    async def save_run(self, run: Run) -> bool:
        """Write a run over its step before; False if somebody else went on with it."""
        ...

    async def take_audit(self, now: datetime, lease_until: datetime) -> UUID | None:
        """Lease the audit of the latest daily run and return the run, if nobody has done it or does it."""
        ...

    async def audited(self, run_id: UUID, now: datetime) -> None:
        """Write down that the audit of a daily run is done."""
        ...

    async def get_run(self, run_id: UUID) -> Run:
        """Return a run; `run_not_found` (NotFound)."""
        ...

    async def list_runs(self, before: UUID | None, limit: int) -> Sequence[Run]:
        """Return runs, the newest first."""
        ...

    async def keep(self, transactions: Sequence[PspTransaction], now: datetime) -> Kept:
        """Keep what is new."""
        ...

    async def lock_unmatched(self, after: str, limit: int) -> Sequence[PspTransaction]:
        """Return kept transactions that are not matched, by id, locked until the end."""
        ...

    async def subjects_of(self, transactions: Sequence[PspTransaction]) -> Mapping[str, Subject]:
        """Find what of ours transactions are about, by their ids."""
        ...

    async def belongs(self, transaction_id: str, subject: Subject) -> None:
        """Write down what a transaction is about."""
        ...

    async def compare(self, subjects: Sequence[Subject]) -> Sequence[Comparison]:
        """Add up what PSP and ledger say of subjects, by currency."""
        ...

    async def booked(self, subject_ids: Sequence[UUID]) -> Mapping[tuple[UUID, str], Money]:
        """Add up what the ledger has of subjects, by currency; what operators booked for their items is of it."""
        ...

    async def mark(self, state: MatchState, transaction_ids: Sequence[str]) -> None: ...

    async def mark_subject(self, state: MatchState, subject_id: UUID) -> int:
        """Mark all transactions of a subject that are neither matched nor resolved; return how many."""
        ...

    async def resolve_subject(self, subject_id: UUID) -> None:
        """Mark as resolved what the amount of an item of a subject is made of: not what came or waits since."""
        ...

    async def expected_after(self, entry_id: UUID, before: datetime, limit: int) -> Sequence[Expected]:
        """Return entries on the PSP's account written before a moment, by id, after one."""
        ...

    async def listed(self, subject_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return those subjects of which the PSP's list has something."""
        ...

    async def aged(self, kinds: Sequence[AccountKind], before: datetime) -> Sequence[AgedClearing]: ...

    async def open_item(self, item: Item) -> bool:
        """Open an item, or renew the amount of the open one about the same; return whether it is new."""
        ...

    async def close_agreed(
        self,
        now: datetime,
        *,
        subject_id: UUID | None = None,
        transaction_id: str | None = None,
        of: tuple[ItemKind, str] | None = None,
    ) -> int:
        """Close the open items about something, for both sides agree now; return how many."""
        ...

    async def last_explained(self, kind: ItemKind, reference: str) -> Item | None:
        """Return the item about something that was explained last."""
        ...

    async def lock_item(self, item_id: UUID) -> Item:
        """Return an item, locked until the end; `item_not_found` (NotFound)."""
        ...

    async def get_item(self, item_id: UUID) -> Item:
        """Return an item; `item_not_found` (NotFound)."""
        ...

    async def save_item(self, item: Item) -> None: ...

    async def list_items(self, *, only_open: bool, after: UUID | None, limit: int) -> Sequence[Item]:
        """Return items, the oldest first."""
        ...
