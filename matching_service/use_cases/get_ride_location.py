"""Tell a rider where the driver of the ride is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.locations import GONE_SECONDS
from matching_service.use_cases.dispatch_ports import RideDrivers
from matching_service.use_cases.location_ports import LiveLocations
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint


class RideLocation(NamedTuple):
    """Where the driver was, and when."""

    point: GeoPoint
    measured_at: datetime


class GetRideLocation:
    """The use case."""

    def __init__(self, drivers: RideDrivers, locations: LiveLocations, clock: Clock) -> None:
        self._drivers = drivers
        self._locations = locations
        self._clock = clock

    async def __call__(self, ride_id: UUID, rider_id: UUID) -> RideLocation:
        """Return the live location. Raises NotFound `ride_not_found` or `no_live_location`."""
        driver_id = await self._drivers.driver_under_way(ride_id, rider_id)
        position = None if driver_id is None else await self._locations.last(driver_id)
        if position is not None:
            measured_at = datetime.fromtimestamp(position.measured_at, UTC)
            if self._clock.now() - measured_at <= timedelta(seconds=GONE_SECONDS):
                return RideLocation(position.point, measured_at)
        raise NotFound("no_live_location", "where the driver is is not known now")
