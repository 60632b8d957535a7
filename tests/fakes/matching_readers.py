"""In memory: reads of rides and of shifts, over the rows of a store."""

from __future__ import annotations

import statistics
from datetime import datetime
from uuid import UUID

from matching_service.domain.edit import RideEdit
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import RunView
from matching_service.domain.shift import Shift
from matching_service.use_cases.reader_ports import (
    OpenShiftRecord,
    RideMoveRecord,
    RideSummary,
    ShiftFilter,
    Waits,
    WatchedShift,
)
from tests.fakes.matching_store import MemoryStore
from tests.fakes.matching_tables import AssignmentRow, Tables


class MemoryRideReader:
    """The RideReader over the same rows."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @property
    def _tables(self) -> Tables:
        return self._store.tables

    async def ride(self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None:
        return next((ride for ride in self._of(rider_id, driver_id) if ride.id == ride_id), None)

    async def live_ride(self, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None:
        mine = sorted(self._of(rider_id, driver_id), key=lambda ride: ride.kind is RideKind.DELIVERY)
        return next((ride for ride in mine if (ride.is_active if driver_id is None else ride.has_driver)), None)

    async def rides(
        self,
        limit: int,
        *,
        before: UUID | None = None,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> list[Ride]:
        mine = sorted(self._of(rider_id, driver_id), key=lambda ride: ride.id, reverse=True)
        page = [ride for ride in mine if (before is None or ride.id < before) and (not states or ride.state in states)]
        return page[:limit]

    async def history(self, ride_id: UUID, limit: int) -> tuple[list[RideMoveRecord], list[Offer]]:
        offers = [offer for offer in self._tables.offers.values() if offer.ride_id == ride_id]
        offers.sort(key=lambda offer: (offer.created_at, offer.id))
        return self._tables.moves.get(ride_id, [])[:limit], offers[:limit]

    async def traceparent(self, ride_id: UUID) -> str:
        del ride_id
        return ""

    async def summary(self, since: datetime) -> RideSummary:
        rides = [ride for ride in self._tables.rides.values() if ride.requested_at >= since]
        firsts = {
            ride.id: min(offer.created_at for offer in self._tables.offers.values() if offer.ride_id == ride.id)
            for ride in rides
            if any(offer.ride_id == ride.id for offer in self._tables.offers.values())
        }
        return RideSummary(
            {state: count for state in RideState if (count := sum(ride.state is state for ride in rides))},
            _doubles([row for row in self._tables.assignments if row.released_at is None or row.released_at >= since]),
            _waits([(firsts[ride.id] - ride.requested_at).total_seconds() for ride in rides if ride.id in firsts]),
            _waits([(ride.arrived_at - ride.requested_at).total_seconds() for ride in rides if ride.arrived_at]),
            sum(shift.ended_at is None for shift in self._tables.shifts.values()),
            sum(any(offer.ride_id == ride.id for ride in rides) for offer in self._tables.offers.values()),
            sum(
                offer.slot > 0 and any(offer.ride_id == ride.id for ride in rides)
                for offer in self._tables.offers.values()
            ),
        )

    async def open_offer(self, driver_id: UUID) -> Offer | None:
        return next((offer for offer in self._tables.open_offers() if offer.driver_id == driver_id), None)

    async def run_of(self, driver_id: UUID) -> RunView | None:
        return self._tables.run_of(driver_id)

    async def open_shift(self, driver_id: UUID) -> Shift | None:
        return self._tables.open_shift(driver_id)

    async def expired_offers(self, now: datetime, limit: int) -> list[Offer]:
        due = [offer for offer in self._tables.open_offers() if offer.is_due(now)]
        return sorted(due, key=lambda offer: offer.expires_at)[:limit]

    async def due_schedules(self, now: datetime, limit: int) -> list[Ride]:
        waiting = [ride for ride in self._tables.rides.values() if ride.state is RideState.SCHEDULED and ride.schedule]
        return [ride for ride in waiting if ride.schedule and ride.schedule.due_at <= now][:limit]

    async def scheduled_rides(self, rider_id: UUID, limit: int) -> list[Ride]:
        mine = [
            (ride.schedule.pickup_at, ride.id, ride)
            for ride in self._of(rider_id, None)
            if ride.state is RideState.SCHEDULED and ride.schedule
        ]
        return [ride for _, _, ride in sorted(mine)][:limit]

    async def edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        edit = self._tables.edits.get(edit_id)
        return edit if edit is not None and edit.ride_id == ride_id else None

    async def due_ratings(self, now: datetime, limit: int) -> list[UUID]:
        raise NotImplementedError("ratings are tested on Postgres")

    async def overdue_searches(self, now: datetime, limit: int) -> list[UUID]:
        waiting = (RideState.REQUESTED, RideState.MATCHING)
        overdue = [ride for ride in self._tables.rides.values() if ride.state in waiting and ride.search_until <= now]
        return [ride.id for ride in sorted(overdue, key=lambda ride: ride.search_until)][:limit]

    def _of(self, rider_id: UUID | None, driver_id: UUID | None) -> list[Ride]:
        return [
            ride
            for ride in self._tables.rides.values()
            if rider_id in (None, ride.rider_id)
            and (driver_id is None or (ride.driver is not None and ride.driver.driver_id == driver_id))
        ]


def _doubles(rows: list[AssignmentRow]) -> int:
    def overlap(a: AssignmentRow, b: AssignmentRow) -> bool:
        return (b.released_at is None or a.assigned_at < b.released_at) and (
            a.released_at is None or b.assigned_at < a.released_at
        )

    pairs = ((a, b) for index, a in enumerate(rows) for b in rows[index + 1 :])

    def share(a: AssignmentRow, b: AssignmentRow) -> bool:
        return a.run_id is not None and a.run_id == b.run_id and a.run_slot != b.run_slot

    return sum(
        ((a.driver_id == b.driver_id and not share(a, b)) or a.ride_id == b.ride_id) and overlap(a, b) for a, b in pairs
    )


def _waits(seconds: list[float]) -> Waits:
    if not seconds:
        return Waits()
    cuts = statistics.quantiles([*seconds, *seconds] if len(seconds) == 1 else seconds, n=100, method="inclusive")
    return Waits(len(seconds), statistics.fmean(seconds), cuts[49], cuts[94])


def _is_wanted(shift: Shift, which: ShiftFilter) -> bool:
    match which:
        case ShiftFilter.ALL:
            return True
        case ShiftFilter.SILENT:
            return shift.silent_since is not None
        case ShiftFilter.ON_BREAK:
            return shift.break_until is not None


class MemoryShiftReader:
    """The ShiftReader over the same rows."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def open_shifts(self, limit: int, before: UUID | None, which: ShiftFilter) -> list[OpenShiftRecord]:
        mine = sorted(self._open(), key=lambda shift: shift.id, reverse=True)
        page = [shift for shift in mine if _is_wanted(shift, which) and (before is None or shift.id < before)][:limit]
        return [OpenShiftRecord(shift, self._ride_id(shift.driver_id)) for shift in page]

    async def watched(self) -> list[WatchedShift]:
        return [
            WatchedShift(shift.driver_id, shift.started_at, shift.silent_since is not None)
            for shift in self._open()
            if shift.break_until is None
        ]

    async def due(self, now: datetime, limit: int) -> list[UUID]:
        return [shift.driver_id for shift in self._open() if shift.due_reason(now) is not None][:limit]

    def _open(self) -> list[Shift]:
        return [shift for shift in self._store.tables.shifts.values() if shift.ended_at is None]

    def _ride_id(self, driver_id: UUID) -> UUID | None:
        rides = self._store.tables.rides.values()
        return next((r.id for r in rides if r.has_driver and r.driver and r.driver.driver_id == driver_id), None)
