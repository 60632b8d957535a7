"""By which rules a ride is edited: those of the policy that it was priced by."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.city import CityPolicy, EditPolicy
from matching_service.domain.ride import Ride
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from shared_kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class EditPolicies:
    """Finds the policy of a ride."""

    reader: RideReader
    cities: Cities

    async def of(self, ride_id: UUID) -> EditPolicy:
        """Return the rules for edits of a ride. Raises NotFound `ride_not_found`."""
        ride = await self.reader.ride(ride_id)
        if ride is None:
            raise ride_not_found()
        return (await self.city_of(ride)).edits

    async def city_of(self, ride: Ride) -> CityPolicy:
        """Return the policy of a ride; for one of the time before versions, that in force.

        Raises Conflict `not_editable` where no city serves the ride any more.
        """
        if ride.city and ride.policy_version:
            return await self.cities.version(ride.city, ride.policy_version)
        city = (await self.cities.in_force()).of(ride.city, ride.pickup.point)
        if city is None:
            raise Conflict("not_editable", "no city serves the ride any more")
        return city
