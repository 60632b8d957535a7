"""Add up the whole ledger."""

from __future__ import annotations

from payment_service.domain.ledger import TrialBalance
from payment_service.use_cases.ports import Store
from shared_kernel.clock import Clock


class GetTrialBalance:
    """The use case."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self) -> TrialBalance:
        """Return the sums by currency and by kind of account, all as of one moment."""
        async with self._store.snapshot() as work:
            return await work.ledger.trial_balance(self._clock.now())
