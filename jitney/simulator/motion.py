"""How a simulated vehicle moves: along the straight line, as slowly as the streets would let it."""

from __future__ import annotations

from shared_kernel.geo import GeoPoint, haversine_meters

CIRCUITY = 1.20
SPEED_METERS_PER_SECOND = 19.9 / 3.6
"""Measured on real San Francisco taxi trips: path over straight line, and occupied speed."""


def drive_seconds(start: GeoPoint, end: GeoPoint) -> float:
    """Return how long a drive takes, in simulated seconds."""
    return haversine_meters(start, end) * CIRCUITY / SPEED_METERS_PER_SECOND


class Vehicle:
    """A vehicle that stands, or drives from one place to another between two moments."""

    def __init__(self, place: GeoPoint, vehicle_class: str = "economy") -> None:
        self.vehicle_class = vehicle_class
        self._start = self._end = place
        self._leaves = self._arrives = 0.0

    def drive(self, end: GeoPoint, now: float, seconds: float) -> None:
        """Set off from wherever the vehicle is, to be there in so many seconds."""
        self._start, self._end = self.place(now), end
        self._leaves, self._arrives = now, now + seconds

    def place(self, now: float) -> GeoPoint:
        """Return where the vehicle is at a moment."""
        if now >= self._arrives:
            return self._end
        share = (now - self._leaves) / (self._arrives - self._leaves)
        return GeoPoint(
            self._start.latitude + share * (self._end.latitude - self._start.latitude),
            self._start.longitude + share * (self._end.longitude - self._start.longitude),
        )
