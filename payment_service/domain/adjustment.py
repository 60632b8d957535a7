"""What an operator changes in a rider's accounts by hand: credit granted and taken back, debts given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.money import Money


class AdjustmentKind(StrEnum):
    """What is done; each has the entry kind of the same name."""

    CREDIT_GRANT = "credit_grant"
    CREDIT_REVOKED = "credit_revoked"
    WRITE_OFF = "write_off"


CREDIT_KINDS = (AdjustmentKind.CREDIT_GRANT, AdjustmentKind.CREDIT_REVOKED)


@dataclass(frozen=True, slots=True)
class RiderAdjustment:
    """One change, of an amount above zero (InvalidInput `invalid_amount`); `reason` is the operator's."""

    id: UUID
    kind: AdjustmentKind
    rider_id: UUID
    operator_id: UUID
    amount: Money
    reason: str
    created_at: datetime

    def __post_init__(self) -> None:
        refuse_nothing(self.amount)

    @property
    def rider_account(self) -> Account:
        """The account of the rider that changes."""
        of_debt = self.kind is AdjustmentKind.WRITE_OFF
        return Account(AccountKind.RIDER_RECEIVABLE if of_debt else AccountKind.RIDER_CREDIT, str(self.rider_id))

    def entry(self, entry_id: UUID) -> JournalEntry:
        """Return its entry: credit is the promotions' expense, a debt given up is a bad one."""
        expense = Account(AccountKind.BAD_DEBT if self.kind is AdjustmentKind.WRITE_OFF else AccountKind.PROMO)
        amount = -self.amount if self.kind is AdjustmentKind.CREDIT_REVOKED else self.amount
        postings = (Posting(expense, amount), Posting(self.rider_account, -amount))
        return JournalEntry(entry_id, EntryKind(self.kind.value), self.id, None, self.created_at, postings)
