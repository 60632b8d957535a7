"""Cities whose policies never change: what benchmarks and tests stand on."""

from __future__ import annotations

from matching_service.domain.city import Atlas, CityPolicy
from shared_kernel.errors import NotFound


class FixedCities:
    """The Cities of a run that takes its policies from files alone. Every version asked for is the one there is."""

    def __init__(self, *policies: CityPolicy) -> None:
        self._atlas = Atlas(tuple(sorted(policies, key=lambda policy: policy.city)))

    async def in_force(self) -> Atlas:
        return self._atlas

    async def version(self, city: str, version: int) -> CityPolicy:
        policy = self._atlas.named(city)
        if policy is None or policy.version != version:
            raise NotFound("city_policy_not_found", f"there is no version {version} of the policy of {city!r}")
        return policy
