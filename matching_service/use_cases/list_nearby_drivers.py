"""Show a rider about where free drivers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matching_service.domain.share import blurred
from shared_kernel.geo import GeoPoint

REACH_METERS = 3_000.0
MOST = 8


class NearbyDrivers(Protocol):
    """Free drivers around a place."""

    async def around(self, point: GeoPoint, reach_meters: float, most: int) -> list[GeoPoint]:
        """Return where the nearest free drivers within reach are, nearest first."""
        ...


@dataclass(frozen=True, slots=True)
class ListNearbyDrivers:
    """ListNearbyDrivers."""

    drivers: NearbyDrivers

    async def __call__(self, point: GeoPoint) -> list[GeoPoint]:
        """Return blurred places; two drivers at one corner are shown as one, so that none is told from another."""
        found = await self.drivers.around(point, REACH_METERS, MOST)
        return list(dict.fromkeys(map(blurred, found)))
