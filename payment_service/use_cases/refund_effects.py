"""What a refund's end does: the entries, the payment's sum, the event. The caller holds the payment's lock."""

from __future__ import annotations

from datetime import datetime

from payment_service.domain.events import RefundFailed, RefundPaid
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Payment
from payment_service.domain.refund import Refund, RefundStatus, SeenRefund
from payment_service.use_cases.ports import Work
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


async def take_refund_in(
    work: Work, payment: Payment, refund: Refund, seen: SeenRefund, now: datetime, ids: IdSource
) -> Refund:
    """Write down what the PSP shows of a refund; return it as it stands then.

    Raises:
        Conflict: `refund_contradiction`, the PSP shows what cannot follow from what is written.
    """
    named = refund.psp_refund_id in ("", seen.psp_refund_id)
    if seen.amount != refund.amount or not named or seen.psp_payment_id != payment.psp_payment_id:
        raise Conflict("refund_contradiction", "the PSP shows another refund under this name")
    match refund.status, seen.status:
        case RefundStatus.PENDING, RefundStatus.PAID:
            return await refund_paid(work, refund, seen.psp_refund_id, now, ids)
        case ((RefundStatus.PENDING | RefundStatus.PAID), RefundStatus.FAILED):
            return await refund_failed(work, payment, refund, seen.failure_reason, now, ids, seen.psp_refund_id)
        case RefundStatus.FAILED, (RefundStatus.PENDING | RefundStatus.PAID):
            raise Conflict("refund_contradiction", "the PSP shows a refund that failed as alive")
        case RefundStatus.PENDING, RefundStatus.PENDING if not refund.psp_refund_id:
            refund = refund.accepted(seen.psp_refund_id, now)
        case RefundStatus.FAILED, _:
            return refund
        case _:
            refund = refund.looked(now)
    await work.refunds.save(refund)
    return refund


async def refund_paid(work: Work, refund: Refund, psp_refund_id: str, now: datetime, ids: IdSource) -> Refund:
    """Write down that the PSP has paid a refund."""
    refund = refund.paid(psp_refund_id, now)
    await work.refunds.save(refund)
    postings = (
        Posting(Account(AccountKind.REFUND_TRANSIT), refund.amount),
        Posting(Account(AccountKind.PSP_RECEIVABLE), -refund.amount),
    )
    await work.ledger.post(JournalEntry(ids(), EntryKind.REFUND_PAID, refund.id, refund.payment_id, now, postings))
    await work.tell(RefundPaid(refund), now)
    return refund


async def refund_failed(
    work: Work, payment: Payment, refund: Refund, reason: str, now: datetime, ids: IdSource, psp_refund_id: str = ""
) -> Refund:
    """Take back what a refund did: it was refused, or came back after it was paid."""
    if refund.status is RefundStatus.PAID:
        await _reverse(work, refund, EntryKind.REFUND_PAID, EntryKind.REFUND_RETURNED, now, ids)
    await _reverse(work, refund, EntryKind.REFUND, EntryKind.REFUND_FAILED, now, ids)
    refund = refund.failed(reason, now, psp_refund_id)
    await work.refunds.save(refund)
    await work.payments.save(payment.refund_failed(refund.amount))
    await work.tell(RefundFailed(refund), now)
    return refund


async def _reverse(work: Work, refund: Refund, kind: EntryKind, by: EntryKind, now: datetime, ids: IdSource) -> None:
    entry = await work.ledger.entry_of(kind, refund.id)
    if entry is None:
        raise ValueError(f"refund {refund.id} has no entry {kind}")
    postings = tuple(Posting(posting.account, -posting.amount) for posting in entry.postings)
    await work.ledger.post(JournalEntry(ids(), by, refund.id, refund.payment_id, now, postings, reverses=entry.id))
