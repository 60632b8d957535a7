"""Rides within a transaction, in Postgres: their rows, those of their stops, and who is and was assigned to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.joined_traces import JoinedTraces
from chassis.telemetry import current_traceparent
from matching_service.adapters import statements, tables
from matching_service.adapters.ride_metrics import RideWaits
from matching_service.adapters.ride_rows import changed_columns, ride_from, ride_row, stop_from, stop_rows
from matching_service.adapters.rows import Columns
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import OWED_PAYMENT_STATES, RideState
from matching_service.domain.stops import Stop
from shared_kernel.clock import Clock

FIRST_ATTEMPT_LEASE_SECONDS = 5.0
"""Who asked for the ride places its hold; the sweep takes over when that has not ended by then."""


class PostgresRideRows:
    """What the Transaction of production does with rides. Traces are joined and waits noted on the way."""

    def __init__(self, connection: AsyncConnection, clock: Clock, traces: JoinedTraces, waits: RideWaits) -> None:
        self._connection = connection
        self._clock = clock
        self._traces = traces
        self._waits = waits

    async def add(self, ride: Ride) -> None:
        """Store a ride that is asked for, with its stops."""
        leased_until = ride.requested_at + timedelta(seconds=FIRST_ATTEMPT_LEASE_SECONDS)
        owed = ride.payment_state in OWED_PAYMENT_STATES
        saga = {"saga_next_attempt_at": ride.requested_at, "saga_leased_until": leased_until} if owed else {}
        row = {**ride_row(ride), **saga, "traceparent": current_traceparent()}
        self._traces.join(ride.id, "")
        await self._connection.execute(insert(tables.rides), row)
        if ride.stops:
            await self._connection.execute(insert(tables.ride_stops), list(stop_rows(ride).values()))

    async def lock(self, ride_id: UUID, rider_id: UUID | None) -> Ride | None:
        """Return a ride and keep others from changing it; None if there is none, or not of this rider."""
        given = {"of_ride": ride_id, "of_rider": rider_id}
        found = await self._connection.execute(statements.lock_ride(of_rider=rider_id is not None), given)
        row = found.mappings().one_or_none()
        if row is None:
            return None
        self._traces.join(row["id"], row["traceparent"])
        return ride_from(row, await self._stops(row))

    async def _stops(self, ride: Columns) -> tuple[Stop, ...]:
        if not ride["stop_count"]:
            return ()
        # Only now that the ride is locked: within the statement that waited for the lock, they would be old.
        rows = await self._connection.execute(statements.STOPS_OF_RIDE, {"of_ride": ride["id"]})
        return tuple(stop_from(row) for row in rows.mappings())

    async def save(self, before: Ride, after: Ride) -> None:
        """Store a locked ride after its moves: what changed of it, of its stops and of who drives it."""
        changes = changed_columns(before, after)
        if before.state is not after.state:
            self._traces.name(after.id, f"ride {after.state.value}")
        self._waits.note(before, after, self._clock.now())
        if "payment_state" in changes:
            owed = after.payment_state in OWED_PAYMENT_STATES
            changes |= {
                "saga_next_attempt_at": self._clock.now() if owed else None,
                "saga_leased_until": None,
                "saga_attempts": 0,
                "saga_error": "",
            }
        if not changes:
            return
        of = {"of_ride": before.id, "of_version": before.version}
        changed = await self._connection.execute(statements.SAVE_RIDE, changes | of)
        if changed.rowcount != 1:
            raise RuntimeError("a ride was saved that was not locked")
        await self._keep_assignment(before, after)
        if before.stops != after.stops:
            await self._keep_stops(before, after)

    async def _keep_stops(self, before: Ride, after: Ride) -> None:
        stop, old, new = tables.ride_stops.c, stop_rows(before), stop_rows(after)
        gone = old.keys() - new.keys()
        if gone:
            await self._connection.execute(delete(tables.ride_stops).where(stop.id.in_(gone)))
        for stop_id, row in new.items():
            if stop_id not in old:
                await self._connection.execute(insert(tables.ride_stops).values(**row))
            elif row != old[stop_id]:
                await self._connection.execute(update(tables.ride_stops).where(stop.id == stop_id).values(**row))

    async def save_ring(self, moves: Sequence[tuple[Ride, Ride]]) -> None:
        """Store locked rides that exchanged their drivers among themselves."""
        ids = [before.id for before, _ in moves]
        # No two rides may name one driver even for the time between two statements: each names itself meanwhile.
        parked = update(tables.rides).where(tables.rides.c.id.in_(ids)).values(driver_id=tables.rides.c.id)
        await self._connection.execute(parked)
        for before, _ in moves:
            await self._release_assignment(before.id, moves[0][1].moved_at)
            await self._give_offer_back(before.id)
        for before, after in moves:
            changes = changed_columns(before, after)
            of = {"of_ride": before.id, "of_version": before.version}
            changed = await self._connection.execute(statements.SAVE_RIDE, changes | of)
            if changed.rowcount != 1:
                raise RuntimeError("a ride was saved that was not locked")
            await self._bind(after)

    async def scheduled_count(self, rider_id: UUID) -> int:
        """Count a rider's scheduled rides, and keep others from adding to them."""
        # Two requests of one rider would each count without the other.
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"schedule:{rider_id}", 0))
        await self._connection.execute(select(lock))
        ride = tables.rides.c
        mine = select(func.count()).where(ride.rider_id == rider_id, ride.state == RideState.SCHEDULED.value)
        return await self._connection.scalar(mine) or 0

    async def live_id_of_driver(self, driver_id: UUID) -> UUID | None:
        """Return the ride that a driver is bound to, or one of those who share the vehicle."""
        return await self._connection.scalar(statements.LIVE_RIDE_OF_DRIVER, {"of_driver": driver_id})

    async def was_driver(self, ride_id: UUID, driver_id: UUID) -> bool:
        """Tell whether a ride was this driver's for a while."""
        of = {"of_ride": ride_id, "of_driver": driver_id}
        return await self._connection.scalar(statements.WAS_DRIVER, of) is not None

    async def keep_fence(self, ride_id: UUID) -> int:
        """Return the fence of the lease of the ride's shard, which nobody takes over before this transaction ends."""
        return await self._connection.scalar(statements.KEEP_FENCE, {"of_ride": ride_id}) or 0

    async def _release_assignment(self, ride_id: UUID, released_at: datetime) -> None:
        await self._connection.execute(statements.RELEASE_ASSIGNMENT, {"of_ride": ride_id, "at": released_at})

    async def _give_offer_back(self, ride_id: UUID) -> None:
        await self._connection.execute(statements.GIVE_OFFER_BACK, {"of_ride": ride_id})

    async def _bind(self, ride: Ride) -> None:
        if ride.driver is None:
            raise ValueError("a ride without a driver has no assignment")
        values = {"ride_id": ride.id, "driver_id": ride.driver.driver_id, "assigned_at": ride.assigned_at}
        await self._connection.execute(insert(tables.assignments), values)

    async def _keep_assignment(self, before: Ride, after: Ride) -> None:
        swapped = before.has_driver and after.has_driver and before.driver != after.driver
        if before.has_driver and not after.has_driver:
            await self._release_assignment(before.id, after.ended_at or after.moved_at)
        if swapped:
            await self._release_assignment(before.id, after.moved_at)
        if swapped or (before.driver is not None and after.driver is None):
            await self._give_offer_back(before.id)
        if swapped or (after.has_driver and not before.has_driver):
            await self._bind(after)
