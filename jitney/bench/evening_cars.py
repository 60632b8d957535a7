"""The cars of a replay: where each is at any moment, and how long it drives. As the crow flies, stretched."""

import math
from dataclasses import dataclass
from uuid import UUID

from jitney.bench.evening_service import CIRCUITY, SPEED_KMH
from shared_kernel.geo import GeoPoint, haversine_meters


def drive_seconds(origin: GeoPoint, destination: GeoPoint) -> float:
    """How long a car drives from one place to another without a passenger; a second at least."""
    return max(1.0, haversine_meters(origin, destination) * CIRCUITY / (SPEED_KMH / 3.6))


@dataclass(slots=True)
class Car:
    """A driver and where they stand, or from where to where they drive to a rider since when.

    `ride` is the place of the ride that it is bound to, None while it is free; `occupied`: the rider is in the vehicle.
    """

    driver_id: UUID
    point: GeoPoint
    ride: int | None = None
    occupied: bool = False
    target: GeoPoint | None = None
    left_at: float = 0.0
    arrives_at: float = math.inf
    told_at: float = -math.inf
    sequence: int = 0
    earned_minor: int = 0
    empty_seconds: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether it could take a ride."""
        return self.ride is None

    def where(self, now: float) -> GeoPoint:
        """Its place at a moment."""
        if self.target is None or self.arrives_at <= self.left_at:
            return self.point
        share = min(1.0, max(0.0, (now - self.left_at) / (self.arrives_at - self.left_at)))
        return GeoPoint(
            self.point.latitude + share * (self.target.latitude - self.point.latitude),
            self.point.longitude + share * (self.target.longitude - self.point.longitude),
        )

    def stop(self, now: float) -> None:
        """Stay where it is: its rider got another, or is here."""
        self.point = self.where(now)
        if self.target is not None:
            self.empty_seconds += now - self.left_at
        self.target, self.arrives_at, self.ride = None, math.inf, None

    def drive_to(self, ride: int, pickup: GeoPoint, now: float) -> None:
        """Set out to a rider."""
        self.stop(now)
        self.ride, self.target, self.left_at = ride, pickup, now
        self.arrives_at = now + drive_seconds(self.point, pickup)
