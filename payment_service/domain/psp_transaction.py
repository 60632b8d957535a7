"""The PSP's own list of what moved its balance for us: each line of it, and what it should be in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting, merged
from shared_kernel.money import Money

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:jitney:psp-balance-transaction")


class TransactionKind(StrEnum):
    """What a transaction is about."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    TRANSFER = "transfer"
    """To a driver's account at the PSP, or back from it."""
    FEE = "fee"
    """What the PSP asks for by itself, beside the fees of the other kinds."""
    SETTLEMENT = "settlement"
    """Paid out to our bank, or returned by it."""
    OTHER = "other"


class SubjectKind(StrEnum):
    """What of ours a transaction belongs to."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class PspTransaction:
    """One line: `amount` into the PSP's balance (below zero out of it), and `fee`, which is taken off it.

    `source_id` names the PSP's object that moved the balance, `parent_id` the one that it belongs to: a charge's and a
    refund's payment, a dispute's charge, a reversal's transfer. `type` is the PSP's own word.
    """

    id: str
    kind: TransactionKind
    type: str
    amount: Money
    fee: Money
    source_id: str
    parent_id: str
    created_at: datetime
    available_at: datetime

    @property
    def net(self) -> Money:
        return self.amount - self.fee

    @property
    def ledger_id(self) -> UUID:
        """Name the transaction where the ledger wants a source."""
        return uuid5(_NAMESPACE, self.id)

    @property
    def told(self) -> Money:
        """What of it the subject's own entries book: a dispute's fee is booked with it, other fees apart."""
        return self.net if self.kind is TransactionKind.DISPUTE else self.amount

    @property
    def books_itself(self) -> bool:
        """Whether the transaction is itself what happened: then the list alone is what it is booked from."""
        return self.kind in (TransactionKind.FEE, TransactionKind.SETTLEMENT)


@dataclass(frozen=True, slots=True)
class Subject:
    """What of ours transactions are about; `payment_id` is the payment that it belongs to."""

    kind: SubjectKind
    id: UUID
    payment_id: UUID | None


SUBJECT_OF_ENTRY = {
    EntryKind.CAPTURE: SubjectKind.PAYMENT,
    EntryKind.COLLECTION: SubjectKind.PAYMENT,
    EntryKind.TIP: SubjectKind.PAYMENT,
    EntryKind.TOP_UP: SubjectKind.PAYMENT,
    EntryKind.WITHDRAWAL: SubjectKind.REFUND,
    EntryKind.REFUND: SubjectKind.REFUND,
    EntryKind.REFUND_PAID: SubjectKind.REFUND,
    EntryKind.REFUND_FAILED: SubjectKind.REFUND,
    EntryKind.REFUND_RETURNED: SubjectKind.REFUND,
    EntryKind.DISPUTE_WITHDRAWN: SubjectKind.DISPUTE,
    EntryKind.DISPUTE_WON: SubjectKind.DISPUTE,
    EntryKind.DISPUTE_LOST: SubjectKind.DISPUTE,
    EntryKind.PAYOUT: SubjectKind.PAYOUT,
    EntryKind.PAYOUT_PAID: SubjectKind.PAYOUT,
    EntryKind.PAYOUT_FAILED: SubjectKind.PAYOUT,
    EntryKind.PAYOUT_RETURNED: SubjectKind.PAYOUT,
}
"""What the source of an entry is, for entries that move the PSP's account and that the PSP's list therefore has."""


def entry_of(transaction: PspTransaction, entry_id: UUID, payment_id: UUID | None, at: datetime) -> JournalEntry | None:
    """Return what is booked from the list itself: fees and settlements; None where a transaction brings neither."""
    receivable = Account(AccountKind.PSP_RECEIVABLE)
    fee = Account(AccountKind.PSP_FEE)
    kind = EntryKind.PSP_FEE
    match transaction.kind:
        case TransactionKind.SETTLEMENT:
            kind = EntryKind.SETTLEMENT
            legs = [
                Posting(Account(AccountKind.BANK), -transaction.amount),
                Posting(fee, transaction.fee),
                Posting(receivable, transaction.net),
            ]
        case TransactionKind.FEE:
            legs = [Posting(fee, -transaction.net), Posting(receivable, transaction.net)]
        case TransactionKind.DISPUTE | TransactionKind.OTHER:
            return None
        case _:
            legs = [Posting(fee, transaction.fee), Posting(receivable, -transaction.fee)]
    postings = merged(legs)
    if not postings:
        return None
    return JournalEntry(entry_id, kind, transaction.ledger_id, payment_id, at, tuple(postings))
