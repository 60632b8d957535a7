"""Who is soonest at a pickup by the streets: where a river or a railway lies between, not those who are nearest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from matching_service.adapters.street_eta import CURB_METERS, CURB_METERS_PER_SECOND, OFF_MAP_METERS
from matching_service.adapters.street_graph import Degrees, StreetGraph
from matching_service.adapters.street_map import Array
from matching_service.domain.eta import Search
from matching_service.domain.positions import Positions
from matching_service.domain.travel_times import TimingNow
from shared_kernel.geo import GeoPoint

_log = logging.getLogger(__name__)

NEAREST = 1_000
"""So many drivers of each search are looked at, the nearest as the crow flies: with 32 searches as many ways as a tick
of 2,000 rides has candidates, and no Python object for any of them."""


class StreetSearch:
    """The QuickestDrivers of a city with a street map."""

    def __init__(self, graph: StreetGraph, timing: TimingNow) -> None:
        self._graph = graph
        self._timing = timing

    async def quickest(self, searches: Sequence[Search], drivers: Positions, count: int) -> list[list[int]]:
        """Return for each search the places of the quickest drivers; none at all where the map fails."""
        if not searches or not drivers:
            return [[] for _ in searches]
        try:
            return await asyncio.to_thread(self._quickest, searches, drivers, count)
        except Exception:
            _log.exception("the street map failed")
            return [[] for _ in searches]

    def _quickest(self, searches: Sequence[Search], drivers: Positions, count: int) -> list[list[int]]:
        import numpy as np  # noqa: PLC0415 (see street_graph)

        near = self._nearest([search.place for search in searches], drivers)
        some, which = np.unique(near, return_inverse=True)
        origins, origin_curbs = self._on_map(*drivers.at(some.tolist()).degrees())
        ends, end_curbs = self._on_map(*_degrees([search.place for search in searches]))
        timing = self._timing()
        limits = np.array([max(timing.estimate_seconds(search.seconds), 1.0) for search in searches])
        which, each = which.reshape(near.shape), np.arange(len(searches)).repeat(near.shape[1])
        seconds = self._graph.times_within(origins[which.ravel()], ends[each], limits[each]).reshape(near.shape)
        seconds += origin_curbs[which] + end_curbs[:, None]
        ranks = seconds.argsort(axis=1, kind="stable")[:, :count]
        found = np.take_along_axis(seconds, ranks, axis=1) < limits[:, None]
        places = np.take_along_axis(near, ranks, axis=1)
        return [row[within].tolist() for row, within in zip(places, found, strict=True)]

    def _nearest(self, pickups: Sequence[GeoPoint], drivers: Positions) -> Array:
        """Return the places of the drivers nearest to each pickup, in no order.

        All distances are taken: a tree of tens of thousands of drivers takes longer to build than so few pickups to be
        held against every one.
        """
        import numpy as np  # noqa: PLC0415

        theirs, ours = self._graph.flat(*drivers.degrees()), self._graph.flat(*_degrees(pickups))
        squares = (ours[:, 0, None] - theirs[None, :, 0]) ** 2
        squares += (ours[:, 1, None] - theirs[None, :, 1]) ** 2
        if len(drivers) <= NEAREST:
            return np.broadcast_to(np.arange(len(drivers)), squares.shape)
        return squares.argpartition(NEAREST, axis=1)[:, :NEAREST]

    def _on_map(self, latitudes: Degrees, longitudes: Degrees) -> tuple[Array, Array]:
        """Return the nearest place on the map of each point, and the seconds to it; infinite for who is off the map."""
        import numpy as np  # noqa: PLC0415

        places, meters = self._graph.nearest(latitudes, longitudes)
        curbs = (meters - CURB_METERS).clip(0) / CURB_METERS_PER_SECOND
        return places, np.where(meters > OFF_MAP_METERS, np.inf, curbs)


def _degrees(points: Sequence[GeoPoint]) -> tuple[list[float], list[float]]:
    return [point.latitude for point in points], [point.longitude for point in points]
