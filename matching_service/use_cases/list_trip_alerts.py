"""Page through what looked wrong on trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from matching_service.domain.trip_watch import TripAlert


class TripAlerts(Protocol):
    """What was told of trips."""

    async def newest(self, before: UUID | None, limit: int) -> list[TripAlert]:
        """Return alerts, newest first, before one of them."""
        ...


@dataclass(frozen=True, slots=True)
class ListTripAlerts:
    """ListTripAlerts."""

    alerts: TripAlerts

    async def __call__(self, limit: int, before: UUID | None) -> tuple[list[TripAlert], UUID | None]:
        """Return a page, newest first, and where it ends if there may be more."""
        found = await self.alerts.newest(before, limit + 1)
        page = found[:limit]
        return page, page[-1].id if len(found) > limit else None
