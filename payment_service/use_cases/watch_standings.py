"""Tell when a driver comes to owe too much for cash rides, or no longer does: in the transaction that does it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.standing import DriverStandingChanged
from payment_service.use_cases.ports import GroupedWork, Store, Work
from payment_service.use_cases.repositories import Needs
from shared_kernel.clock import Clock


class WatchedStore:
    """A store whose every transaction ends with a look at the drivers whose accounts it has posted to.

    Whatever posts to a driver's account (a ride, a refund, a payout, a fee) cannot forget it this way.
    """

    def __init__(self, store: Store, clock: Clock, cash_floor_minor: int) -> None:
        self._store = store
        self._clock = clock
        self._cash_floor_minor = cash_floor_minor

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Work]:
        async with self._store.transaction() as work:
            yield work
            if work.ledger.touched_drivers:
                await self._tell(work, work.ledger.touched_drivers)

    @asynccontextmanager
    async def together(self, needs: Sequence[Needs], now: datetime) -> AsyncGenerator[Sequence[GroupedWork]]:
        async with self._store.together(needs, now) as works:
            yield works
            touched = {driver for work in works for driver in work.ledger.touched_drivers}
            if touched:
                await self._tell(works[0], touched)

    def single(self) -> AbstractAsyncContextManager[Work]:
        # Nothing is posted by a statement alone.
        return self._store.single()

    def snapshot(self) -> AbstractAsyncContextManager[Work]:
        return self._store.snapshot()

    async def review(self) -> bool:
        """Tell standings that changed with the floor (a setting) alone; tell whether there may be more."""
        async with self._store.transaction() as work:
            outdated = await work.standings.outdated(self._cash_floor_minor)
            if outdated is None:
                return False
            driver_id, currency_code = outdated
            # The balance must not move between the look and the record of it.
            await work.ledger.lock(Account(AccountKind.DRIVER, str(driver_id)), currency_code=currency_code)
            await self._tell(work, [outdated])
        return True

    async def _tell(self, work: Work, drivers: Collection[tuple[UUID, str]]) -> None:
        now = self._clock.now()
        for standing in await work.standings.changed(drivers, self._cash_floor_minor):
            version = await work.standings.record(standing, now)
            await work.tell(DriverStandingChanged(standing, version), now)
