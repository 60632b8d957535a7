"""The EtaProvider of a deployment without a map: the great circle, by the policy of the city that a ride begins in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.eta import CrowFliesEta, Leg, Trip
from matching_service.domain.travel_times import TimingNow
from matching_service.domain.zones import ServiceArea
from matching_service.use_cases.city_ports import Cities
from shared_kernel.geo import GeoPoint, Located


class _Told(NamedTuple):
    area: ServiceArea
    eta: CrowFliesEta


class CityTravelEta:
    """A `CrowFliesEta` a city. Outside of all cities, and of several that overlap, the first one's."""

    provider = CrowFliesEta.provider
    map_id = CrowFliesEta.map_id

    def __init__(self, cities: Cities, known: Sequence[CityPolicy], timing: TimingNow) -> None:
        """Make it. `known`: one or more policies to begin with, until the first look at those in force."""
        self._cities = cities
        self._timing = timing
        self._atlas: Atlas | None = None
        self._told = self._tellers(known)

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the way as the city of its begin has it."""
        await self._look()
        return await self._at(origin).trip(origin, destination)

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg as the city of its end has them: dispatch asks for ways to pickups."""
        await self._look()
        if len(self._told) == 1:
            return await self._told[0].eta.seconds(legs)
        told = [0] * len(legs)
        for eta, places in self._by_city(legs).items():
            for place, seconds in zip(places, await eta.seconds([legs[place] for place in places]), strict=True):
                told[place] = seconds
        return told

    def reach_meters(self, seconds: float) -> float:
        """Return how far one gets in the quickest of the cities."""
        return max(each.eta.reach_meters(seconds) for each in self._told)

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg at the mean speed of the city that it begins in."""
        await self._look()
        return [(await self._at(leg[0]).estimates([leg]))[0] for leg in legs]

    async def _look(self) -> None:
        atlas = await self._cities.in_force()
        if atlas is not self._atlas and atlas.policies:
            self._atlas, self._told = atlas, self._tellers(atlas.policies)

    def _tellers(self, policies: Sequence[CityPolicy]) -> Sequence[_Told]:
        return [_Told(policy.service_area, CrowFliesEta(policy.travel, self._timing)) for policy in policies]

    def _at(self, point: Located) -> CrowFliesEta:
        return next((each.eta for each in self._told if each.area.contains(point)), self._told[0].eta)

    def _by_city(self, legs: Sequence[Leg]) -> dict[CrowFliesEta, list[int]]:
        # Thousands of legs end at few pickups: each is looked for once.
        eta_by_end: dict[int, CrowFliesEta] = {}
        grouped: dict[CrowFliesEta, list[int]] = {}
        for place, (_, end) in enumerate(legs):
            eta = eta_by_end.get(id(end))
            if eta is None:
                eta = eta_by_end[id(end)] = self._at(end)
            grouped.setdefault(eta, []).append(place)
        return grouped
