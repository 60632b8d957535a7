"""Tell where the cities serve."""

from __future__ import annotations

from dataclasses import dataclass

from matching_service.domain.city import CityPolicy
from matching_service.use_cases.city_ports import Cities


@dataclass(frozen=True, slots=True)
class ListServiceAreas:
    """ListServiceAreas: by the policies in force."""

    cities: Cities

    async def __call__(self) -> tuple[CityPolicy, ...]:
        """Return the policies, each with its area and zones, in the order of their keys."""
        return (await self.cities.in_force()).policies
