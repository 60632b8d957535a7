"""Read rides, offers and shifts: for the rider, the driver, the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.offer import Offer
from matching_service.domain.pooling import PlanStop, StopAction
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_route import open_stops
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import alone
from matching_service.domain.shift import Shift
from matching_service.use_cases.reader_ports import RideMoveRecord, RideReader, RideSummary
from matching_service.use_cases.steps import ride_not_found
from shared_kernel.errors import NotFound

MAX_HISTORY = 1_000
MAX_SCHEDULED = 50
"""The most that any city's policy allows a rider."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rides, newest first; `next_before` names the last one when there are more."""

    rides: list[Ride]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A stop of a driver's plan, where it is, and how many get in or out; none that are known of on the way."""

    stop: PlanStop
    place: Place
    passengers: int


def _plan_of(ride: Ride) -> list[PlannedStop]:
    """Return what is left of a ride that shares no vehicle; a stop stays until the driver goes on from it."""
    pick_up, drop_off = alone(ride.id)
    if ride.state is RideState.RETURNING:
        # What cannot be handed over goes back to where it was picked up.
        return [PlannedStop(drop_off, ride.pickup, ride.passengers)]
    ahead = [] if ride.state is RideState.IN_PROGRESS else [PlannedStop(pick_up, ride.pickup, ride.passengers)]
    on_the_way = PlanStop(ride.id, StopAction.STOP)
    ahead += [PlannedStop(on_the_way, stop.place, 0) for stop in open_stops(ride)]
    return [*ahead, PlannedStop(drop_off, ride.dropoff, ride.passengers)]


@dataclass(frozen=True, slots=True)
class ReadRides:
    """All reads; somebody else's ride is not found."""

    reader: RideReader

    async def get(self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride:
        """Return a ride; of this rider or driver if one is given. Raises NotFound `ride_not_found`."""
        ride = await self.reader.ride(ride_id, rider_id=rider_id, driver_id=driver_id)
        if ride is None:
            raise ride_not_found()
        return ride

    async def current(self, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride:
        """Return the live ride of a rider or driver; of parties who share a vehicle the one whose stop comes next.

        Raises NotFound `no_current_ride`.
        """
        ride = await self.reader.live_ride(rider_id=rider_id, driver_id=driver_id)
        if ride is not None and driver_id is not None and ride.sharing is not None:
            view = await self.reader.run_of(driver_id)
            if view is not None and view.pending:
                ride = await self.reader.ride(view.pending[0].ride_id, driver_id=driver_id) or ride
        if ride is None:
            raise NotFound("no_current_ride", "there is no ride under way")
        return ride

    async def scheduled(self, rider_id: UUID) -> list[Ride]:
        """Return a rider's rides that wait for their time, the next one first."""
        return await self.reader.scheduled_rides(rider_id, MAX_SCHEDULED)

    async def plan(self, driver_id: UUID) -> list[PlannedStop]:
        """Return the stops that are left of the driver's ride or rides, in the order in which they are driven to.

        Raises NotFound `no_current_ride`.
        """
        view = await self.reader.run_of(driver_id)
        if view is not None and view.pending:
            rides = {ride.ride_id: ride for ride in view.rides}
            return [
                PlannedStop(stop, rides[stop.ride_id].place_of(stop), rides[stop.ride_id].passengers)
                for stop in view.pending
            ]
        return _plan_of(await self.current(driver_id=driver_id))

    async def page(
        self,
        size: int,
        before: UUID | None,
        *,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> Page:
        """Return a page of at most `size` rides, newest first, after the one named."""
        rides = await self.reader.rides(size + 1, before=before, rider_id=rider_id, driver_id=driver_id, states=states)
        more = len(rides) > size
        return Page(rides[:size], rides[size - 1].id if more else None)

    async def history(self, ride_id: UUID) -> tuple[Ride, list[RideMoveRecord], list[Offer]]:
        """Return a ride with its moves and offers, oldest first. Raises NotFound `ride_not_found`."""
        ride = await self.get(ride_id)
        moves, offers = await self.reader.history(ride_id, MAX_HISTORY)
        return ride, moves, offers

    async def traceparent(self, ride_id: UUID) -> str:
        """Return the trace that a ride was asked for in, as W3C's traceparent; empty where there is none."""
        return await self.reader.traceparent(ride_id)

    async def summary(self, since: datetime) -> RideSummary:
        """Count the rides asked for since a time, measure their waits, and look for double assignments."""
        return await self.reader.summary(since)

    async def current_offer(self, driver_id: UUID) -> Offer:
        """Return the driver's open offer. Raises NotFound `no_open_offer`."""
        offer = await self.reader.open_offer(driver_id)
        if offer is None:
            raise NotFound("no_open_offer", "there is no open offer")
        return offer

    async def current_shift(self, driver_id: UUID) -> Shift:
        """Return the driver's open shift. Raises NotFound `no_open_shift`."""
        shift = await self.reader.open_shift(driver_id)
        if shift is None:
            raise NotFound("no_open_shift", "the driver is offline")
        return shift
