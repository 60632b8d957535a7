"""Disputes that were opened or went on at the PSP."""

from __future__ import annotations

from collections.abc import Sequence

from payment_service.domain.dispute import LossBorneBy, SeenDispute
from payment_service.domain.psp_event import PspEvent
from payment_service.use_cases.dispute_effects import take_dispute_in
from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.psp_events.handling import Applied, Handled, NotYet, Stuck, Unmatched
from payment_service.use_cases.psp_events.unresolved import settled
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


class DisputeEvents:
    """Handles `charge.dispute.…`; the sweep of disputes asks the same of those that are open."""

    def __init__(
        self,
        store: Store,
        psp: PaymentServiceProvider,
        settle: Settle,
        clock: Clock,
        ids: IdSource,
        borne_by: LossBorneBy,
    ) -> None:
        """Make it; `borne_by` says whose loss a dispute is unless an operator decides otherwise."""
        self._store = store
        self._psp = psp
        self._settle = settle
        self._clock = clock
        self._ids = ids
        self._borne_by = borne_by

    async def __call__(self, events: Sequence[PspEvent]) -> Handled:
        return await self.look(events[-1].object_id)

    async def look(self, psp_dispute_id: str) -> Handled:
        """Ask the PSP for a dispute, and write down what it shows."""
        seen = await self._psp.see_dispute(psp_dispute_id)
        if isinstance(seen, NotSent | Unknown):
            return NotYet(seen.detail)
        if seen is None:
            return Stuck("not_found_at_psp")
        return await self._take_in(seen)

    async def _take_in(self, seen: SeenDispute) -> Handled:
        async with self._store.snapshot() as work:
            payment = await work.payments.find_for_psp(seen.psp_payment_id, None)
        if payment is None:
            return Unmatched()
        if not await settled(self._store, self._settle, payment):
            return NotYet("operation_open")
        try:
            async with self._store.transaction() as work:
                payment = await work.payments.lock(payment.id)
                if await work.operations.open_of(payment.id) is not None:
                    return NotYet("operation_open")
                await take_dispute_in(work, payment, seen, self._borne_by, self._clock.now(), self._ids)
        except Conflict as error:
            return Stuck(error.reason)
        return Applied()
