"""Ask the PSP for what a webhook should have told: holds whose time has come, refunds and disputes that are open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.psp_events.disputes import DisputeEvents
from payment_service.use_cases.psp_events.handling import Handled, NotYet, Stuck, look_twice
from payment_service.use_cases.psp_events.payments import PaymentEvents
from payment_service.use_cases.psp_events.refunds import RefundEvents
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)

BATCH = 16
_AT_ONCE = 4
_LOOK_LEASE = timedelta(minutes=15)
"""When something whose look was begun and not ended is looked at again."""
_LIST_BACK = timedelta(days=3)
_MAX_PAGES = 10


class SweepPspObjects:
    """The use case; run by every replica, slowly: events are the quick way."""

    def __init__(
        self,
        store: Store,
        psp: PaymentServiceProvider,
        payments: PaymentEvents,
        refunds: RefundEvents,
        disputes: DisputeEvents,
        clock: Clock,
    ) -> None:
        self._store = store
        self._psp = psp
        self._payments = payments
        self._refunds = refunds
        self._disputes = disputes
        self._clock = clock
        self._holds_seen: tuple[datetime, UUID] | None = None

    async def holds(self) -> int:
        """Ask for one batch of held payments whose time has come; a short batch ends a round through all of them."""
        async with self._store.snapshot() as work:
            held = await work.payments.held_past(self._clock.now(), self._holds_seen, BATCH)
        last = held[-1] if len(held) == BATCH else None
        # One that the PSP still holds must not be asked about for ever while the others wait.
        self._holds_seen = (last.capture_before, last.id) if last is not None and last.capture_before else None
        await self._look("hold", ((one.id, self._payments.compare, (one, one.psp_payment_id)) for one in held))
        return len(held)

    async def refunds(self) -> int:
        """Ask for one batch of refunds whose look is due; return how many."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            due = await work.refunds.due_for_a_look(now, now + _LOOK_LEASE, BATCH)
        await self._look("refund", ((refund.id, self._refunds.look, (refund,)) for refund in due))
        return len(due)

    async def disputes(self) -> int:
        """Ask for one batch of open disputes whose look is due; return how many."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            due = await work.disputes.due_for_a_look(now, now + _LOOK_LEASE, BATCH)
        await self._look("dispute", ((one.id, self._disputes.look, (one.psp_dispute_id,)) for one in due))
        return len(due)

    async def listed_disputes(self) -> int:
        """Go through the PSP's list of late disputes, and take in those that nothing was told of; return how many."""
        since, after, taken = self._clock.now() - _LIST_BACK, "", 0
        for _ in range(_MAX_PAGES):
            page = await self._psp.see_disputes_since(since, after)
            if isinstance(page, NotSent | Unknown):
                return taken
            async with self._store.snapshot() as work:
                known = await work.disputes.known([seen.psp_dispute_id for seen in page.disputes])
            news = [seen for seen in page.disputes if known.get(seen.psp_dispute_id) is not seen.status]
            await self._look(
                "dispute", ((seen.psp_dispute_id, self._disputes.look, (seen.psp_dispute_id,)) for seen in news)
            )
            taken, after = taken + len(news), page.after
            if not after:
                return taken
        return taken

    async def _look(
        self, kind: str, looks: Iterable[tuple[object, Callable[..., Awaitable[Handled]], tuple[object, ...]]]
    ) -> None:
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(subject: object, look: Callable[..., Awaitable[Handled]], about: tuple[object, ...]) -> None:
            async with room:
                try:
                    handled = await look_twice(lambda: look(*about))
                except Exception:
                    # One that cannot be compared must not hold back the others.
                    _log.exception("what the PSP shows could not be compared", extra={"kind": kind, "id": str(subject)})
                    return
            if isinstance(handled, Stuck):
                extra = {"kind": kind, "id": str(subject), "detail": handled.detail}
                _log.error("what the PSP shows contradicts what is written", extra=extra)
            elif isinstance(handled, NotYet):
                _log.info("the PSP is to be asked again", extra={"kind": kind, "id": str(subject)})

        await asyncio.gather(*(one(*item) for item in looks))
