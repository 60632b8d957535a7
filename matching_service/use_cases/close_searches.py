"""End rides that waited too long: for a driver, or for the outcome of their hold."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.events import RideUnmatched
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.force_cancel_ride import cancel_by_platform
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class CloseSearches:
    """A sweep; every replica may run it at once. An open offer is let run out first."""

    store: Store
    reader: RideReader
    clock: Clock

    async def __call__(self, limit: int = 100) -> int:
        """Look at no more than `limit` overdue rides; return how many there were."""
        overdue = await self.reader.overdue_searches(self.clock.now(), limit)
        await one_by_one(overdue, self._close)
        return len(overdue)

    async def _close(self, ride_id: UUID) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(ride_id)
            now = self.clock.now()
            if ride is None or now < ride.search_until:
                return
            if ride.state is RideState.MATCHING:
                ended = ride_search.unmatched(ride, now)
                await tx.save_ride(ride, ended)
                await tx.tell(RideUnmatched(ended, now))
            elif ride.state is RideState.REQUESTED:
                await cancel_by_platform(tx, ride, "payment_unavailable", "", now)
