"""A payout: earnings on their way to a driver's bank, and the legal moves between its states.

new ─> pending ─> sent ─> paid          pending: taken from the driver's balance; at the PSP the money goes from the
          │  │      │       │           platform to the driver's account there (transfer), and from that to the bank.
          │  └──────┴───────┴─> recovering ─> failed | returned
          └─> failed            the bank refused it, or returned it after it was paid; the transfer is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


class PayoutStatus(StrEnum):
    """See the drawing above."""

    PENDING = "pending"
    SENT = "sent"
    PAID = "paid"
    RECOVERING = "recovering"
    FAILED = "failed"
    RETURNED = "returned"


NEW_PAYOUT = "new"
PAYOUT_TRANSITIONS: frozenset[tuple[str, PayoutStatus]] = frozenset(
    {
        (NEW_PAYOUT, PayoutStatus.PENDING),
        (PayoutStatus.PENDING, PayoutStatus.SENT),
        (PayoutStatus.PENDING, PayoutStatus.FAILED),
        (PayoutStatus.PENDING, PayoutStatus.RECOVERING),
        (PayoutStatus.SENT, PayoutStatus.PAID),
        (PayoutStatus.SENT, PayoutStatus.RECOVERING),
        (PayoutStatus.PAID, PayoutStatus.RECOVERING),
        (PayoutStatus.RECOVERING, PayoutStatus.FAILED),
        (PayoutStatus.RECOVERING, PayoutStatus.RETURNED),
    }
)
"""All legal moves. The database holds the same table (`payout_transition`) and refuses every other move."""


class PayoutKind(StrEnum):
    """What asked for it."""

    ON_DEMAND = "on_demand"
    SCHEDULED = "scheduled"
    RETRY = "retry"


RETURNS_WITHIN = timedelta(days=10)
"""How long a paid payout is looked at: Stripe's banks return most within five business days."""
_PAID_LOOK = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Payout:
    """One payout; amounts are minor units of `currency_code`.

    `period_at` is the scheduled time it belongs to, `retry_of` the payout in whose place it was asked. The names of
    account and bank at the PSP are those of when it was asked. `waits` counts how often the PSP put it off, for
    `waiting_reason`; `look_at` is when the PSP is asked what has become of it.
    """

    id: UUID
    driver_id: UUID
    currency_code: str
    amount_minor: int
    kind: PayoutKind
    period_at: datetime | None
    retry_of: UUID | None
    status: PayoutStatus
    psp_account_id: str
    psp_bank_id: str
    last_digits: str
    psp_transfer_id: str
    psp_payout_id: str
    waiting_reason: str
    waits: int
    failure_reason: str
    look_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    paid_at: datetime | None
    ended_at: datetime | None
    version: int

    @property
    def amount(self) -> Money:
        return Money(self.currency_code, self.amount_minor)

    def transferred(self, psp_transfer_id: str) -> Payout:
        """Note that the money is in the driver's account at the PSP."""
        return self._changed(psp_transfer_id=psp_transfer_id, waiting_reason="", waits=0)

    def put_off(self, reason: str) -> Payout:
        """Note that the PSP cannot do the next step yet."""
        return self._changed(waiting_reason=reason, waits=self.waits + 1)

    def sent(self, psp_payout_id: str, at: datetime) -> Payout:
        """Move to with the bank; it is looked at from now on, should the PSP not tell of it by itself."""
        return self._moved(
            PayoutStatus.SENT, psp_payout_id=psp_payout_id, waiting_reason="", waits=0, sent_at=at, look_at=at
        )

    def paid(self, at: datetime) -> Payout:
        """Move to paid; it is looked at some more, since banks return what they cannot book."""
        return self._moved(PayoutStatus.PAID, paid_at=at, look_at=at + _PAID_LOOK)

    def recovering(self, reason: str) -> Payout:
        """Move to taking the money back from the driver's account at the PSP."""
        return self._moved(PayoutStatus.RECOVERING, failure_reason=reason, waiting_reason="", waits=0, look_at=None)

    def refused(self, reason: str, at: datetime) -> Payout:
        """Move to failed before any money moved at the PSP."""
        return self._moved(PayoutStatus.FAILED, failure_reason=reason, waiting_reason="", ended_at=at)

    def recovered(self, at: datetime) -> Payout:
        """Move to its end: the money is the driver's again."""
        status = PayoutStatus.FAILED if self.paid_at is None else PayoutStatus.RETURNED
        return self._moved(status, waiting_reason="", ended_at=at)

    def looked(self, at: datetime, after: timedelta) -> Payout:
        """Put the next look off; a payout that was paid long ago is looked at no more."""
        if self.paid_at is not None:
            over = at - self.paid_at > RETURNS_WITHIN
            return self._changed(look_at=None if over else at + _PAID_LOOK)
        return self._changed(look_at=at + after)

    def _moved(self, status: PayoutStatus, **changes: Any) -> Payout:
        if (self.status, status) not in PAYOUT_TRANSITIONS:
            raise Conflict(
                "invalid_transition",
                f"a payout that is {self.status} cannot become {status}",
                metadata={"status": self.status.value},
            )
        return self._changed(status=status, **changes)

    def _changed(self, **changes: Any) -> Payout:
        return replace(self, version=self.version + 1, **changes)


_TRANSIT = Account(AccountKind.PAYOUT_TRANSIT)
_PSP = Account(AccountKind.PSP_RECEIVABLE)


def payout_entry(
    payout: Payout, kind: EntryKind, entry_id: UUID, at: datetime, reverses: UUID | None = None
) -> JournalEntry:
    """Return the entry of a step of a payout; see docs/decisions for the order of the money.

    Asked: from the driver's balance to transit. Paid: out of transit, and out of what the PSP holds for us. Returned
    and failed take these back, in this order.
    """
    driver = Account(AccountKind.DRIVER, str(payout.driver_id))
    legs = {
        EntryKind.PAYOUT: (driver, _TRANSIT),
        EntryKind.PAYOUT_PAID: (_TRANSIT, _PSP),
        EntryKind.PAYOUT_RETURNED: (_PSP, _TRANSIT),
        EntryKind.PAYOUT_FAILED: (_TRANSIT, driver),
    }
    debited, credited = legs[kind]
    # In the order of `merged`, as all entries have them.
    postings = sorted(
        (Posting(debited, payout.amount), Posting(credited, -payout.amount)), key=lambda posting: posting.account
    )
    return JournalEntry(entry_id, kind, payout.id, None, at, tuple(postings), reverses)
