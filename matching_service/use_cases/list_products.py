"""Tell what can be asked for at a place."""

from __future__ import annotations

from dataclasses import dataclass

from matching_service.domain.city import CityPolicy
from matching_service.use_cases.city_ports import Cities
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint


@dataclass(frozen=True, slots=True)
class ListProducts:
    """ListProducts: by the pickup; without one where the deployment serves one city."""

    cities: Cities

    async def __call__(self, pickup: GeoPoint | None) -> CityPolicy:
        """Return the policy in force that sells them. Raises InvalidInput `outside_service_area`, `pickup_required`."""
        atlas = await self.cities.in_force()
        if pickup is None:
            if len(atlas.policies) == 1:
                return atlas.policies[0]
            violation = FieldViolation("pickup", "is needed where several cities are served")
            raise InvalidInput("pickup_required", "tell where the ride would begin", violations=[violation])
        city = atlas.at(pickup)
        if city is None:
            violation = FieldViolation("pickup", "must be in the service area of a city")
            raise InvalidInput("outside_service_area", "no city is served there", violations=[violation])
        return city
