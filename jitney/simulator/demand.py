"""Demand of the simulator's own making: a small city with a few busy places."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from jitney.simulator.trips import Trip
from shared_kernel.geo import GeoPoint, haversine_meters

# Downtown San Francisco: Financial District, Union Square, Chinatown, Embarcadero, South of Market, the ball park.
_BUSY_PLACES = (
    (37.7940, -122.3999, 5),
    (37.7880, -122.4075, 4),
    (37.7955, -122.4064, 3),
    (37.7955, -122.3937, 3),
    (37.7786, -122.4056, 2),
    (37.7786, -122.3893, 2),
)
_SPREAD_METERS = 350.0
_SHORTEST_TRIP_METERS = 600.0
_CIRCUITY = 1.2
_SPEED_METERS_PER_SECOND = 19.9 / 3.6
_METERS_PER_DEGREE = 111_195.0


def place_near_a_busy_one(source: random.Random) -> GeoPoint:
    """Return a point scattered around one of the busy places."""
    weights = [weight for _, _, weight in _BUSY_PLACES]
    latitude, longitude, _ = source.choices(_BUSY_PLACES, weights)[0]
    north, east = source.gauss(0, _SPREAD_METERS), source.gauss(0, _SPREAD_METERS)
    return GeoPoint(
        latitude + north / _METERS_PER_DEGREE,
        longitude + east / (_METERS_PER_DEGREE * math.cos(math.radians(latitude))),
    )


def trips_for_ever(source: random.Random, trips_per_minute: float) -> Iterator[Trip]:
    """Make up trips without end: a Poisson process in time, from busy place to busy place."""
    at_seconds = 0.0
    while True:
        at_seconds += source.expovariate(trips_per_minute / 60)
        pickup, dropoff = place_near_a_busy_one(source), place_near_a_busy_one(source)
        distance_meters = haversine_meters(pickup, dropoff)
        if distance_meters >= _SHORTEST_TRIP_METERS:
            yield Trip(at_seconds, pickup, dropoff, distance_meters * _CIRCUITY / _SPEED_METERS_PER_SECOND)
