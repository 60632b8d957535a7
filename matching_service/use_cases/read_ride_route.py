"""Tell the way of a ride that is still to be driven: from where the driver is, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.eta import Trip
from matching_service.domain.locations import GONE_SECONDS
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.stops import StopState
from matching_service.use_cases.dispatch_ports import EtaProvider, LiveLocations
from matching_service.use_cases.ports import RideReader
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
    the ride was last; waits at stops are not part of it."""

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
        if position is not None:
            here = position[0]
        elif ride.state is RideState.DRIVER_EN_ROUTE:
            ends = ends[1:]  # how far the pickup is, nobody can tell
        legs: list[RouteLeg] = []
        for end, place in ends:
            legs.append(RouteLeg(end, place, await self.eta.trip(here, place.point)))
            here = place.point
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


def _way(ride: Ride) -> tuple[GeoPoint, Sequence[tuple[RouteEnd, Place]]]:
    """Return where the ride is as far as its own record tells, and the places it goes to yet."""
    if ride.state is RideState.RETURNING:  # goods that could not be handed over go back
        return ride.dropoff.point, [(RouteEnd.PICKUP, ride.pickup)]
    been = [stop.place.point for stop in ride.stops if stop.state in (StopState.REACHED, StopState.LEFT)]
    ahead = [(RouteEnd.STOP, stop.place) for stop in ride.stops if stop.state is StopState.PENDING]
    ends = [*ahead, (RouteEnd.DROPOFF, ride.dropoff)]
    if ride.state is RideState.DRIVER_EN_ROUTE:
        return ride.pickup.point, [(RouteEnd.PICKUP, ride.pickup), *ends]
    return (been[-1] if been else ride.pickup.point), ends
