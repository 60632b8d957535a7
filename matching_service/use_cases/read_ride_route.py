"""Tell the way of a ride that is still to be driven: from where the driver is, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.eta import Trip, join_trips
from matching_service.domain.locations import GONE_SECONDS
from matching_service.domain.pooling import StopAction
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import RunView
from matching_service.domain.stops import StopState
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint


class RouteEnd(StrEnum):
    """To what a leg of the way leads; the names are those of the contract's RouteEnd."""

    PICKUP = "pickup"
    STOP = "stop"
    DROPOFF = "dropoff"


class RouteLeg(NamedTuple):
    """A leg of the way."""

    end: RouteEnd
    place: Place
    trip: Trip


class RideRoute(NamedTuple):
    """The way that is left. `measured_at`: when the driver was where the first leg begins; None where nobody knows."""

    legs: tuple[RouteLeg, ...]
    measured_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadRideRoute:
    """GetRideRoute. Before a driver is on the way, and while none is heard of, the way begins at the pickup, or where
    the ride was last; waits at stops are not part of it. In a shared vehicle it leads by way of the others' places,
    which are not named: they are part of the leg to the ride's own next place."""

    reader: RideReader
    locations: LiveLocations
    eta: EtaProvider
    clock: Clock

    async def __call__(
        self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None
    ) -> RideRoute:
        """Return the way; of this rider's or driver's ride if one is given.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `ride_over`.
        """
        ride = await self.reader.ride(ride_id, rider_id=rider_id, driver_id=driver_id)
        if ride is None:
            raise ride_not_found()
        if not ride.is_live:
            raise Conflict("ride_over", "the ride has come to its end")
        position = await self._position(ride)
        here, ends = _way(ride)
        if ride.kind is RideKind.POOLED and ride.driver is not None and ride.has_driver:
            view = await self.reader.run_of(ride.driver.driver_id)
            ends = ends if view is None else _way_with_others(ride, view)
        if position is not None:
            here = position[0]
        elif ride.state is RideState.DRIVER_EN_ROUTE:
            # How far the pickup is, nobody can tell.
            ends = _after_pickup(ends)
        legs: list[RouteLeg] = []
        trips: list[Trip] = []
        for end, place in ends:
            trips.append(await self.eta.trip(here, place.point))
            here = place.point
            if end is not None:
                legs.append(RouteLeg(end, place, join_trips(trips)))
                trips = []
        return RideRoute(tuple(legs), None if position is None else position[1])

    async def _position(self, ride: Ride) -> tuple[GeoPoint, datetime] | None:
        """Return where the driver is and since when, if that is on the way."""
        if ride.driver is None or ride.state not in _DRIVEN:
            return None
        found = await self.locations.last(ride.driver.driver_id)
        if found is None:
            return None
        measured_at = datetime.fromtimestamp(found.measured_at, UTC)
        is_fresh = self.clock.now() - measured_at <= timedelta(seconds=GONE_SECONDS)
        return (found.point, measured_at) if is_fresh else None


_DRIVEN = frozenset({RideState.DRIVER_EN_ROUTE, RideState.IN_PROGRESS, RideState.RETURNING})


_Ends = Sequence[tuple[RouteEnd | None, Place]]
"""Places in their order, and what they are to the ride: None for those of others, by way of which its legs lead."""


def _way(ride: Ride) -> tuple[GeoPoint, _Ends]:
    """Return where the ride is as far as its own record tells, and the places it goes to yet."""
    if ride.state is RideState.RETURNING:  # goods that could not be handed over go back
        return ride.dropoff.point, [(RouteEnd.PICKUP, ride.pickup)]
    ends: list[tuple[RouteEnd | None, Place]] = []
    been = [stop.place.point for stop in ride.stops if stop.state in (StopState.REACHED, StopState.LEFT)]
    if ride.state is RideState.DRIVER_EN_ROUTE:
        ends.append((RouteEnd.PICKUP, ride.pickup))
    ends += [(RouteEnd.STOP, stop.place) for stop in ride.stops if stop.state is StopState.PENDING]
    ends.append((RouteEnd.DROPOFF, ride.dropoff))
    return (been[-1] if been else ride.pickup.point), ends


def _after_pickup(ends: _Ends) -> _Ends:
    """Return what comes after the pickup; all, where a driver of a shared run has made it this very moment."""
    kinds = [end for end, _ in ends]
    return ends[kinds.index(RouteEnd.PICKUP) + 1 :] if RouteEnd.PICKUP in kinds else ends


def _way_with_others(ride: Ride, view: RunView) -> _Ends:
    """Return the stops of a shared run as far as this ride goes with it, in the order in which they are driven to."""
    rides = {each.ride_id: each for each in view.rides}
    ends: list[tuple[RouteEnd | None, Place]] = []
    for stop in view.pending:
        is_pickup = stop.action is StopAction.PICK_UP
        if stop.ride_id != ride.id:
            ends.append((None, rides[stop.ride_id].place_of(stop)))
        elif not is_pickup:
            return [*ends, (RouteEnd.DROPOFF, ride.dropoff)]
        elif ride.state is RideState.DRIVER_EN_ROUTE:
            ends.append((RouteEnd.PICKUP, ride.pickup))
    return [*ends, (RouteEnd.DROPOFF, ride.dropoff)]
