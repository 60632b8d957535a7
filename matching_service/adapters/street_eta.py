"""The EtaProvider of a city with a street map.

A driver's node is not kept with the live location: the tick finds them all at once, off the event loop, for a part of
what one would cost a ping (docs/decisions/0014-a-drivers-node-is-found-by-the-tick.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from math import ceil
from typing import Any

from matching_service.adapters.eta_metrics import count_fallback, count_told
from matching_service.adapters.street_graph import Route, StreetGraph
from matching_service.domain.eta import Leg, Trip
from matching_service.domain.polyline import encode_polyline
from matching_service.domain.travel_times import Timing, TimingNow
from matching_service.use_cases.dispatch_ports import EtaProvider
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


class StreetEta:
    """Times and ways by the streets; what the map does not hold, `beyond` tells.

    Pairs of places that are farther apart than `horizon_seconds` get at least the horizon: dispatch looks no farther.
    """

    provider = "street"

    def __init__(self, graph: StreetGraph, beyond: EtaProvider, timing: TimingNow, horizon_seconds: float) -> None:
        self._graph = graph
        self._beyond = beyond
        self._timing = timing
        self._horizon_seconds = horizon_seconds
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
        timing = self._timing()
        try:
            told = await asyncio.to_thread(self._told, legs, timing)
        except Exception:
            _log.exception("the street map failed")
            count_fallback("street", "failed", len(legs))
            return await self._beyond.seconds(legs)
        open_legs = [index for index, seconds in enumerate(told) if seconds is None]
        if open_legs:
            count_fallback("street", "off_map", len(open_legs))
            others = await self._beyond.seconds([legs[index] for index in open_legs])
            for index, seconds in zip(open_legs, others, strict=True):
                told[index] = seconds
        count_told("street", len(legs) - len(open_legs))
        return [1 if seconds is None else seconds for seconds in told]

    def reach_meters(self, seconds: float) -> float:
        """Return how far one gets on the map's quickest street, or without the map."""
        on_street = self._timing().estimate_seconds(seconds) * self._graph.top_meters_per_second
        return max(on_street, self._beyond.reach_meters(seconds))

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg without traffic; None where the map does not hold it."""
        told = await asyncio.to_thread(self._driven, legs, LONGEST_TRIP_SECONDS)
        return [None if seconds is None or seconds >= LONGEST_TRIP_SECONDS else seconds for seconds in told]

    def _way(self, origin: GeoPoint, destination: GeoPoint) -> tuple[Route, float] | str:
        import numpy as np  # noqa: PLC0415 (see street_graph)

        ends = (origin, destination)
        places, meters = self._graph.nearest(
            np.array([point.latitude for point in ends]), np.array([point.longitude for point in ends])
        )
        if float(meters.max()) > OFF_MAP_METERS:
            return "off_map"
        route = self._graph.route(int(places[0]), int(places[1]))
        return "no_way" if route is None else (route, float((meters - CURB_METERS).clip(0).sum()))

    def _told(self, legs: Sequence[Leg], timing: Timing) -> list[int | None]:
        driven = self._driven(legs, timing.estimate_seconds(self._horizon_seconds))
        return [None if seconds is None else max(1, ceil(timing.seconds(seconds))) for seconds in driven]

    def _driven(self, legs: Sequence[Leg], limit_seconds: float) -> list[float | None]:
        """Return the seconds of each leg without traffic, at most the limit; None for what is not on the map."""
        import numpy as np  # noqa: PLC0415

        if not legs:
            return []
        # Thousands of legs end at few pickups: each place is looked up once. (A complex number sorts as one value.)
        points = [leg.origin for leg in legs] + [leg.destination for leg in legs]
        flat: Any = np.array([complex(point.latitude, point.longitude) for point in points])
        names: Any
        names, which = np.unique(flat, return_inverse=True)
        places, meters = self._graph.nearest(names.real, names.imag)
        ends = which.reshape(2, -1).T
        on_map = (meters[ends] <= OFF_MAP_METERS).all(axis=1)
        known = ends[on_map]
        driven = self._graph.times(places[known[:, 0]], places[known[:, 1]], limit_seconds).clip(max=limit_seconds)
        driven += (meters[known] - CURB_METERS).clip(0).sum(axis=1) / CURB_METERS_PER_SECOND
        answers: list[float | None] = [None] * len(legs)
        for index, seconds in zip(np.flatnonzero(on_map).tolist(), driven.tolist(), strict=True):
            answers[index] = seconds
        return answers
