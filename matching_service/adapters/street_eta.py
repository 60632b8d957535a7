"""The EtaProvider of a city with a street map.

A driver's node is not kept with the live location: the tick finds them all at once, off the event loop, for a part of
what one would cost a ping (docs/decisions/0014-a-drivers-node-is-found-by-the-tick.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import cast

from matching_service.adapters.eta_metrics import count_fallback, count_told
from matching_service.adapters.street_graph import Route, StreetGraph
from matching_service.adapters.street_map import Array
from matching_service.domain.eta import Leg, Trip
from matching_service.domain.polyline import encode_polyline
from matching_service.domain.travel_times import Timing, TimingNow
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.geo import GeoPoint, haversine_meters

_log = logging.getLogger(__name__)

OFF_MAP_METERS = 500.0
"""Who is farther from every street than this is not on the map."""
CURB_METERS = 50.0
"""So far from the nearest node counts as being at it: a place on a street lies between two nodes."""
CURB_METERS_PER_SECOND = 5.0
"""Pace of what is farther: a yard, a car park, a lane that the map does not know."""
LONGEST_TRIP_SECONDS = 7_200.0
"""Trips that take longer without traffic teach nothing."""

Horizon = Callable[[], Awaitable[float]]
"""Tells how far dispatch looks now, in seconds: policies change while the service runs."""


def steady(seconds: float) -> Horizon:
    """Make the Horizon of who has one policy at all times."""

    async def horizon() -> float:
        return seconds

    return horizon


class StreetEta:
    """Times and ways by the streets; what the map does not hold, `beyond` tells.

    Pairs of places that are farther apart than the horizon get at least the horizon: dispatch looks no farther.
    """

    provider = "street"

    def __init__(self, graph: StreetGraph, beyond: EtaProvider, timing: TimingNow, horizon: Horizon) -> None:
        self._graph = graph
        self._beyond = beyond
        self._timing = timing
        self._horizon = horizon
        self.map_id = graph.map.digest()

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the quickest way with its line on the map."""
        try:
            found = await asyncio.to_thread(self._way, origin, destination)
        except Exception:
            _log.exception("the street map failed")
            found = "failed"
        if isinstance(found, str):
            count_fallback("street", found, 1)
            return await self._beyond.trip(origin, destination)
        count_told("street", 1)
        route, curb_meters = found
        meters = max(route.meters + curb_meters, haversine_meters(origin, destination))
        estimate = route.seconds + curb_meters / CURB_METERS_PER_SECOND
        ends = ((origin.latitude, origin.longitude), (destination.latitude, destination.longitude))
        line = encode_polyline([ends[0], *route.points, ends[1]])
        return Trip(ceil(meters), ceil(self._timing().seconds(estimate)), line)

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg, one or more."""
        timing, horizon_seconds = self._timing(), await self._horizon()
        try:
            told = await asyncio.to_thread(self._told, legs, timing, horizon_seconds)
        except Exception:
            _log.exception("the street map failed")
            count_fallback("street", "failed", len(legs))
            return await self._beyond.seconds(legs)
        open_legs = [index for index, seconds in enumerate(told) if seconds is None] if None in told else []
        if open_legs:
            count_fallback("street", "off_map", len(open_legs))
            others = await self._beyond.seconds([legs[index] for index in open_legs])
            for index, seconds in zip(open_legs, others, strict=True):
                told[index] = seconds
        count_told("street", len(legs) - len(open_legs))
        return cast("list[int]", told)

    def reach_meters(self, seconds: float) -> float:
        """Return how far one gets on the map's quickest street, or without the map."""
        on_street = self._timing().estimate_seconds(seconds) * self._graph.top_meters_per_second
        return max(on_street, self._beyond.reach_meters(seconds))

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg without traffic; None where the map does not hold it."""
        told = await asyncio.to_thread(self._driven, legs, LONGEST_TRIP_SECONDS)
        return [seconds if seconds < LONGEST_TRIP_SECONDS else None for seconds in told.tolist()]  # also what is NaN

    def _way(self, origin: GeoPoint, destination: GeoPoint) -> tuple[Route, float] | str:
        ends = (origin, destination)
        places, meters = self._graph.nearest([point.latitude for point in ends], [point.longitude for point in ends])
        if float(meters.max()) > OFF_MAP_METERS:
            return "off_map"
        route = self._graph.route(int(places[0]), int(places[1]))
        return "no_way" if route is None else (route, float((meters - CURB_METERS).clip(0).sum()))

    def _told(self, legs: Sequence[Leg], timing: Timing, horizon_seconds: float) -> list[int | None]:
        import numpy as np  # noqa: PLC0415 (see street_graph)

        start_seconds, factor = timing
        driven = self._driven(legs, timing.estimate_seconds(horizon_seconds)) * factor
        # As Timing.seconds has it, without a call for each of tens of thousands.
        told = np.ceil(driven + np.minimum(driven, start_seconds)).clip(1)
        off_map = np.isnan(told)
        if not off_map.any():
            return told.astype(int).tolist()
        return [None if off else int(seconds) for off, seconds in zip(off_map.tolist(), told.tolist(), strict=True)]

    def _driven(self, legs: Sequence[Leg], limit_seconds: float) -> Array:
        """Return the seconds of each leg without traffic, at most the limit; NaN for what is not on the map."""
        import numpy as np  # noqa: PLC0415

        driven = np.full(len(legs), np.nan)
        if not legs:
            return driven
        # Thousands of legs end at few pickups and begin at few drivers: each point is looked up once.
        points = [leg[0] for leg in legs] + [leg[1] for leg in legs]
        _, first, which = np.unique(
            np.fromiter(map(id, points), np.int64, len(points)), return_index=True, return_inverse=True
        )
        some = [points[index] for index in first.tolist()]
        places, meters = self._graph.nearest([point.latitude for point in some], [point.longitude for point in some])
        ends = which.reshape(2, -1).T
        on_map = (meters[ends] <= OFF_MAP_METERS).all(axis=1)
        known = ends[on_map]
        seconds = self._graph.times(places[known[:, 0]], places[known[:, 1]], limit_seconds).clip(max=limit_seconds)
        driven[on_map] = seconds + (meters[known] - CURB_METERS).clip(0).sum(axis=1) / CURB_METERS_PER_SECOND
        return driven
