"""Ask riders who have not said how the ride was."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import RideRatingDue
from matching_service.domain.rating import may_be_rated
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class RemindOfRatings:
    """A sweep; every replica may run it at once. What is owed is a row, so a restart drops none; whoever sees to it
    takes it away, so nobody is asked twice.
    """

    store: Store
    reader: RideReader
    clock: Clock

    async def __call__(self, limit: int = 64) -> int:
        """See to no more than `limit` rides that are due; return how many there were."""
        due = await self.reader.due_ratings(self.clock.now(), limit)
        await one_by_one(due, self._see_to)
        return len(due)

    async def _see_to(self, ride_id: UUID) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(ride_id)
            now = self.clock.now()
            if ride is None or not await tx.take_rating_reminder(ride_id, now):
                return
            if may_be_rated(ride, now) and not await tx.is_driver_rated(ride_id):
                told = ride.told()
                await tx.save_ride(ride, told)
                await tx.tell(RideRatingDue(told, now))
