"""What the audit of the ledger finds: contradictions of the ledger with itself. There should never be one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared_kernel.money import Money


class DifferenceKind(StrEnum):
    """What is compared."""

    BALANCE = "balance"
    """An account's balance with the sum of its postings."""
    HELD = "held"
    """What is set aside of an account with what its payments set aside."""
    ENTRY = "entry"
    """Entries with the payments that they are about."""


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """One contradiction; `reference` names the account or payment."""

    kind: DifferenceKind
    reference: str
    kept: Money
    expected: Money
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where an audit stands: after an account first, then at the beginning of a window of time."""

    after_account: int = 0
    window_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPart:
    """What a part of the audit found, and where the next one begins; None at the end."""

    differences: tuple[LedgerDifference, ...]
    account_count: int
    entry_count: int
    next_place: AuditPlace | None
