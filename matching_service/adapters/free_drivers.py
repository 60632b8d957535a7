"""FreeDrivers: the nearest free driver from a picture of the city that this process renews every two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import cos, radians
from typing import Any
from uuid import UUID

from matching_service.adapters.flat_map import flat
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import FRESH_SECONDS, ShiftKey, closed_since
from matching_service.domain.positions import Positions
from matching_service.use_cases.dispatch_ports import BusyDrivers, OnShift
from matching_service.use_cases.location_ports import LiveLocations
from shared_kernel.clock import Clock
from shared_kernel.errors import Unavailable
from shared_kernel.geo import GeoPoint, haversine_meters

_RENEW_SECONDS = 2.0
_NEAREST = 8
"""Neighbors on the flat map that the true distance chooses among."""


class SnapshotFreeDrivers:
    """The FreeDrivers of production.

    One picture serves all quotes of its two seconds, so that a quote costs microseconds whatever the number of drivers;
    calls that come while it is being renewed wait for that one renewal. When the stores do not answer, a quote has no
    pickup time, and is made all the same.
    """

    def __init__(
        self,
        locations: LiveLocations,
        busy: BusyDrivers,
        on_shift: OnShift,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._locations = locations
        self._busy = busy
        self._on_shift = on_shift
        self._clock = clock
        self._monotonic = monotonic
        self._renewing = asyncio.Lock()
        self._drawn_at = float("-inf")
        self._picture: Mapping[VehicleClass, _Tree] = {}

    async def nearest(self, point: GeoPoint, classes: frozenset[VehicleClass], reach_meters: float) -> GeoPoint | None:
        picture = await self._current()
        found = [tree.nearest(point) for vehicle_class, tree in picture.items() if vehicle_class in classes]
        if not found:
            return None
        best = _nearest_of(point, found)
        return best if haversine_meters(best, point) <= reach_meters else None

    async def around(self, point: GeoPoint, reach_meters: float, most: int) -> list[GeoPoint]:
        picture = await self._current()
        near = [place for tree in picture.values() for place in tree.around(point, most)]
        within = sorted((haversine_meters(place, point), place.latitude, place.longitude, place) for place in near)
        return [place for distance, _, _, place in within if distance <= reach_meters][:most]

    async def _current(self) -> Mapping[VehicleClass, _Tree]:
        async with self._renewing:
            if self._monotonic() - self._drawn_at >= _RENEW_SECONDS:
                try:
                    self._picture = await self._draw()
                except Unavailable:
                    self._picture = {}
                self._drawn_at = self._monotonic()
            return self._picture

    async def _draw(self) -> Mapping[VehicleClass, _Tree]:
        now = self._clock.now()
        snapshot, busy, closed = await asyncio.gather(
            self._locations.snapshot(), self._busy.busy(), self._on_shift.closed_shifts(closed_since(now))
        )
        return await asyncio.to_thread(_trees, snapshot, busy, closed, now.timestamp() - FRESH_SECONDS)


def _trees(
    snapshot: Positions, busy: frozenset[UUID], closed: frozenset[ShiftKey], fresh_since: float
) -> Mapping[VehicleClass, _Tree]:
    free = snapshot.at(snapshot.free(fresh_since, busy, closed))
    by_class = {vehicle_class: free.of_classes([vehicle_class]) for vehicle_class in VehicleClass}
    return {vehicle_class: _Tree(free.at(places)) for vehicle_class, places in by_class.items() if places}


class _Tree:
    """A KD-tree over one or more drivers on a map flattened at the first one's latitude."""

    def __init__(self, positions: Positions) -> None:
        from scipy.spatial import KDTree  # noqa: PLC0415 (half a second to import; needed when the first quote comes)

        latitudes, longitudes = positions.degrees()
        self._positions = positions
        self._map_scale = cos(radians(latitudes[0]))
        self._tree: Any = KDTree(flat(latitudes, longitudes, self._map_scale))

    def nearest(self, point: GeoPoint) -> GeoPoint:
        """Return where the nearest driver is."""
        return _nearest_of(point, self.around(point, _NEAREST))

    def around(self, point: GeoPoint, most: int) -> list[GeoPoint]:
        """Return where the nearest drivers are, about the nearest first."""
        ranks = list(range(1, min(most, len(self._positions)) + 1))
        _, places = self._tree.query((point.latitude, point.longitude * self._map_scale), k=ranks)
        return [self._positions[place].point for place in places.tolist()]


def _nearest_of(point: GeoPoint, others: list[GeoPoint]) -> GeoPoint:
    return min(others, key=lambda other: haversine_meters(other, point))
