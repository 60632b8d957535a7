"""Runs that compare the PSP's list with the ledger, and the items that a person has to look at.

run:   running ──> completed | failed
item:  open ──> in_suspense ──> closed
         └────────────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.psp_transaction import Subject
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.money import Money

NO_ENTRY = UUID(int=0)
"""Before all entries."""


class RunStatus(StrEnum):
    """See the drawing above."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Phase(StrEnum):
    """What a run does now, in this order."""

    IMPORT = "import"
    """Read the PSP's list, newest first, page by page."""
    MATCH = "match"
    """Compare what was read with the ledger."""
    EXPECT = "expect"
    """Look for what the ledger has and the PSP's list does not."""
    AGE = "age"
    """Look for clearing accounts that do not come back to zero."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Run:
    """One run. It goes on in steps, each a transaction, so that any process can take it up where another died.

    `day` is set for the daily run of that day. The list is read from `since` on (None: from its beginning). `position`
    is where the phase stands, `expected_after` the last entry that was looked for at the PSP, by this run or an earlier
    one. `due_at` is when anybody may take it up; `tries` counts the times in a row that the PSP did not answer.
    """

    id: UUID
    day: date | None
    status: RunStatus
    phase: Phase
    since: datetime | None
    position: str
    expected_after: UUID
    imported_count: int
    matched_count: int
    opened_count: int
    closed_count: int
    steps: int
    tries: int
    due_at: datetime
    detail: str
    started_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def begin(
        cls, run_id: UUID, now: datetime, *, day: date | None, since: datetime | None, expected_after: UUID
    ) -> Run:
        """Begin a run that anybody may take up at once."""
        return cls(
            id=run_id,
            day=day,
            status=RunStatus.RUNNING,
            phase=Phase.IMPORT,
            since=since,
            position="",
            expected_after=expected_after,
            imported_count=0,
            matched_count=0,
            opened_count=0,
            closed_count=0,
            steps=0,
            tries=0,
            due_at=now,
            detail="",
            started_at=now,
        )

    def went_on(
        self,
        position: str,
        *,
        imported: int = 0,
        matched: int = 0,
        opened: int = 0,
        closed: int = 0,
        expected_after: UUID | None = None,
    ) -> Run:
        """Stand after one more step; an empty position means that the phase is over."""
        phase = self.phase if position else _NEXT[self.phase]
        return replace(
            self,
            phase=phase,
            position=position,
            imported_count=self.imported_count + imported,
            matched_count=self.matched_count + matched,
            opened_count=self.opened_count + opened,
            closed_count=self.closed_count + closed,
            expected_after=expected_after or self.expected_after,
            tries=0,
            detail="",
        )

    def completed(self, now: datetime) -> Run:
        return replace(self, status=RunStatus.COMPLETED, phase=Phase.DONE, finished_at=now)

    def failed(self, now: datetime, detail: str) -> Run:
        return replace(self, status=RunStatus.FAILED, detail=detail, finished_at=now)


_NEXT = {
    Phase.IMPORT: Phase.MATCH,
    Phase.MATCH: Phase.EXPECT,
    Phase.EXPECT: Phase.AGE,
    Phase.AGE: Phase.DONE,
    Phase.DONE: Phase.DONE,
}


class ItemKind(StrEnum):
    """What does not agree."""

    UNKNOWN_TRANSACTION = "unknown_transaction"
    """The PSP lists what nobody here knows."""
    AMOUNT_DIFFERS = "amount_differs"
    MISSING_IN_LEDGER = "missing_in_ledger"
    """The PSP lists what is known here, but was never booked."""
    MISSING_AT_PSP = "missing_at_psp"
    """It is booked here, and the PSP's list does not come to have it."""
    TRANSACTION_CHANGED = "transaction_changed"
    """The PSP lists a transaction otherwise than before."""
    CLEARING_AGED = "clearing_aged"
    """A clearing account holds what should have left it."""
    LEDGER_DIFFERS = "ledger_differs"
    """The ledger contradicts itself: a defect."""


MONEY_KINDS = (
    ItemKind.UNKNOWN_TRANSACTION,
    ItemKind.AMOUNT_DIFFERS,
    ItemKind.MISSING_IN_LEDGER,
    ItemKind.MISSING_AT_PSP,
)
"""Items that can be resolved by booking the difference."""


class ItemStatus(StrEnum):
    """See the drawing above."""

    OPEN = "open"
    IN_SUSPENSE = "in_suspense"
    CLOSED = "closed"


class Resolution(StrEnum):
    """How an item was resolved."""

    NONE = ""
    AGREED = "agreed"
    """By itself: a later run found both sides the same."""
    EXPLAINED = "explained"
    SUSPENSE = "suspense"
    """The difference is booked, and waits in the suspense account for its reason."""
    BOOKED = "booked"


BOOKABLE_KINDS = (
    AccountKind.PSP_RECEIVABLE,
    AccountKind.BANK,
    AccountKind.PSP_FEE,
    AccountKind.DISPUTE_FEE,
    AccountKind.CHARGEBACK_LOSS,
    AccountKind.BAD_DEBT,
    AccountKind.GOODWILL,
    AccountKind.PROMO,
    AccountKind.COMMISSION,
    AccountKind.BOOKING_FEE,
)
"""Where a difference may be booked to; psp_receivable takes it out of suspense again."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a person has to look at; `amount` is what the PSP says less what the ledger says.

    Of each kind and reference one is open at a time.
    """

    id: UUID
    kind: ItemKind
    reference: str
    amount: Money
    detail: str
    opened_at: datetime
    psp_transaction_id: str | None = None
    subject: Subject | None = None
    status: ItemStatus = ItemStatus.OPEN
    resolution: Resolution = Resolution.NONE
    note: str = ""
    resolved_by: str = ""
    closed_at: datetime | None = None

    def resolved(
        self, resolution: Resolution, note: str, by: str, now: datetime, seen_amount: Money | None = None
    ) -> Item:
        """Resolve it; in suspense it stays to be explained.

        `seen_amount` is the difference that was decided on; None where that was not told.

        Raises:
            Conflict: `item_closed`, `item_changed`, `item_in_suspense`, `item_moves_no_money`.
        """
        if self.status is ItemStatus.CLOSED:
            raise Conflict("item_closed", f"this item is closed: {self.resolution}")
        if seen_amount is not None and seen_amount != self.amount:
            # A run rewrites the difference of an open item: what was decided on would not be what is booked.
            raise Conflict("item_changed", f"the difference is {self.amount} by now, not {seen_amount}: look again")
        moves_money = resolution in (Resolution.SUSPENSE, Resolution.BOOKED)
        if moves_money and (self.kind not in MONEY_KINDS or not self.amount.amount_minor):
            raise Conflict("item_moves_no_money", f"an item of kind {self.kind} is explained, nothing is booked for it")
        if self.status is ItemStatus.IN_SUSPENSE and resolution is not Resolution.BOOKED:
            raise Conflict("item_in_suspense", "its difference is in suspense: book it to an account")
        status = ItemStatus.IN_SUSPENSE if resolution is Resolution.SUSPENSE else ItemStatus.CLOSED
        closed_at = now if status is ItemStatus.CLOSED else None
        return replace(self, status=status, resolution=resolution, note=note, resolved_by=by, closed_at=closed_at)


def resolution_entries(
    item: Item, resolution: Resolution, account: AccountKind | None, ids: tuple[UUID, UUID], now: datetime
) -> list[JournalEntry]:
    """Return what a resolution books for an item as it stood before; InvalidInput `invalid_account`."""
    amount, suspense = item.amount, Account(AccountKind.SUSPENSE)
    payment_id = None if item.subject is None else item.subject.payment_id
    entries: list[JournalEntry] = []
    if resolution in (Resolution.SUSPENSE, Resolution.BOOKED) and item.status is ItemStatus.OPEN:
        legs = Posting(Account(AccountKind.PSP_RECEIVABLE), amount), Posting(suspense, -amount)
        entries.append(JournalEntry(ids[0], EntryKind.SUSPENSE, item.id, payment_id, now, legs))
    if resolution is Resolution.BOOKED:
        if (
            account is None
            or account not in BOOKABLE_KINDS
            or (account is AccountKind.PSP_RECEIVABLE and item.status is not ItemStatus.IN_SUSPENSE)
        ):
            names = ", ".join(BOOKABLE_KINDS)
            raise InvalidInput(
                "invalid_account",
                "a difference cannot be booked to this account",
                violations=[FieldViolation("account_kind", f"must be one of {names} (the first only from suspense)")],
            )
        legs = Posting(suspense, amount), Posting(Account(account), -amount)
        entries.append(JournalEntry(ids[1], EntryKind.SUSPENSE_CLEARED, item.id, payment_id, now, legs))
    return entries
