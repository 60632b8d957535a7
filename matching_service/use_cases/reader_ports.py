"""Reads of rides, offers and shifts that change nothing, and what they tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.edit import RideEdit
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import RunView
from matching_service.domain.shift import Shift


@dataclass(frozen=True, slots=True)
class RideMoveRecord:
    """One move of a ride's history."""

    version: int
    from_state: RideState | None
    to_state: RideState
    occurred_at: datetime
    driver_id: UUID | None
    reason: str
    words: str
    """What the person who made it gave as the cause; empty where they gave none, or were erased."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took, in seconds; zeros where nothing was measured."""

    count: int = 0
    mean_seconds: float = 0.0
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RideSummary:
    """What became of the rides of a period."""

    count_by_state: dict[RideState, int] = field(default_factory=dict[RideState, int])
    double_assignment_count: int = 0
    request_to_offer: Waits = Waits()
    request_to_pickup: Waits = Waits()
    open_shift_count: int = 0
    offer_count: int = 0
    """Of these rides."""
    broadcast_offer_count: int = 0
    """Those of them that were open together with others of their ride."""


class RideReader(Protocol):
    """Reads that change nothing. Whose ride it is, is judged in the query. Lists are newest first."""

    async def ride(
        self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None
    ) -> Ride | None: ...

    async def live_ride(self, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None: ...

    async def rides(
        self,
        limit: int,
        *,
        before: UUID | None = None,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> list[Ride]: ...

    async def history(self, ride_id: UUID, limit: int) -> tuple[list[RideMoveRecord], list[Offer]]:
        """Return the first moves and offers, oldest first."""
        ...

    async def traceparent(self, ride_id: UUID) -> str:
        """Return that of the request for the ride; empty where there is none."""
        ...

    async def summary(self, since: datetime) -> RideSummary: ...

    async def open_offer(self, driver_id: UUID) -> Offer | None: ...

    async def run_of(self, driver_id: UUID) -> RunView | None:
        """Return the driver's open run that parties may share."""
        ...

    async def open_shift(self, driver_id: UUID) -> Shift | None: ...

    async def expired_offers(self, now: datetime, limit: int) -> list[Offer]:
        """Return open offers whose time is over, the oldest first."""
        ...

    async def due_schedules(self, now: datetime, limit: int) -> list[Ride]:
        """Return SCHEDULED rides that something is to be seen to of."""
        ...

    async def scheduled_rides(self, rider_id: UUID, limit: int) -> list[Ride]:
        """Return a rider's SCHEDULED rides, the next one first."""
        ...

    async def edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        """Return an edit of a ride."""
        ...

    async def due_ratings(self, now: datetime, limit: int) -> list[UUID]:
        """Return completed rides whose rider is to be asked for stars, the longest due first."""
        ...

    async def overdue_searches(self, now: datetime, limit: int) -> list[UUID]:
        """Return rides that are REQUESTED or MATCHING beyond their search window."""
        ...


class ShiftFilter(StrEnum):
    """Which open shifts an operator looks for."""

    ALL = "all"
    SILENT = "silent"
    ON_BREAK = "on_break"


@dataclass(frozen=True, slots=True)
class OpenShiftRecord:
    """An open shift, and the ride that its driver is bound to."""

    shift: Shift
    ride_id: UUID | None


@dataclass(frozen=True, slots=True)
class WatchedShift:
    """What is needed to see who fell silent; those on a break are not watched."""

    driver_id: UUID
    started_at: datetime
    is_silent: bool


class ShiftReader(Protocol):
    """Reads of shifts that change nothing."""

    async def open_shifts(self, limit: int, before: UUID | None, which: ShiftFilter) -> list[OpenShiftRecord]:
        """Return open shifts, newest first, after the one named."""
        ...

    async def watched(self) -> list[WatchedShift]:
        """Return every open shift that is not on a break."""
        ...

    async def due(self, now: datetime, limit: int) -> list[UUID]:
        """Return the drivers of open shifts with a timer that is over, the longest over first."""
        ...
