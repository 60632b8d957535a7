"""What of the way of a ride lies behind its driver."""

from __future__ import annotations

from typing import NamedTuple

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.stops import StopState
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.plan_route import plan_route
from shared_kernel.geo import GeoPoint


class WayBehind(NamedTuple):
    """A way from the pickup on: how long it was, and the places that it led by; without any the trip has not begun."""

    meters: int
    seconds: int
    places: tuple[GeoPoint, ...]

    @property
    def until(self) -> GeoPoint | None:
        """Where it ends, and the rest begins."""
        return self.places[-1] if self.places else None


async def way_behind(eta: EtaProvider, ride: Ride, here: GeoPoint | None, wait_seconds: int) -> WayBehind:
    """Measure the way from the pickup, or the last edit, by the stops passed since then, to where the driver is.

    Where that is not known (`here` None) it ends at the last place known to be passed.
    """
    if ride.state is not RideState.IN_PROGRESS or ride.started_at is None:
        return WayBehind(0, 0, ())
    since = ride.driven_at or ride.started_at
    reached = [(stop.reached_at, stop.place.point) for stop in ride.stops if stop.reached_at is not None]
    passed = [point for reached_at, point in reached if reached_at > since]
    measured = [ride.driven_to or ride.pickup.point, *passed]
    at_a_stop = any(stop.state is StopState.REACHED for stop in ride.stops)
    if here is not None and not at_a_stop:
        measured.append(here)
    way = await plan_route(eta, measured, 0)
    waits = wait_seconds * len(passed)
    earlier = [point for reached_at, point in reached if reached_at <= since]
    before = () if ride.driven_to is None else (ride.pickup.point, *earlier)
    return WayBehind(ride.driven_meters + way.meters, ride.driven_seconds + way.seconds + waits, (*before, *measured))
