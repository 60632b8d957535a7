"""The saga's steps: rows of rides that owe payment_service a call, leased with SKIP LOCKED."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Integer, bindparam, func, or_, select, update

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.ride_rows import ride_from
from matching_service.adapters.statements import stops_of_rides
from matching_service.domain.ride_states import PaymentState
from matching_service.use_cases.queue_ports import OwedStep

_ride, _NOW = tables.rides.c, bindparam("now", type_=DateTime(timezone=True))
_due = (
    select(_ride.id)
    .where(_ride.saga_next_attempt_at <= _NOW, or_(_ride.saga_leased_until.is_(None), _ride.saga_leased_until <= _NOW))
    .order_by(_ride.saga_next_attempt_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(key_share=True, skip_locked=True)
)
_LEASE_DUE = update(tables.rides).where(_ride.id.in_(_due)).returning(*_ride, stops_of_rides())


class PostgresSagaQueue:
    """The SagaQueue of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedStep]:
        given = {"now": now, "most": limit, "saga_leased_until": now + timedelta(seconds=lease_seconds)}
        async with self._database.connect() as connection:
            rows = (await connection.execute(_LEASE_DUE, given)).mappings().all()
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
