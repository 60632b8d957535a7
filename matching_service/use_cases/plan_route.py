"""The way of a ride through its places, leg by leg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matching_service.domain.eta import Trip
from matching_service.domain.polyline import join_polylines, points_of
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.geo import GeoPoint


@dataclass(frozen=True, slots=True)
class Route:
    """The legs of a way from place to place, and the time that is allowed for the stops between them."""

    places: tuple[GeoPoint, ...]
    legs: tuple[Trip, ...]
    wait_seconds: int

    @property
    def meters(self) -> int:
        """The length of all legs."""
        return sum(leg.meters for leg in self.legs)

    @property
    def polyline(self) -> str:
        """The line on the map through all legs; empty where no map tells it."""
        return join_polylines(leg.polyline for leg in self.legs)

    @property
    def line(self) -> list[GeoPoint]:
        """Where the way runs: on the map, and straight from place to place where no map tells a leg."""
        ends = zip(self.legs, pairwise(self.places), strict=True)
        return [point for leg, straight in ends for point in points_of(leg.polyline) or straight]

    @property
    def seconds(self) -> int:
        """The time of all legs and of the stops between them."""
        return sum(leg.seconds for leg in self.legs) + self.wait_seconds


async def plan_route(eta: EtaProvider, points: Sequence[GeoPoint], stop_wait_seconds: int) -> Route:
    """Find the way through points in their order; at each between the first and the last it waits for so long."""
    legs = [await eta.trip(origin, destination) for origin, destination in pairwise(points)]
    return Route(tuple(points), tuple(legs), stop_wait_seconds * max(0, len(points) - 2))
