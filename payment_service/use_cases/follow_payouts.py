"""Ask the PSP what has become of payouts that are with a bank, and write it down."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

from payment_service.domain.payout import Payout, PayoutStatus
from payment_service.use_cases import payout_steps
from payment_service.use_cases.payout_psp import PayoutFate, PayoutSeen
from payment_service.use_cases.ports import Failpoint, PaymentServiceProvider, Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)
BATCH_PAYOUTS = 8
"""How many are taken, and asked about, at once."""


class FollowPayouts:
    """The use case; run by every replica."""

    def __init__(
        self,
        store: Store,
        psp: PaymentServiceProvider,
        clock: Clock,
        ids: IdSource,
        failpoint: Failpoint,
        *,
        psp_timeout_seconds: float,
        look_seconds: float,
    ) -> None:
        """Make it.

        Args:
            store: where payouts are kept.
            psp: who is asked.
            clock: tells the time.
            ids: makes the ids.
            failpoint: told of every step.
            psp_timeout_seconds: bound of one look.
            look_seconds: how long a payout that is under way rests between two looks.
        """
        self._store = store
        self._psp = psp
        self._clock = clock
        self._ids = ids
        self._failpoint = failpoint
        self._psp_timeout_seconds = psp_timeout_seconds
        self._rest = timedelta(seconds=look_seconds)

    async def __call__(self) -> bool:
        """Look at one batch of payouts whose time has come; tell whether there may be more."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            # Nobody else looks meanwhile; should this process die, somebody does after the rest.
            payouts = await work.payouts.take_due(now, now + self._rest, BATCH_PAYOUTS)
        await asyncio.gather(*(self._follow_one(payout) for payout in payouts))
        return len(payouts) == BATCH_PAYOUTS

    async def follow(self, payout: Payout) -> bool:
        """Look at a payout and write down what is seen; False where the PSP does not answer: the next look will."""
        try:
            async with asyncio.timeout(self._psp_timeout_seconds):
                seen = await self._psp.see_payout(payout.psp_account_id, payout.psp_payout_id)
        except TimeoutError:
            return False
        self._failpoint("follow_payout.seen")
        if not isinstance(seen, PayoutSeen):
            return False
        await self._write_down(payout.id, seen)
        self._failpoint("follow_payout.recorded")
        return True

    async def _write_down(self, payout_id: UUID, seen: PayoutSeen) -> None:
        now = self._clock.now()
        async with self._store.transaction() as work:
            payout = await work.payouts.lock(payout_id)
            match payout.status, seen.fate:
                case PayoutStatus.SENT, PayoutFate.PAID:
                    await payout_steps.paid(work, payout, now, self._ids)
                case ((PayoutStatus.SENT | PayoutStatus.PAID), PayoutFate.FAILED):
                    await payout_steps.come_back(work, payout, seen.failure_reason or "failed", now, self._ids)
                case ((PayoutStatus.SENT | PayoutStatus.PAID), _):
                    await work.payouts.save(payout.looked(now, self._rest))
                case _:
                    # Somebody has seen its end before.
                    pass
            self._failpoint("follow_payout.written")

    async def _follow_one(self, payout: Payout) -> None:
        try:
            await self.follow(payout)
        except Exception:
            # One that cannot be followed must not hold back the others; its next look comes.
            _log.exception("a payout could not be followed", extra={"payout_id": str(payout.id)})
