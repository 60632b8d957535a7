"""What comes before a scheduled pickup: the hold, the reminder, and the search as early as the nearest driver needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.city import CityPolicy
from matching_service.domain.events import RideMatchingStarted, RideReminded, RideRequested
from matching_service.domain.ride import Ride
from matching_service.domain.ride_schedule import hold_due, looked_for_drivers, reminded, search_begun
from matching_service.domain.ride_states import RideState
from matching_service.domain.schedule import LOOK_AGAIN_SECONDS
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.force_cancel_ride import cancel_by_platform
from matching_service.use_cases.location_ports import FreeDrivers
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.store_ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict

RETRY_SECONDS = 30
"""A rider who is on another ride when the search should begin is looked for again after this."""


@dataclass(frozen=True, slots=True)
class KeepSchedules:
    """A sweep; every replica may run it at once. The times stand in the rows, so a restart drops none."""

    store: Store
    reader: RideReader
    policies: EditPolicies
    free_drivers: FreeDrivers
    eta: EtaProvider
    clock: Clock

    async def __call__(self, limit: int = 64) -> int:
        """See to at most `limit` scheduled rides that are due; return how many there were."""
        due = await self.reader.due_schedules(self.clock.now(), limit)
        await one_by_one(due, self._keep)
        return len(due)

    async def _keep(self, seen: Ride) -> None:
        city = await self.policies.city_of(seen)
        # One look decides whether it is time to look at drivers: without an answer of theirs the search begins at once.
        looked_at = self.clock.now()
        begins = await self._begins(seen, city, looked_at)
        try:
            async with self.store.transaction() as tx:
                ride = await tx.lock_ride(seen.id)
                if ride is not None and ride.version == seen.version:
                    await self._see_to(tx, ride, begins, looked_at)
        except Conflict as error:
            if error.reason != "active_ride":
                raise
            await self._wait_for_rider(seen.id)

    async def _begins(self, ride: Ride, city: CityPolicy, looked_at: datetime) -> datetime | None:
        """Return when the search is to begin as drivers stand now; None for at once, or while nobody asks."""
        schedule, product = ride.schedule, city.products.get(ride.product)
        if schedule is None or product is None or looked_at < schedule.dispatch_at:
            return None
        reach_meters = self.eta.reach_meters(city.dispatch.pickup_eta_cap_seconds)
        nearest = await self.free_drivers.nearest(ride.pickup.point, product.vehicle_classes, reach_meters)
        if nearest is None:
            return None
        [seconds] = await self.eta.seconds([(nearest, ride.pickup.point)])
        return schedule.search_at(seconds, city.schedule)

    async def _see_to(self, tx: Transaction, before: Ride, begins: datetime | None, looked_at: datetime) -> None:
        schedule, now = before.schedule, self.clock.now()
        if before.state is not RideState.SCHEDULED or schedule is None:
            return
        ride = before
        if schedule.hold_at is not None and now >= schedule.hold_at:
            ride = hold_due(ride)
        if schedule.remind_at is not None and now >= schedule.remind_at:
            ride = reminded(ride)
            await tx.tell(RideReminded(ride, now))
        if looked_at >= schedule.dispatch_at:
            if begins is not None and begins > now:
                ride = looked_for_drivers(ride, min(begins, now + timedelta(seconds=LOOK_AGAIN_SECONDS)))
            else:
                ride = search_begun(ride, now)
                matching = ride.state is RideState.MATCHING
                await tx.tell(RideMatchingStarted(ride, now) if matching else RideRequested(ride, now))
        await tx.save_ride(before, ride)

    async def _wait_for_rider(self, ride_id: UUID) -> None:
        """The rider is on another ride: try again soon, but not for ever."""
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(ride_id)
            if ride is None or ride.state is not RideState.SCHEDULED or ride.schedule is None:
                return
            now = self.clock.now()
            if now >= ride.search_until:
                await cancel_by_platform(tx, ride, "rider_busy", "", now)
            else:
                await tx.save_ride(ride, looked_for_drivers(ride, now + timedelta(seconds=RETRY_SECONDS)))
