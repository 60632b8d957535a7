"""Demand of the simulator's own making: a city with a few busy places."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jitney.simulator.trips import Trip
from shared_kernel.geo import GeoPoint, haversine_meters

_SPREAD_METERS = 350.0
_CITY_METERS = 1_500.0
_SHORTEST_TRIP_METERS = 600.0
_CIRCUITY = 1.2
_SPEED_METERS_PER_SECOND = 19.9 / 3.6
_METERS_PER_DEGREE = 111_195.0
_BUSY_COUNT = 8
_MOST_DRAWS = 10_000


class BusyPlace(NamedTuple):
    """Where people are, and how many beside the other places."""

    point: GeoPoint
    weight: int


# Financial District, Union Square, Chinatown, Embarcadero, South of Market, the ball park.
DOWNTOWN = (
    BusyPlace(GeoPoint(37.7940, -122.3999), 5),
    BusyPlace(GeoPoint(37.7880, -122.4075), 4),
    BusyPlace(GeoPoint(37.7955, -122.4064), 3),
    BusyPlace(GeoPoint(37.7955, -122.3937), 3),
    BusyPlace(GeoPoint(37.7786, -122.4056), 2),
    BusyPlace(GeoPoint(37.7786, -122.3893), 2),
)
"""Downtown San Francisco, which the packaged city serves."""


def make_up_city(source: random.Random, corners: Sequence[GeoPoint]) -> tuple[BusyPlace, ...]:
    """Draw busy places within a service area, the corners of a simple polygon that crosses no antimeridian.

    Raises:
        ValueError: the area is too thin for a place to be found.
    """
    latitudes, longitudes = ([getattr(each, name) for each in corners] for name in ("latitude", "longitude"))
    places: list[BusyPlace] = []
    for _ in range(_MOST_DRAWS):
        # An area may be far larger than where people live: the first place is the middle of the others.
        drawn = (
            _moved(places[0].point, source.gauss(0, _CITY_METERS), source.gauss(0, _CITY_METERS))
            if places
            else (
                GeoPoint(
                    source.uniform(min(latitudes), max(latitudes)), source.uniform(min(longitudes), max(longitudes))
                )
            )
        )
        # So far from the edge that few of those scattered around it fall outside.
        around = [_moved(drawn, north * 2 * _SPREAD_METERS, east * 2 * _SPREAD_METERS) for north, east in _SIDES]
        if all(_is_within(point, corners) for point in (drawn, *around)):
            places.append(BusyPlace(drawn, source.randint(2, 5)))
            if len(places) == _BUSY_COUNT:
                return tuple(places)
    raise ValueError("the service area has no room for a busy place")


def place_near_a_busy_one(source: random.Random, busy: Sequence[BusyPlace] = DOWNTOWN) -> GeoPoint:
    """Return a point scattered around one of the busy places."""
    center = source.choices(busy, [each.weight for each in busy])[0].point
    return _moved(center, source.gauss(0, _SPREAD_METERS), source.gauss(0, _SPREAD_METERS))


def trips_for_ever(
    source: random.Random, trips_per_minute: float, busy: Sequence[BusyPlace] = DOWNTOWN
) -> Iterator[Trip]:
    """Make up trips without end: a Poisson process in time, from busy place to busy place."""
    at_seconds = 0.0
    while True:
        at_seconds += source.expovariate(trips_per_minute / 60)
        pickup, dropoff = place_near_a_busy_one(source, busy), place_near_a_busy_one(source, busy)
        distance_meters = haversine_meters(pickup, dropoff)
        if distance_meters >= _SHORTEST_TRIP_METERS:
            yield Trip(at_seconds, pickup, dropoff, distance_meters * _CIRCUITY / _SPEED_METERS_PER_SECOND)


_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))


def _moved(point: GeoPoint, north_meters: float, east_meters: float) -> GeoPoint:
    return GeoPoint(
        point.latitude + north_meters / _METERS_PER_DEGREE,
        point.longitude + east_meters / (_METERS_PER_DEGREE * math.cos(math.radians(point.latitude))),
    )


def _is_within(point: GeoPoint, corners: Sequence[GeoPoint]) -> bool:
    """Count the sides that a way to the east crosses: an odd number from inside."""
    inside = False
    for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (one.latitude > point.latitude) != (other.latitude > point.latitude):
            share = (point.latitude - one.latitude) / (other.latitude - one.latitude)
            inside ^= point.longitude < one.longitude + share * (other.longitude - one.longitude)
    return inside
