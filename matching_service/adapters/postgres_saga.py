"""The saga's steps: rows of rides that owe payment_service a call, leased with SKIP LOCKED."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.postgres import stops_of_rides
from matching_service.adapters.rows import ride_from
from matching_service.domain.ride_states import PaymentState
from matching_service.use_cases.ports import OwedStep


class PostgresSagaQueue:
    """The SagaQueue of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedStep]:
        ride = tables.rides.c
        due = (
            select(ride.id)
            .where(
                ride.saga_next_attempt_at <= now, or_(ride.saga_leased_until.is_(None), ride.saga_leased_until <= now)
            )
            .order_by(ride.saga_next_attempt_at)
            .limit(limit)
            .with_for_update(key_share=True, skip_locked=True)
        )
        lease = update(tables.rides).where(ride.id.in_(due))
        lease = lease.values(saga_leased_until=now + timedelta(seconds=lease_seconds))
        async with self._database.transaction() as connection:
            rows = (await connection.execute(lease.returning(*ride, stops_of_rides()))).mappings().all()
        return [OwedStep(ride_from(row), row["saga_attempts"], row["traceparent"]) for row in rows]

    async def postpone(self, ride_id: UUID, state: PaymentState, until: datetime, error: str) -> None:
        ride = tables.rides.c
        same_step = update(tables.rides).where(ride.id == ride_id, ride.payment_state == state.value)
        async with self._database.connect() as connection:
            await connection.execute(
                same_step.values(
                    saga_next_attempt_at=until,
                    saga_leased_until=None,
                    saga_attempts=ride.saga_attempts + 1,
                    saga_error=error[:200],
                )
            )

    async def oldest_owed_at(self) -> datetime | None:
        """Return since when, roughly, the step that waits longest is owed; None when nothing is owed."""
        ride = tables.rides.c
        oldest = select(func.min(func.coalesce(ride.ended_at, ride.requested_at)))
        async with self._database.connect() as connection:
            return await connection.scalar(oldest.where(ride.saga_next_attempt_at.is_not(None)))
