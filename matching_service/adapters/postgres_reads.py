"""Reads of rides, offers and shifts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Select, bindparam, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import statements, tables
from matching_service.adapters.edit_rows import edit_from
from matching_service.adapters.offer_rows import offer_from
from matching_service.adapters.postgres_runs import open_run_of, views_of
from matching_service.adapters.ride_rows import ride_from
from matching_service.adapters.shift_rows import shift_from
from matching_service.adapters.statements import is_driven_now, is_in, stops_of_rides
from matching_service.domain.edit import RideEdit
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import ACTIVE_STATES, DRIVER_STATES, RideState
from matching_service.domain.run import RunView
from matching_service.domain.shift import Shift
from matching_service.use_cases.reader_ports import RideMoveRecord, RideSummary, Waits

# Independent of the indexes that forbid them: it looks at what was recorded. The touching ends of two assignments do
# not overlap, since ranges exclude their end. Parties who share a vehicle are of one run, each in a slot of its own.
_DOUBLE_ASSIGNMENTS = text("""
    WITH period AS MATERIALIZED (
        SELECT id, ride_id, driver_id, run_id, run_slot, tstzrange(assigned_at, released_at) AS held
        FROM assignment WHERE released_at IS NULL OR released_at >= :since
    )
    SELECT (SELECT count(*) FROM period a JOIN period b
                ON a.driver_id = b.driver_id AND a.id < b.id AND a.held && b.held
                AND (a.run_id IS DISTINCT FROM b.run_id OR a.run_id IS NULL OR a.run_slot = b.run_slot))
         + (SELECT count(*) FROM period a JOIN period b
                ON a.ride_id = b.ride_id AND a.driver_id <> b.driver_id AND a.id < b.id AND a.held && b.held)
""")
_WAITS = """
    SELECT count(seconds) AS measured_count,
           coalesce(avg(seconds), 0)::float8 AS mean,
           coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0)::float8 AS p50,
           coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds), 0)::float8 AS p95
    FROM ({seconds}) AS measured
"""
_REQUEST_TO_OFFER = text(
    _WAITS.format(
        seconds="""
    SELECT extract(epoch FROM min(offer.created_at) - ride.requested_at)::float8 AS seconds
    FROM ride JOIN offer ON offer.ride_id = ride.id
    WHERE ride.requested_at >= :since AND ride.pickup_at IS NULL GROUP BY ride.id
"""
    )
)
_REQUEST_TO_PICKUP = text(
    _WAITS.format(
        seconds="""
    SELECT extract(epoch FROM arrived_at - requested_at)::float8 AS seconds
    FROM ride WHERE requested_at >= :since AND arrived_at IS NOT NULL AND pickup_at IS NULL
"""
    )
)


_NOW, _MOST = bindparam("now", type_=DateTime(timezone=True)), bindparam("most", type_=Integer)
_offer, _move, _said = tables.offers.c, tables.ride_transitions.c, tables.ride_words.c
_EXPIRED_OFFERS = (
    statements.offers_with_places()
    .where(_offer.state == literal_column("'open'"), _offer.expires_at <= _NOW)
    .order_by(_offer.expires_at)
    .limit(_MOST)
)
_OFFERS = (
    statements.offers_with_places()
    .where(_offer.ride_id == bindparam("of_ride"))
    .order_by(_offer.created_at, _offer.id)
    .limit(_MOST)
)
_TRACEPARENT = select(tables.rides.c.traceparent).where(tables.rides.c.id == bindparam("of_ride"))
_MOVES = (
    select(*_move, func.coalesce(_said.words, "").label("words"))
    .outerjoin(tables.ride_words, (_said.ride_id == _move.ride_id) & (_said.version == _move.version))
    .where(_move.ride_id == bindparam("of_ride"))
    .order_by(_move.version)
    .limit(_MOST)
)


class PostgresRideReader:
    """The RideReader of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ride(self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None:
        statement = _one_ride(of_rider=rider_id is not None, of_driver=driver_id is not None)
        given = {"ride_id": ride_id, "of_rider": rider_id, "of_driver": driver_id}
        return next(iter(await self._rides(statement, given)), None)

    async def live_ride(self, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None:
        statement = _live_ride(of_rider=rider_id is not None, of_driver=driver_id is not None)
        return next(iter(await self._rides(statement, {"of_rider": rider_id, "of_driver": driver_id})), None)

    async def rides(
        self,
        limit: int,
        *,
        before: UUID | None = None,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> list[Ride]:
        # Ids are UUIDv7: their order is that of the requests.
        statement = _rides_of(of_rider=rider_id is not None, of_driver=driver_id is not None)
        statement = statement.order_by(tables.rides.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(tables.rides.c.id < before)
        if states:
            statement = statement.where(tables.rides.c.state.in_([state.value for state in states]))
        return await self._rides(statement, {"of_rider": rider_id, "of_driver": driver_id})

    async def history(self, ride_id: UUID, limit: int) -> tuple[list[RideMoveRecord], list[Offer]]:
        of = {"of_ride": ride_id, "most": limit}
        async with self._database.connect() as connection:
            records = [
                RideMoveRecord(
                    row["version"],
                    None if row["from_state"] is None else RideState(row["from_state"]),
                    RideState(row["to_state"]),
                    row["occurred_at"],
                    row["driver_id"],
                    row["reason"],
                    row["words"],
                )
                for row in (await connection.execute(_MOVES, of)).mappings()
            ]
            return records, [offer_from(row) for row in (await connection.execute(_OFFERS, of)).mappings()]

    async def traceparent(self, ride_id: UUID) -> str:
        async with self._database.connect() as connection:
            return await connection.scalar(_TRACEPARENT, {"of_ride": ride_id}) or ""

    async def summary(self, since: datetime) -> RideSummary:
        ride = tables.rides.c
        by_state = select(ride.state, func.count()).where(ride.requested_at >= since).group_by(ride.state)
        open_shifts = select(func.count()).select_from(tables.shifts).where(tables.shifts.c.ended_at.is_(None))
        offer = tables.offers.c
        numbers = (func.count(), func.count().filter(offer.slot > 0))
        offers = select(*numbers).join(tables.rides, ride.id == offer.ride_id).where(ride.requested_at >= since)
        async with self._database.transaction() as connection:
            counts = {RideState(state): count for state, count in (await connection.execute(by_state))}
            return RideSummary(
                counts,
                await connection.scalar(_DOUBLE_ASSIGNMENTS, {"since": since}) or 0,
                await _waits(connection, _REQUEST_TO_OFFER, since),
                await _waits(connection, _REQUEST_TO_PICKUP, since),
                await connection.scalar(open_shifts) or 0,
                *(await connection.execute(offers)).one(),
            )

    async def open_offer(self, driver_id: UUID) -> Offer | None:
        return next(iter(await self._offers(statements.OPEN_OFFER_OF_DRIVER, {"of_driver": driver_id})), None)

    async def run_of(self, driver_id: UUID) -> RunView | None:
        async with self._database.connect() as connection:
            return next(iter(await views_of(connection, open_run_of(driver_id))), None)

    async def open_shift(self, driver_id: UUID) -> Shift | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(statements.OPEN_SHIFT, {"of_driver": driver_id})).mappings().one_or_none()
        return None if row is None else shift_from(row)

    async def expired_offers(self, now: datetime, limit: int) -> list[Offer]:
        return await self._offers(_EXPIRED_OFFERS, {"now": now, "most": limit})

    async def due_schedules(self, now: datetime, limit: int) -> list[Ride]:
        return await self._rides(_due_schedules(), {"now": now, "most": limit})

    async def scheduled_rides(self, rider_id: UUID, limit: int) -> list[Ride]:
        ride = tables.rides.c
        mine = _rides_of(of_rider=True).where(ride.state == RideState.SCHEDULED.value)
        return await self._rides(mine.order_by(ride.pickup_at).limit(limit), {"of_rider": rider_id})

    async def edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        edit = tables.ride_edits.c
        statement = select(tables.ride_edits).where(edit.id == edit_id, edit.ride_id == ride_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        return None if row is None else edit_from(row)

    async def due_ratings(self, now: datetime, limit: int) -> list[UUID]:
        row = tables.ratings_due.c
        due = select(row.ride_id).where(row.due_at <= now).order_by(row.due_at).limit(limit)
        async with self._database.connect() as connection:
            return list(await connection.scalars(due))

    async def overdue_searches(self, now: datetime, limit: int) -> list[UUID]:
        ride = tables.rides.c
        overdue = select(ride.id).where(ride.state.in_(["requested", "matching"]), ride.search_until <= now)
        async with self._database.connect() as connection:
            return list(await connection.scalars(overdue.order_by(ride.search_until).limit(limit)))

    async def _rides(self, statement: Select[Any], given: Mapping[str, Any]) -> list[Ride]:
        async with self._database.connect() as connection:
            return [
                ride_from(row, driver_silent_since=row["driver_silent_since"])
                for row in (await connection.execute(statement, given)).mappings()
            ]

    async def _offers(self, statement: Select[Any], given: Mapping[str, Any]) -> list[Offer]:
        async with self._database.connect() as connection:
            return [offer_from(row) for row in (await connection.execute(statement, given)).mappings()]


# Made once: to write such a statement anew costs more than to have it answered.
@cache
def _rides_of(*, of_rider: bool = False, of_driver: bool = False) -> Select[Any]:
    """Select rides, of the rider `of_rider` or the driver `of_driver` if so; these are parameters of the statement."""
    ride, shift = tables.rides.c, tables.shifts.c
    # Of the driver under way alone: whom the ride no longer concerns is not told of.
    theirs = (shift.driver_id == ride.driver_id) & shift.ended_at.is_(None) & is_in(DRIVER_STATES)
    joined = tables.rides.outerjoin(tables.shifts, theirs)
    seen = (shift.silent_since.label("driver_silent_since"), stops_of_rides())
    statement = select(*ride, *seen).select_from(joined)
    if of_rider:
        statement = statement.where(ride.rider_id == bindparam("of_rider"))
    if of_driver:
        statement = statement.where(ride.driver_id == bindparam("of_driver"))
    return statement


@cache
def _due_schedules() -> Select[Any]:
    due = _rides_of().where(tables.rides.c.timer_at <= _NOW)
    return due.order_by(tables.rides.c.timer_at).limit(_MOST)


@cache
def _one_ride(*, of_rider: bool, of_driver: bool) -> Select[Any]:
    return _rides_of(of_rider=of_rider, of_driver=of_driver).where(tables.rides.c.id == bindparam("ride_id"))


@cache
def _live_ride(*, of_rider: bool, of_driver: bool) -> Select[Any]:
    statement = _rides_of(of_rider=of_rider, of_driver=of_driver)
    statement = statement.where(is_driven_now() if of_driver else is_in(ACTIVE_STATES))
    # The ride of the person before the orders under way beside it.
    return statement.order_by(tables.rides.c.kind == "delivery", tables.rides.c.id.desc()).limit(1)


async def _waits(connection: AsyncConnection, statement: Any, since: datetime) -> Waits:
    row = (await connection.execute(statement, {"since": since})).one()
    return Waits(row.measured_count, row.mean, row.p50, row.p95)
