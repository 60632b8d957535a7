"""Show how a driver stands."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.standing import Standing
from payment_service.use_cases.ports import Store


class GetDriverStanding:
    """The use case."""

    def __init__(self, store: Store, cash_floor_minor: int) -> None:
        self._store = store
        self._cash_floor_minor = cash_floor_minor

    async def __call__(self, driver_id: UUID, currency_code: str) -> Standing:
        """Return a driver's balance, zero where nothing was ever posted, and what follows from it."""
        async with self._store.snapshot() as work:
            return await work.standings.of(driver_id, currency_code, self._cash_floor_minor)
