"""Begin a refund: the row, the entry that takes it from those who bear it, and what is to be sent to the PSP."""

from __future__ import annotations

from datetime import datetime

from payment_service.domain.events import RefundPaid
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting, merged
from payment_service.domain.operation import Operation
from payment_service.domain.orders import RefundOrder
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.refund import BorneBy, Refund
from payment_service.use_cases.ports import Work
from payment_service.use_cases.rider_accounts import wallet_account
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


async def begin_refund(
    work: Work,
    payment: Payment,
    amount: Money,
    borne_by: BorneBy,
    shares: tuple[Posting, ...],
    reason: str,
    now: datetime,
    ids: IdSource,
    *,
    lease_seconds: float,
) -> tuple[Refund, Operation | None]:
    """Begin a refund in a transaction that holds the payment's lock, and return it with what is to be sent.

    Args:
        work: the transaction.
        payment: what is refunded, as `Payment.refund_begun` left it.
        amount: how much.
        borne_by: who bears it.
        shares: their debits, which add up to the amount.
        reason: why, in the words of who asked.
        now: when.
        ids: makes the ids.
        lease_seconds: of the operation; zero lets the sweep send it.

    Returns:
        The refund; and the operation that takes it to the card, None where it went into the rider's wallet at once.
    """
    if payment.rider_id is None:
        raise ValueError(f"payment {payment.id} has no rider")
    to_card = payment.funding is Funding.CARD
    refund = Refund.begin(
        ids(), payment.id, payment.ride_id, payment.rider_id, amount, reason, borne_by, shares, now, to_card=to_card
    )
    await work.payments.save(payment)
    await work.refunds.insert(refund)
    to = Account(AccountKind.REFUND_TRANSIT) if to_card else wallet_account(payment)
    postings = tuple(merged([*shares, Posting(to, -amount)]))
    await work.ledger.post(JournalEntry(ids(), EntryKind.REFUND, refund.id, payment.id, now, postings))
    if not to_card:
        await work.tell(RefundPaid(refund), now)
        return refund, None
    order = RefundOrder(refund.id, payment.psp_payment_id, amount)
    operation = Operation.begin(ids(), order, now, lease_seconds, rider_id=payment.rider_id, payment_id=payment.id)
    await work.operations.insert(operation)
    return refund, operation
