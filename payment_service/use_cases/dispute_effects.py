"""What the PSP shows of a dispute, written down with its money. The caller holds the payment's lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from payment_service.domain.dispute import Dispute, DisputeStatus, LossBorneBy, SeenDispute
from payment_service.domain.events import DisputeClosed, DisputeOpened
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting, merged
from payment_service.domain.payment import Payment
from payment_service.use_cases.ports import Work
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


async def take_dispute_in(
    work: Work, payment: Payment, seen: SeenDispute, borne_by: LossBorneBy, now: datetime, ids: IdSource
) -> Dispute:
    """Write down what the PSP shows of a dispute; return it as it stands then.

    Args:
        work: the transaction; it holds the payment's lock.
        payment: what is disputed.
        seen: what the PSP shows.
        borne_by: whose loss it would be, where it is seen for the first time.
        now: when.
        ids: makes the ids.

    Raises:
        Conflict: `invalid_transition`, `dispute_contradiction`.
    """
    if seen.currency_code != payment.currency_code:
        raise Conflict("dispute_contradiction", "the dispute is in another currency than its payment")
    before = await work.disputes.lock_seen(seen.psp_dispute_id)
    fresh = before is None
    if before is None:
        if borne_by is LossBorneBy.DRIVER and await driver_of(work, payment) is None:
            borne_by = LossBorneBy.PLATFORM
        before = Dispute.opened(ids(), payment.id, payment.ride_id, seen, borne_by, now)
        await work.disputes.insert(before)
        await work.tell(DisputeOpened(before), now)
    elif before.payment_id != payment.id:
        raise Conflict("dispute_contradiction", "the dispute is about another payment")
    after = before.as_seen(seen, now)
    unchanged = replace(after, look_at=before.look_at, version=before.version) == before
    await work.disputes.save(after)
    if unchanged and not fresh:
        return after
    driver = await driver_of(work, payment)
    for kind, postings in _moved(None if fresh else before, after, driver):
        await work.ledger.post(JournalEntry(ids(), kind, after.id, payment.id, now, tuple(merged(postings))))
    if after.status.is_over and (fresh or not before.status.is_over):
        await work.tell(DisputeClosed(after), now)
    return after


async def driver_of(work: Work, payment: Payment) -> str | None:
    """Return who earned by a payment, None where nobody did."""
    if payment.driver_id is None and payment.ride_id is not None:
        own = await work.payments.get_of_ride(payment.ride_id)
        return None if own is None or own.driver_id is None else str(own.driver_id)
    return None if payment.driver_id is None else str(payment.driver_id)


def _moved(before: Dispute | None, after: Dispute, driver: str | None) -> Iterable[tuple[EntryKind, list[Posting]]]:
    code = after.currency_code
    withdrawn = Money(code, after.withdrawn_minor)
    receivable, psp = Account(AccountKind.DISPUTE_RECEIVABLE), Account(AccountKind.PSP_RECEIVABLE)
    was_withdrawn = before is not None and before.withdrawn_minor > 0
    was_reinstated = before is not None and before.reinstated_minor > 0
    was_lost = before is not None and before.status is DisputeStatus.LOST and was_withdrawn
    if after.withdrawn_minor and not was_withdrawn:
        fee = Money(code, after.fee_minor)
        yield (
            EntryKind.DISPUTE_WITHDRAWN,
            [
                Posting(receivable, withdrawn),
                Posting(Account(AccountKind.DISPUTE_FEE), fee),
                Posting(psp, -(withdrawn + fee)),
            ],
        )
    if after.reinstated_minor and not was_reinstated:
        came_back = Money(code, before.fee_minor - after.fee_minor if before is not None and was_withdrawn else 0)
        yield (
            EntryKind.DISPUTE_WON,
            [
                Posting(psp, withdrawn + came_back),
                Posting(Account(AccountKind.DISPUTE_FEE), -came_back),
                Posting(receivable, -withdrawn),
            ],
        )
    if after.status is DisputeStatus.LOST and after.withdrawn_minor and not was_lost:
        loser = Account(AccountKind.CHARGEBACK_LOSS)
        if after.borne_by is LossBorneBy.DRIVER and driver is not None:
            loser = Account(AccountKind.DRIVER, driver)
        yield EntryKind.DISPUTE_LOST, [Posting(loser, withdrawn), Posting(receivable, -withdrawn)]
