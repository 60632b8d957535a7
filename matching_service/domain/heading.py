"""Going home: which rides bring a driver closer to where they want to get to."""

from __future__ import annotations

from shared_kernel.geo import GeoPoint, haversine_meters

HEADINGS_A_DAY = 2
"""So often in 24 hours a driver may set a destination: who picks rides by their end leaves the others to colleagues."""
LEAST_GAIN_SHARE = 0.2
"""A ride must take away at least this share of the way that is left."""
MAX_DETOUR = 1.6
"""Pickup, trip and the rest of the way together are at most so many times the straight way home."""
DETOUR_GRACE_METERS = 1_000.0


def brings_closer(here: GeoPoint, pickup: GeoPoint, dropoff: GeoPoint, home: GeoPoint) -> bool:
    """Whether a ride lies on the way home: it ends clearly closer, and not by a long way round. As the crow flies."""
    left = haversine_meters(here, home)
    rest = haversine_meters(dropoff, home)
    if rest > left * (1 - LEAST_GAIN_SHARE):
        return False
    way = haversine_meters(here, pickup) + haversine_meters(pickup, dropoff) + rest
    return way <= left * MAX_DETOUR + DETOUR_GRACE_METERS
