"""What the audit of the ledger, and whoever watches the queues, ask of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from payment_service.domain.audit import LedgerDifference
from payment_service.use_cases.reconciliation_repository import AgedClearing


@dataclass(frozen=True, slots=True)
class AccountsAudited:
    """How many accounts were added up, the last of them (0 for none), and what contradicts."""

    count: int
    last: int
    differences: tuple[LedgerDifference, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """What waits for the PSP, for a roll-up or for a person."""

    unknown_operations: int
    oldest_unknown_at: datetime | None
    open_items: dict[str, int]
    queued_deltas: int
    parked_events: int
    clearing: tuple[AgedClearing, ...]


class Audits(Protocol):
    """The ledger read against itself. Every method reads a bounded part."""

    async def accounts(self, after: int, limit: int) -> AccountsAudited:
        """Add up the postings of accounts by their number, and what their payments set aside."""
        ...

    async def oldest_entry_at(self) -> datetime | None:
        """Return when the first entry was written."""
        ...

    async def entries(self, since: datetime, until: datetime) -> tuple[int, Sequence[LedgerDifference]]:
        """Compare the entries and captured payments of a window of time; return how many those were."""
        ...

    async def health(self, before: datetime) -> Health:
        """Count what waits; clearing money counts as aged if it came before a moment."""
        ...
