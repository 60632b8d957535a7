"""Distance and time on the way, estimated from the great circle: what a city has without a street graph."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from matching_service.domain.city import TravelPolicy
from matching_service.domain.polyline import join_polylines
from matching_service.domain.travel_times import TimingNow, as_estimated
from shared_kernel.geo import GeoPoint, Located, haversine_meters


class Trip(NamedTuple):
    """A way through the streets."""

    meters: int
    seconds: int
    polyline: str = ""
    """The line on the map (see domain/polyline); empty where no map tells it."""


def join_trips(trips: Sequence[Trip]) -> Trip:
    """Return the way through several, each of which begins where the one before ends."""
    line = join_polylines(trip.polyline for trip in trips)
    return Trip(sum(trip.meters for trip in trips), sum(trip.seconds for trip in trips), line)


Leg = tuple[Located, Located]
"""From here to there; a plain tuple, since a tick asks for tens of thousands, and of drivers as they are."""


class Search(NamedTuple):
    """Who comes to a place in less than so many seconds."""

    place: GeoPoint
    seconds: float


class CrowFliesEta:
    """Great-circle distance, stretched by the city's circuity and driven at its mean speed.

    The packaged figures are those of recorded taxi trips in San Francisco: circuity 1.20 and 19.9 km/h. The estimate
    errs by a third to a half in the mean: it knows no street, and the hour only as far as `timing` has learned it.
    """

    provider = "crow_flies"
    map_id = ""

    def __init__(self, travel: TravelPolicy, timing: TimingNow = as_estimated) -> None:
        self._timing = timing
        self._circuity = travel.circuity
        self._meters_per_second = travel.speed_kmh / 3.6

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the way; meters and seconds are rounded up."""
        meters = haversine_meters(origin, destination) * self._circuity
        return Trip(ceil(meters), ceil(self._timing().seconds(meters / self._meters_per_second)))

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg, rounded up; a driver on the spot still takes one."""
        start_seconds, factor = self._timing()
        per_meter = self._circuity / self._meters_per_second * factor
        driven = [haversine_meters(origin, destination) * per_meter for origin, destination in legs]
        # As Timing.seconds has it, without a call for each of tens of thousands.
        return [max(1, ceil(each + min(each, start_seconds))) for each in driven]

    def reach_meters(self, seconds: float) -> float:
        """Return the great-circle distance driven in so long."""
        return self._timing().estimate_seconds(seconds) * self._meters_per_second / self._circuity

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg at the city's mean speed, whatever the hour."""
        per_meter = self._circuity / self._meters_per_second
        return [haversine_meters(origin, destination) * per_meter for origin, destination in legs]
