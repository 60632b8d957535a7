"""What explaining dispatch needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from matching_service.domain.explanation import Trace
from matching_service.domain.positions import Positions
from shared_kernel.geo import GeoPoint


class TraceStore(Protocol):
    """Keeps traces for some days."""

    async def add(self, traces: Sequence[Trace]) -> None:
        """Store traces, all in one statement."""
        ...

    async def of_ride(self, ride_id: UUID, limit: int) -> list[Trace]:
        """Return the newest traces of a ride, oldest first."""
        ...


class Nearest(Protocol):
    """Who is around, whoever they are."""

    def drivers(self, pickups: Sequence[GeoPoint], drivers: Positions, count: int) -> list[list[int]]:
        """Return for each pickup the places of the `count` nearest drivers, nearest first. Runs in a thread."""
        ...
