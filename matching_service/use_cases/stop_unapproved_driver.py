"""A driver's approval was taken away: no more rides."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shift import EndReason
from matching_service.use_cases.going_offline import retrying, take_offline
from matching_service.use_cases.service_ports import Accounts
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class StopUnapprovedDriver:
    """Ends the shift of a driver who is no longer approved: at once, or after the ride under way."""

    store: Store
    accounts: Accounts
    clock: Clock

    async def __call__(self, event_id: UUID, driver_id: UUID) -> None:
        """Take the news in once. The driver's present standing counts: the event may be old."""
        driver = await self.accounts.driver(driver_id)
        if driver is None or not driver.approved:
            await retrying(lambda: self._stop(event_id, driver_id))

    async def _stop(self, event_id: UUID, driver_id: UUID) -> None:
        async with self.store.transaction() as tx:
            if await tx.first_time(event_id):
                await take_offline(tx, driver_id, self.clock, EndReason.NOT_APPROVED)
