"""Operations at the PSP in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.codec import order_from_json, order_to_json
from payment_service.adapters.tables import psp_operation as operations
from payment_service.domain.operation import Operation, OperationState

_IS_OPEN = operations.c.state.in_((OperationState.SENDING, OperationState.UNKNOWN))


class PostgresOperations:
    """See `repositories.Operations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, operation: Operation) -> None:
        await self._connection.execute(
            insert(operations).values(
                id=operation.id,
                kind=operation.order.kind,
                rider_id=operation.rider_id,
                payment_id=operation.payment_id,
                subject_id=operation.subject_id,
                instruction=order_to_json(operation.order),
                state=operation.state,
                attempt=operation.attempt,
                tries=operation.tries,
                due_at=operation.due_at,
                psp_object_id=operation.psp_object_id,
                created_at=operation.created_at,
                keyed_at=operation.keyed_at,
            )
        )

    async def get(self, operation_id: UUID) -> Operation:
        return _operation((await self._connection.execute(_with_id(operation_id))).one())

    async def lock(self, operation_id: UUID) -> Operation:
        statement = _with_id(operation_id).with_for_update(key_share=True)
        return _operation((await self._connection.execute(statement)).one())

    async def open_of(self, payment_id: UUID) -> Operation | None:
        statement = select(operations).where(operations.c.payment_id == payment_id, _IS_OPEN)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _operation(row)

    async def take(self, operation_id: UUID, now: datetime, lease_until: datetime) -> Operation | None:
        # An unknown outcome may be asked about at any time; a lease has to run out first.
        free = or_(operations.c.state == OperationState.UNKNOWN, operations.c.due_at <= now)
        taken = await self._lease(and_(operations.c.id == operation_id, _IS_OPEN, free), lease_until)
        return taken[0] if taken else None

    async def take_due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Operation]:
        due = (
            select(operations.c.id)
            .where(_IS_OPEN, operations.c.due_at <= now)
            .order_by(operations.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        )
        return await self._lease(operations.c.id.in_(due), lease_until)

    async def rest(self, operation: Operation, next_attempt_at: datetime, detail: str) -> None:
        mine = and_(operations.c.id == operation.id, _IS_OPEN, operations.c.tries == operation.tries)
        await self._connection.execute(
            update(operations)
            .where(mine)
            .values(
                state=OperationState.UNKNOWN,
                attempt=operation.attempt,
                keyed_at=operation.keyed_at,
                due_at=next_attempt_at,
                psp_object_id=operation.psp_object_id,
                detail=detail,
            )
        )

    async def finish(self, operation: Operation, now: datetime, detail: str) -> None:
        values = {
            "state": operation.state,
            "psp_object_id": operation.psp_object_id,
            "finished_at": now,
            "detail": detail,
        }
        await self._connection.execute(update(operations).where(operations.c.id == operation.id).values(values))

    async def _lease(self, which: ColumnElement[bool], lease_until: datetime) -> Sequence[Operation]:
        statement = (
            update(operations)
            .where(which)
            .values(state=OperationState.SENDING, due_at=lease_until, tries=operations.c.tries + 1)
            .returning(operations)
        )
        return [_operation(row) for row in await self._connection.execute(statement)]


def _with_id(operation_id: UUID) -> Any:
    return select(operations).where(operations.c.id == operation_id)


def _operation(row: Row[Any]) -> Operation:
    return Operation(
        id=row.id,
        rider_id=row.rider_id,
        payment_id=row.payment_id,
        order=order_from_json(row.instruction),
        state=OperationState(row.state),
        attempt=row.attempt,
        tries=row.tries,
        created_at=row.created_at,
        keyed_at=row.keyed_at,
        due_at=row.due_at,
        psp_object_id=row.psp_object_id,
        subject_id=row.subject_id,
    )
