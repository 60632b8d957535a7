"""Payouts to drivers' banks that went on at the PSP: paid, refused, or returned after they were paid."""

from __future__ import annotations

from collections.abc import Sequence

from payment_service.domain.payout import Payout
from payment_service.domain.psp_event import PspEvent
from payment_service.use_cases.follow_payouts import FollowPayouts
from payment_service.use_cases.ports import Store
from payment_service.use_cases.psp_events.handling import Applied, Handled, NotYet, Unmatched
from payment_service.use_cases.settle import Settle


class PayoutEvents:
    """Handles `payout.…`; the sweep of payouts asks the same of those that are due."""

    def __init__(self, store: Store, settle: Settle, follow: FollowPayouts) -> None:
        self._store = store
        self._settle = settle
        self._follow = follow

    async def __call__(self, events: Sequence[PspEvent]) -> Handled:
        event = events[-1]
        if not event.account_id:
            # The platform's own, to our bank: reconciliation finds it in the PSP's list.
            return Applied()
        payout = await self._find(event.object_id)
        if payout is None and event.operation_id is not None:
            # Quicker than the answer to the sending: that is written down first.
            await self._settle.take_up(event.operation_id)
            payout = await self._find(event.object_id)
        if payout is None:
            return Unmatched()
        return Applied() if await self._follow.follow(payout) else NotYet("no_answer")

    async def _find(self, psp_payout_id: str) -> Payout | None:
        async with self._store.snapshot() as work:
            return await work.payouts.find_for_psp(psp_payout_id)
