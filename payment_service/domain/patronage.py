"""Patronage: surplus that a co-operative gives back to its member drivers, by what their rides brought in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Patronage:
    """A declaration for a period (its end is not part of it); `commission` is what all members' rides brought."""

    id: UUID
    period_from: datetime
    period_to: datetime
    amount: Money
    commission: Money
    declared_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PatronageShare:
    """What of a declaration is one driver's; it is posted by itself, so that any number of drivers can share."""

    patronage_id: UUID
    driver_id: UUID
    commission: Money
    amount: Money

    def entry(self, entry_id: UUID, at: datetime) -> JournalEntry:
        """Return the entry that gives it: once a declaration and driver, whatever is tried."""
        postings = (
            Posting(Account(AccountKind.DRIVER, str(self.driver_id)), -self.amount),
            Posting(Account(AccountKind.PATRONAGE), self.amount),
        )
        source_id = uuid5(self.patronage_id, str(self.driver_id))
        return JournalEntry(entry_id, EntryKind.PATRONAGE, source_id, None, at, postings)


@dataclass(frozen=True, slots=True)
class PatronageRecord:
    """A declaration with how far it is posted, and the share of the driver who is asked about, if one is."""

    patronage: Patronage
    member_count: int
    posted_count: int
    share: Money | None


def shared_out(patronage_id: UUID, amount: Money, commissions: Mapping[UUID, int]) -> list[PatronageShare]:
    """Divide an amount among drivers in proportion to their commissions (minor units), to the last minor unit.

    The odd units go to the larger remainders, in a tie to the lower id. Drivers whose part is zero are left out.

    Raises:
        Conflict: `no_members`, or `exceeds_commission` where it is more than all commission together.
    """
    members = sorted((driver_id, minor) for driver_id, minor in commissions.items() if minor > 0)
    whole_minor = sum(minor for _, minor in members)
    if not members:
        raise Conflict("no_members", "no member's ride brought commission in this period")
    if amount.amount_minor > whole_minor:
        message = f"members' rides brought {Money(amount.currency_code, whole_minor)}: no more can be given back"
        metadata = {"commission_minor": str(whole_minor)}
        raise Conflict("exceeds_commission", message, metadata=metadata)
    parts = amount.split([minor for _, minor in members])
    return [
        PatronageShare(patronage_id, driver_id, Money(amount.currency_code, minor), part)
        for (driver_id, minor), part in zip(members, parts, strict=True)
        if part.amount_minor
    ]
