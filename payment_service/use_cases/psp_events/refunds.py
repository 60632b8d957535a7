"""Refunds that went on at the PSP: paid, or failed, also after they were paid."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.psp_event import PspEvent
from payment_service.domain.refund import Refund, SeenRefund
from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.psp_events.handling import Applied, Handled, NotYet, Stuck, Unmatched
from payment_service.use_cases.psp_events.unresolved import settled
from payment_service.use_cases.refund_effects import take_refund_in
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


class RefundEvents:
    """Handles `refund.…`, `charge.refund.…` and `charge.refunded`; the sweep of refunds asks the same of those due."""

    def __init__(self, store: Store, psp: PaymentServiceProvider, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._psp = psp
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, events: Sequence[PspEvent]) -> Handled:
        event = events[-1]
        async with self._store.snapshot() as work:
            payment = await work.payments.find_for_psp(event.psp_payment_id, event.operation_id)
        if payment is None:
            return Unmatched()
        if not await settled(self._store, self._settle, payment):
            return NotYet("operation_open")
        if event.type == "charge.refunded":
            seen = await self._psp.see_refunds_of(event.psp_payment_id)
        else:
            seen = await self._see(event.object_id)
        if isinstance(seen, NotSent | Unknown):
            return NotYet(seen.detail)
        return await self._apply(payment.id, seen) if seen else Stuck("not_found_at_psp")

    async def look(self, refund: Refund) -> Handled:
        """Ask the PSP for a refund that it accepted, and write down what it shows."""
        seen = await self._see(refund.psp_refund_id)
        if isinstance(seen, NotSent | Unknown):
            return NotYet(seen.detail)
        return await self._apply(refund.payment_id, seen) if seen else Stuck("not_found_at_psp")

    async def _see(self, psp_refund_id: str) -> Sequence[SeenRefund] | NotSent | Unknown:
        seen = await self._psp.see_refund(psp_refund_id)
        if seen is None:
            return ()
        return seen if isinstance(seen, NotSent | Unknown) else (seen,)

    async def _apply(self, payment_id: UUID, all_seen: Sequence[SeenRefund]) -> Handled:
        unknown = False
        try:
            async with self._store.transaction() as work:
                for seen in all_seen:
                    payment = await work.payments.lock(payment_id)
                    refund = await work.refunds.lock_seen(seen.refund_id, seen.psp_refund_id)
                    if refund is None or refund.payment_id != payment_id:
                        unknown = True
                        continue
                    await take_refund_in(work, payment, refund, seen, self._clock.now(), self._ids)
        except Conflict as error:
            return Stuck(error.reason)
        return Unmatched() if unknown else Applied()
