"""What a driver earned in a period, and what was taken off and paid out: from one balance to the other."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from payment_service.domain.charge import ChargeLineKind
from payment_service.domain.ledger import EntryKind
from shared_kernel.money import Money

_FIELD_BY_LINE = {
    ChargeLineKind.FARE: "gross_fares",
    ChargeLineKind.WAITING: "waiting",
    ChargeLineKind.CANCEL_FEE: "cancel_fees",
    ChargeLineKind.NO_SHOW_FEE: "cancel_fees",
    ChargeLineKind.TOLL: "tolls",
    ChargeLineKind.TIP: "tips",
}
_FIELD_BY_ENTRY = {
    EntryKind.TIP: "tips",
    EntryKind.REFUND: "refunds",
    EntryKind.REFUND_PAID: "refunds",
    EntryKind.REFUND_FAILED: "refunds",
    EntryKind.REFUND_RETURNED: "refunds",
    EntryKind.DISPUTE_WITHDRAWN: "disputes",
    EntryKind.DISPUTE_WON: "disputes",
    EntryKind.DISPUTE_LOST: "disputes",
    EntryKind.DRIVER_PAYMENT: "payments",
    EntryKind.PAYOUT: "payouts",
    EntryKind.PAYOUT_PAID: "payouts",
    EntryKind.PAYOUT_FAILED: "payouts",
    EntryKind.PAYOUT_RETURNED: "payouts",
    EntryKind.SUBSCRIPTION_FEE: "subscription_fees",
    EntryKind.PATRONAGE: "patronage",
}


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What the books say of a period, in minor units and as it changes what is owed to the driver.

    `by_entry` sums the entries on the driver's account by kind, `by_line` the lines of the driver's rides by kind,
    before commission; `cash_minor` is the cash that these rides brought into the driver's hand.
    """

    opening_minor: int
    by_entry: dict[EntryKind, int]
    by_line: dict[ChargeLineKind, int]
    cash_minor: int


@dataclass(frozen=True, slots=True)
class StatementSums:
    """What lies between the balances; minor units, below zero what takes from the balance."""

    gross_fares: int = 0
    waiting: int = 0
    cancel_fees: int = 0
    tolls: int = 0
    tips: int = 0
    commission: int = 0
    refunds: int = 0
    disputes: int = 0
    cash_collected: int = 0
    payments: int = 0
    payouts: int = 0
    subscription_fees: int = 0
    patronage: int = 0
    other: int = 0

    @property
    def total_minor(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))


def sums_of(facts: StatementFacts) -> StatementSums:
    """Sort the facts. The commission is what the rides' lines earn less what their captures brought the driver."""
    sums = {field.name: 0 for field in fields(StatementSums)}
    for kind, minor in facts.by_entry.items():
        if kind is not EntryKind.CAPTURE:
            sums[_FIELD_BY_ENTRY.get(kind, "other")] += minor
    earned_minor = 0
    for line, minor in facts.by_line.items():
        if line in _FIELD_BY_LINE:
            sums[_FIELD_BY_LINE[line]] += minor
            earned_minor += minor
    sums["cash_collected"] = -facts.cash_minor
    sums["commission"] = facts.by_entry.get(EntryKind.CAPTURE, 0) + facts.cash_minor - earned_minor
    return StatementSums(**sums)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change of the balance."""

    entry_id: UUID
    ride_id: UUID | None
    kind: str
    amount: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """A period of a driver's account, with a page of its entries, newest first; `next_after` is None on the last."""

    opening: Money
    closing: Money
    sums: StatementSums
    lines: tuple[StatementLine, ...]
    next_after: UUID | None
