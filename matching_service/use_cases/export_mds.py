"""Export trips and vehicles for an agency, by the Mobility Data Specification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from matching_service.domain.city import Product
from matching_service.domain.mds import MdsTrip, MdsVehicle, trip_of, vehicle_of
from matching_service.domain.ride import Ride
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.reader_ports import ShiftFilter, ShiftReader
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint

T = TypeVar("T")
_HOUR = timedelta(hours=1)
SETTLED = timedelta(seconds=60)
"""An hour is told so long after its end: a trip that ended in its last second is being stored yet, and a replica may be
some seconds late. Whoever asks for an hour asks once, and would never hear of these trips."""


class MdsReader(Protocol):
    """Reads for the export that change nothing."""

    async def completed(self, since: datetime, until: datetime, limit: int, after: UUID | None) -> list[Ride]:
        """Return completed rides that ended from `since` on and before `until`, by their ids, after the one named."""
        ...

    async def last_rides(self, driver_ids: Sequence[UUID]) -> dict[UUID, Ride]:
        """Return the ride that each driver took on last, under way or over; who has none is left out."""
        ...


@dataclass(frozen=True, slots=True)
class MdsPage(Generic[T]):
    """A part of an export; `next_after` is None on the last."""

    provider_id: UUID
    made_at: datetime
    items: list[T]
    next_after: UUID | None


@dataclass(frozen=True, slots=True)
class ExportMds:
    """Trips by the hour in which they ended, and the vehicles in service now."""

    reader: MdsReader
    shifts: ShiftReader
    locations: LiveLocations
    cities: Cities
    coarse: Callable[[GeoPoint], GeoPoint]
    """Makes a place too coarse to find anybody by."""
    provider_id: UUID | None
    """The provider's id of the specification's list; None where the deployment named none."""
    clock: Clock

    async def trips(self, hour: datetime, size: int, after: UUID | None) -> MdsPage[MdsTrip]:
        """Return trips that ended in an hour (UTC) that is over, for a minute at least.

        Raises:
            InvalidInput: `invalid_argument`, for a time that is no full hour.
            Conflict: `mds_not_configured`; `mds_hour_not_over`.
        """
        provider_id, now = self._provider(), self.clock.now()
        if hour != hour.replace(minute=0, second=0, microsecond=0):
            violation = FieldViolation("hour_time", "must be a full hour, in UTC")
            raise InvalidInput("invalid_argument", "the time is no full hour", violations=[violation])
        # Counted back from now: the last hour of the calendar has no end.
        newest = now - SETTLED - _HOUR
        if hour > newest:
            raise Conflict(
                "mds_hour_not_over",
                "trips of an hour are told a minute after it is over",
                retry_after_seconds=(hour - newest).total_seconds(),
            )
        rides = await self.reader.completed(hour, hour + _HOUR, size + 1, after)
        page = rides[:size]
        trips = [
            trip_of(
                ride,
                await self._product_of(ride),
                provider_id,
                self.coarse(ride.pickup.point),
                self.coarse(ride.dropoff.point),
            )
            for ride in page
        ]
        more = page[-1].id if len(rides) > size else None
        return MdsPage(provider_id, now, [trip for trip in trips if trip is not None], more)

    async def vehicles(self, size: int, before: UUID | None) -> MdsPage[MdsVehicle]:
        """Return the vehicles of drivers on shift. Raises Conflict `mds_not_configured`."""
        provider_id, now = self._provider(), self.clock.now()
        records = await self.shifts.open_shifts(size + 1, before, ShiftFilter.ALL)
        page = [record.shift for record in records[:size]]
        rides = await self.reader.last_rides([shift.driver_id for shift in page])
        vehicles: list[MdsVehicle] = []
        for shift in page:
            ride = rides.get(shift.driver_id)
            if ride is not None and (ride.assigned_at is None or ride.assigned_at < shift.started_at):
                ride = None  # of an earlier shift
            position = await self.locations.last(shift.driver_id)
            heard_at = None if position is None else datetime.fromtimestamp(position.measured_at, UTC)
            place = None if position is None else self.coarse(position.point)
            vehicles.append(vehicle_of(shift, ride, provider_id, heard_at, place))
        return MdsPage(provider_id, now, vehicles, page[-1].id if len(records) > size else None)

    async def _product_of(self, ride: Ride) -> Product | None:
        """Return what was asked for, by the policy that the ride was priced by."""
        if ride.city and ride.policy_version:
            return (await self.cities.version(ride.city, ride.policy_version)).products.get(ride.product)
        # Of the time before versions.
        city = (await self.cities.in_force()).of(ride.city, ride.pickup.point)
        return None if city is None else city.products.get(ride.product)

    def _provider(self) -> UUID:
        if self.provider_id is None:
            raise Conflict(
                "mds_not_configured", "set JITNEY_MATCHING_MDS_PROVIDER_ID to the provider's id in the MDS list"
            )
        return self.provider_id
