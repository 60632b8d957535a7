"""The reconciliation report of a period: what an accountant needs to close the books, in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from payment_service.domain.ledger import TrialBalance
from payment_service.domain.reconciliation import Item, Run


@dataclass(frozen=True, slots=True)
class CollectedDay:
    """What riders were charged for rides on a day, by where it came from; `on_account` they owed at first."""

    day: date
    currency_code: str
    ride_count: int
    card_minor: int
    wallet_minor: int
    cash_minor: int
    credit_minor: int
    on_account_minor: int

    @property
    def total_minor(self) -> int:
        return self.card_minor + self.wallet_minor + self.cash_minor + self.credit_minor + self.on_account_minor


@dataclass(frozen=True, slots=True)
class ClearingDay:
    """How the PSP's account in the ledger went on a day: opening + all of these = closing; out of it is below zero.

    `captured` are rides' charges, `charged` what was collected at once (above holds, tips, debts, wallet money),
    `corrected` what reconciliation booked.
    """

    day: date
    currency_code: str
    opening_minor: int
    captured_minor: int
    charged_minor: int
    refunded_minor: int
    disputed_minor: int
    paid_to_drivers_minor: int
    fees_minor: int
    settled_minor: int
    corrected_minor: int

    @property
    def closing_minor(self) -> int:
        return (
            self.opening_minor
            + self.captured_minor
            + self.charged_minor
            + self.refunded_minor
            + self.disputed_minor
            + self.paid_to_drivers_minor
            + self.fees_minor
            + self.settled_minor
            + self.corrected_minor
        )


_Line = TypeVar("_Line", CollectedDay, ClearingDay)


def total_of(days: Sequence[_Line]) -> _Line:
    """Add up the days of one currency (at least one, in their order): the day is the last, the opening the first's."""
    names = [field.name for field in fields(days[0]) if field.name not in ("day", "currency_code", "opening_minor")]
    sums: dict[str, Any] = {name: sum(getattr(day, name) for day in days) for name in names}
    return replace(days[0], day=days[-1].day, **sums)


@dataclass(frozen=True, slots=True)
class ListedSum:
    """What the PSP's list has of a kind in the period, and how much of it agrees with the ledger."""

    currency_code: str
    kind: str
    count: int
    amount_minor: int
    fee_minor: int
    unmatched_count: int
    unmatched_minor: int

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class ClearingAge:
    """A clearing account now, by how long its money has been there (days); parts add up to the balance."""

    account_kind: str
    currency_code: str
    balance_minor: int
    to_1_day_minor: int
    to_7_days_minor: int
    to_30_days_minor: int
    older_minor: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report; days are UTC, from the first to the last, both included. All is read at one moment."""

    first_day: date
    last_day: date
    read_at: datetime
    last_run: Run | None
    collected: tuple[CollectedDay, ...]
    clearing_days: tuple[ClearingDay, ...]
    listed: tuple[ListedSum, ...]
    clearing: tuple[ClearingAge, ...]
    items: tuple[Item, ...]
    items_are_cut: bool
    trial_balance: TrialBalance
