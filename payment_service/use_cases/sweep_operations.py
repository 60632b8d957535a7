"""Take up operations whose outcome is unknown, and those whose process died between the call and the record of it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from payment_service.domain.operation import Operation
from payment_service.use_cases.ports import Store
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)

BATCH_OPERATIONS = 8
"""How many are taken, and asked about, at once."""
LONGEST_REST_SECONDS = 30.0
"""While the PSP answers. What its absence made rest for a quarter of an hour is not left lying when it is back."""
_LOOK_SECONDS = 5.0
_FIRST_SHORTENED, _MOST_SHORTENED = BATCH_OPERATIONS, 8 * BATCH_OPERATIONS
"""At a look: few at first, and twice as many each time that all was answered since the look before. Where the PSP
answers only some calls (cards, say, and no payouts), those that it does not answer would take all turns of the sweep
from those that it does, were they all woken: a batch takes 3 s to time out."""


class SweepOperations:
    """The use case; run by every replica."""

    def __init__(self, store: Store, settle: Settle, clock: Clock) -> None:
        self._store = store
        self._settle = settle
        self._clock = clock
        self._looked_at: datetime | None = None
        self._shortened = _FIRST_SHORTENED

    async def __call__(self) -> int:
        """Settle one batch of operations whose time has come; return how many were taken."""
        now = self._clock.now()
        await self._shorten_rests(now)
        lease_until = now + timedelta(seconds=self._settle.lease_seconds)
        async with self._store.transaction() as work:
            operations = await work.operations.take_due(now, lease_until, BATCH_OPERATIONS)
        await asyncio.gather(*(self._settle_one(operation) for operation in operations))
        return len(operations)

    async def _shorten_rests(self, now: datetime) -> None:
        answered_at = self._settle.answered_at
        if answered_at is None or now - answered_at > timedelta(seconds=LONGEST_REST_SECONDS):
            return
        if self._looked_at is not None and now - self._looked_at < timedelta(seconds=_LOOK_SECONDS):
            return
        self._shortened = self._how_many()
        self._looked_at = now
        async with self._store.transaction() as work:
            await work.operations.shorten_rests(now + timedelta(seconds=LONGEST_REST_SECONDS), self._shortened)

    def _how_many(self) -> int:
        unanswered_at = self._settle.unanswered_at
        if self._looked_at is None or (unanswered_at is not None and unanswered_at >= self._looked_at):
            return _FIRST_SHORTENED
        return min(2 * self._shortened, _MOST_SHORTENED)

    async def _settle_one(self, operation: Operation) -> None:
        try:
            await self._settle.run(operation)
        except Exception:
            # One that cannot be settled must not hold back the others; its lease brings it back.
            _log.exception("an operation could not be settled", extra={"operation_id": str(operation.id)})
