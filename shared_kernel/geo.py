"""Places on the Earth, WGS 84."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Protocol

from shared_kernel.errors import FieldViolation, InvalidInput

EARTH_RADIUS_METERS = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid (IUGG)."""


class Located(Protocol):
    """Whatever has a place: a point, or what stands at one."""

    @property
    def latitude(self) -> float:
        """In degrees."""
        ...

    @property
    def longitude(self) -> float:
        """In degrees."""
        ...


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """Latitude and longitude in degrees. NaN, infinities and places off the Earth are refused."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        # No comparison with NaN holds. A tick of dispatch makes tens of thousands of points: the good ones go fast.
        if -90 <= self.latitude <= 90 and -180 <= self.longitude <= 180:
            return
        violations = [
            FieldViolation(name, f"must be a number from {-bound} to {bound}")
            for name, value, bound in (("latitude", self.latitude, 90), ("longitude", self.longitude, 180))
            if not -bound <= value <= bound
        ]
        raise InvalidInput("invalid_location", "the location is not a place on the Earth", violations=violations)


def haversine_meters(a: Located, b: Located) -> float:
    """Great-circle distance in metres on a sphere of the mean radius (error up to 0.5 %)."""
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    half_lat = sin((lat_b - lat_a) / 2)
    half_lon = sin(radians(b.longitude - a.longitude) / 2)
    chord = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_METERS * asin(min(1.0, sqrt(chord)))
