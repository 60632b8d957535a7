"""Complaints in Postgres: the table, their rows within a transaction, the refunds that are owed, and reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.rows import Columns
from matching_service.domain.complaint import (
    Complaint,
    ComplaintReason,
    ComplaintState,
    RefundBorneBy,
    RefundDecision,
)
from matching_service.use_cases.complaint_ports import OwedRefund
from shared_kernel.clock import Clock
from shared_kernel.money import Money

FIRST_ATTEMPT_LEASE_SECONDS = 5.0
"""Who decides asks for the refund; the sweep takes over when that has not ended by then."""

_complaint = tables.complaints.c


class PostgresComplaintRows:
    """The ComplaintRows of production."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def count(self, ride_id: UUID) -> int:
        return await self._connection.scalar(select(func.count()).where(_complaint.ride_id == ride_id)) or 0

    async def add(self, complaint: Complaint) -> None:
        await self._connection.execute(insert(tables.complaints).values(**_row(complaint)))

    async def lock(self, complaint_id: UUID) -> Complaint | None:
        mine = select(tables.complaints).where(_complaint.id == complaint_id).with_for_update()
        row = (await self._connection.execute(mine)).mappings().one_or_none()
        return None if row is None else _complaint_from(row)

    async def save(self, complaint: Complaint) -> None:
        now = self._clock.now()
        owed = complaint.state is ComplaintState.REFUND_PENDING
        timer: dict[str, Any] = {
            "due_at": now if owed else None,
            "leased_until": now + timedelta(seconds=FIRST_ATTEMPT_LEASE_SECONDS) if owed else None,
            "attempts": 0,
            "error": "",
        }
        mine = update(tables.complaints).where(_complaint.id == complaint.id)
        await self._connection.execute(mine.values(**_row(complaint), **timer))


class PostgresRefundQueue:
    """The RefundQueue of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedRefund]:
        due = (
            select(_complaint.id)
            .where(_complaint.due_at <= now, or_(_complaint.leased_until.is_(None), _complaint.leased_until <= now))
            .order_by(_complaint.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        lease = update(tables.complaints).where(_complaint.id.in_(due))
        lease = lease.values(leased_until=now + timedelta(seconds=lease_seconds))
        async with self._database.transaction() as connection:
            rows = (await connection.execute(lease.returning(*_complaint))).mappings().all()
        return [OwedRefund(_complaint_from(row), row["attempts"]) for row in rows]

    async def postpone(self, complaint_id: UUID, until: datetime, error: str) -> None:
        still = update(tables.complaints).where(
            _complaint.id == complaint_id, _complaint.state == ComplaintState.REFUND_PENDING.value
        )
        values = {"due_at": until, "leased_until": None, "attempts": _complaint.attempts + 1, "error": error[:200]}
        async with self._database.connect() as connection:
            await connection.execute(still.values(**values))


class PostgresComplaints:
    """The ComplaintReader of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, complaint_id: UUID) -> Complaint | None:
        async with self._database.connect() as connection:
            found = await connection.execute(select(tables.complaints).where(_complaint.id == complaint_id))
            row = found.mappings().one_or_none()
        return None if row is None else _complaint_from(row)

    async def of_ride(self, ride_id: UUID, rider_id: UUID) -> list[Complaint]:
        mine = select(tables.complaints).where(_complaint.ride_id == ride_id, _complaint.rider_id == rider_id)
        async with self._database.connect() as connection:
            rows = (await connection.execute(mine.order_by(_complaint.number.desc()))).mappings().all()
        return [_complaint_from(row) for row in rows]

    async def page(self, limit: int, before: UUID | None, state: ComplaintState | None) -> list[Complaint]:
        statement = select(tables.complaints).order_by(_complaint.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(_complaint.id < before)
        if state is not None:
            statement = statement.where(_complaint.state == state.value)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [_complaint_from(row) for row in rows]


def _row(complaint: Complaint) -> dict[str, Any]:
    refund = complaint.refund
    amount = None if refund is None else refund.amount
    return {
        "id": complaint.id,
        "ride_id": complaint.ride_id,
        "rider_id": complaint.rider_id,
        "number": complaint.number,
        "reason": complaint.reason.value,
        "words": complaint.words,
        "raised_at": complaint.raised_at,
        "state": complaint.state.value,
        "version": complaint.version,
        "answer": complaint.answer,
        "decided_by": complaint.decided_by,
        "refund_borne_by": None if refund is None else refund.borne_by.value,
        "refund_currency_code": None if amount is None else amount.currency_code,
        "refund_minor": None if amount is None else amount.amount_minor,
        "refund_id": complaint.refund_id,
        "refusal": complaint.refusal,
        "closed_at": complaint.closed_at,
    }


def _complaint_from(row: Columns) -> Complaint:
    minor = row["refund_minor"]
    amount = None if minor is None else Money(row["refund_currency_code"], minor)
    borne_by = row["refund_borne_by"]
    return Complaint(
        id=row["id"],
        ride_id=row["ride_id"],
        rider_id=row["rider_id"],
        number=row["number"],
        reason=ComplaintReason(row["reason"]),
        words=row["words"],
        raised_at=row["raised_at"],
        state=ComplaintState(row["state"]),
        version=row["version"],
        answer=row["answer"],
        decided_by=row["decided_by"],
        refund=None if borne_by is None else RefundDecision(amount, RefundBorneBy(borne_by)),
        refund_id=row["refund_id"],
        refusal=row["refusal"],
        closed_at=row["closed_at"],
    )
