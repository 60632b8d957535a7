"""How the platform is paid for a driver's rides: by a share of each, by a fee for a time, or as a co-operative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from payment_service.domain.charge import SPLIT_KINDS, ChargeLine
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import Money

MAX_PERIOD_DAYS = 366


class Model(StrEnum):
    """Who keeps what."""

    COMMISSION = "commission"
    """A share of each ride."""
    SUBSCRIPTION = "subscription"
    """A fee for each period, and no share."""
    PATRONAGE = "patronage"
    """A share of each ride, of which member drivers get the surplus back."""


@dataclass(frozen=True, slots=True)
class DriverTerms:
    """An agreement with a driver from `effective_from` until the next one. `fee` and `period_days` go together."""

    id: UUID
    driver_id: UUID
    model: Model
    effective_from: datetime
    fee: Money | None
    period_days: int
    set_by: str
    created_at: datetime

    def refuse_wrong(self) -> None:
        """Refuse a subscription without a fee and a period, and other terms with one: InvalidInput `invalid_terms`."""
        if self.model is Model.SUBSCRIPTION:
            faults = [
                ("fee", "must be above zero", self.fee is None or self.fee.amount_minor <= 0),
                ("period_days", f"must be from 1 to {MAX_PERIOD_DAYS}", not 1 <= self.period_days <= MAX_PERIOD_DAYS),
            ]
        else:
            faults = [
                ("fee", "goes with a subscription only", self.fee is not None),
                ("period_days", "goes with a subscription only", self.period_days != 0),
            ]
        violations = [FieldViolation(field, description) for field, description, wrong in faults if wrong]
        if violations:
            raise InvalidInput("invalid_terms", "the terms do not go together", violations=violations)

    def apply(self, lines: Iterable[ChargeLine]) -> tuple[ChargeLine, ...]:
        """Return a charge's lines as these terms share them: without commission for who pays a subscription."""
        if self.model is not Model.SUBSCRIPTION:
            return tuple(lines)
        return tuple(replace(line, commission_basis_points=0) if line.kind in SPLIT_KINDS else line for line in lines)

    def period_after(self, period_at: datetime) -> datetime:
        """Return the begin of the period after the one that began then."""
        return period_at + timedelta(days=self.period_days)

    def fee_entry(self, period_at: datetime, entry_id: UUID, at: datetime) -> JournalEntry:
        """Return the entry of a period's fee: once a driver and period, whatever is tried."""
        if self.fee is None:
            raise ValueError(f"terms {self.id} have no fee")
        driver = Account(AccountKind.DRIVER, str(self.driver_id))
        source_id = uuid5(self.driver_id, f"subscription {period_at.isoformat()}")
        postings = (Posting(driver, self.fee), Posting(Account(AccountKind.SUBSCRIPTION), -self.fee))
        return JournalEntry(entry_id, EntryKind.SUBSCRIPTION_FEE, source_id, None, at, postings)
