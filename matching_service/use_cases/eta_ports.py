"""Who tells how long a way takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from matching_service.domain.eta import Leg, Search, Trip
from matching_service.domain.positions import Positions
from shared_kernel.geo import GeoPoint


class EtaProvider(Protocol):
    """Tells distances and times on the way."""

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the way from one place to another."""
        ...

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg, in order; one or more."""
        ...

    def reach_meters(self, seconds: float) -> float:
        """Return how far, as the crow flies, one can get in so long at the very most: beyond it nobody need look."""
        ...


class QuickestDrivers(Protocol):
    """Who is soonest at a place, whoever is nearest to it."""

    async def quickest(self, searches: Sequence[Search], drivers: Positions, count: int) -> list[list[int]]:
        """Return for each search the places of those who come in less than its seconds, at most `count`, soonest first.

        Nobody where that is not known.
        """
        ...
