"""Show a driver what is owed to them."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.ledger import Earnings
from payment_service.use_cases.ports import Store


class GetEarnings:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, driver_id: UUID) -> Earnings:
        """Return balances by currency with the latest entries, all as of one moment."""
        async with self._store.snapshot() as work:
            return await work.ledger.earnings_of(driver_id)
