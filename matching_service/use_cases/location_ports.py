"""Where drivers are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.domain.positions import Positions
from shared_kernel.geo import GeoPoint


class LiveLocations(Protocol):
    """Where drivers are now. A hint that may be lost at any time; the next pings fill it again."""

    async def record(self, positions: Sequence[DriverPosition]) -> list[RecordOutcome]:
        """Keep positions, each only if its sequence is above the driver's last; one outcome a position, in order."""
        ...

    async def last(self, driver_id: UUID) -> DriverPosition | None:
        """Return a driver's last position; None when not known or gone."""
        ...

    async def snapshot(self) -> Positions:
        """Return the last position of every driver, stale ones included: the caller judges age."""
        ...

    async def snapshot_near(self, shards: Collection[str], reach_meters: float) -> Positions:
        """Return those in shards and in as much around them as is in reach; perhaps some who are farther."""
        ...

    async def forget(self, driver_id: UUID) -> None:
        """Drop a driver, at the end of a shift."""
        ...

    async def trim(self, gone_before: datetime) -> int:
        """Drop those not heard of since; return how many."""
        ...


class FreeDrivers(Protocol):
    """Who could take a ride now, as of some seconds ago: good enough to promise a time, not to make an offer."""

    async def nearest(self, point: GeoPoint, classes: frozenset[VehicleClass], reach_meters: float) -> GeoPoint | None:
        """Return where the nearest free driver of these classes is; None when there is none in reach."""
        ...
