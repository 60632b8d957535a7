"""Operations at the PSP in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, and_, bindparam, cast, insert, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import array_values, is_any, rows_like
from payment_service.adapters.codec import order_from_json, order_to_text
from payment_service.adapters.tables import psp_operation as operations
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.operation import Operation, OperationState

_IS_OPEN = operations.c.state.in_((OperationState.SENDING, OperationState.UNKNOWN))


class PostgresOperations:
    """See `repositories.Operations`."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._locked: dict[UUID, Operation] = {}
        self._without_open: set[UUID] = set()

    def know(self, operation: Operation) -> None:
        """Take in an operation that this transaction has locked already."""
        self._locked[operation.id] = operation

    def know_none_open(self, payment_id: UUID) -> None:
        """Take in that a payment, which this transaction has locked, has no open operation."""
        self._without_open.add(payment_id)

    async def insert(self, operation: Operation) -> None:
        self._without_open.clear()
        self._connection.waiting.new_operations.append(operation)

    async def get(self, operation_id: UUID) -> Operation:
        return _operation((await self._connection.execute(_with_id(operation_id))).one())

    async def lock(self, operation_id: UUID) -> Operation:
        if operation_id in self._locked:
            return self._locked[operation_id]
        statement = _with_id(operation_id).with_for_update(key_share=True)
        return _operation((await self._connection.execute(statement)).one())

    async def open_of(self, payment_id: UUID) -> Operation | None:
        if payment_id in self._without_open:
            return None
        return await self._open(_OPEN_OF, {"of_payment": payment_id})

    async def open_of_subject(self, subject_id: UUID) -> Operation | None:
        return await self._open(_OPEN_OF_SUBJECT, {"of_subject": subject_id})

    async def hurry(self, subject_id: UUID, now: datetime, *, even_leased: bool) -> None:
        states = [OperationState.UNKNOWN, *([OperationState.SENDING] if even_leased else [])]
        which = and_(operations.c.subject_id == subject_id, operations.c.state.in_(states), operations.c.due_at > now)
        await self._connection.execute(update(operations).where(which).values(due_at=now))

    async def take(self, operation_id: UUID, now: datetime, lease_until: datetime) -> Operation | None:
        taken = await self._lease(_TAKE_ONE, {"of_operation": operation_id, "now": now}, lease_until)
        return taken[0] if taken else None

    async def take_due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Operation]:
        return await self._lease(_TAKE_DUE, {"now": now, "most": limit}, lease_until)

    async def rest(self, operation: Operation, next_attempt_at: datetime, detail: str) -> None:
        self._locked.pop(operation.id, None)
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

    async def shorten_rests(self, due_at: datetime, limit: int) -> None:
        await self._connection.execute(_SHORTEN_RESTS, {"due_at": due_at, "most": limit})

    async def finish(self, operation: Operation, now: datetime, detail: str) -> None:
        self._locked.pop(operation.id, None)
        self._connection.waiting.finished_operations.append((operation, now, detail))

    async def _open(self, statement: Any, of: Mapping[str, UUID]) -> Operation | None:
        row = (await self._connection.execute(statement, of)).first()
        return None if row is None else _operation(row)

    async def _lease(self, statement: Any, of: Mapping[str, object], lease_until: datetime) -> Sequence[Operation]:
        self._locked.clear()
        rows = await self._connection.execute(statement, {**of, "due_at": lease_until})
        return [_operation(row) for row in rows]


# Written once: to write a statement anew costs as much as to have it answered.
_OPEN_OF = select(operations).where(operations.c.payment_id == bindparam("of_payment"), _IS_OPEN)
_OPEN_OF_SUBJECT = select(operations).where(operations.c.subject_id == bindparam("of_subject"), _IS_OPEN)
_IS_DUE = operations.c.due_at <= bindparam("now", type_=operations.c.due_at.type)
_due = (
    select(operations.c.id)
    .where(_IS_OPEN, _IS_DUE)
    .order_by(operations.c.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, key_share=True)
)
_take = update(operations).values(state=OperationState.SENDING, tries=operations.c.tries + 1).returning(operations)
# An unknown outcome may be asked about at any time; a lease has to run out first.
_TAKE_ONE = _take.where(
    operations.c.id == bindparam("of_operation"), _IS_OPEN, or_(operations.c.state == OperationState.UNKNOWN, _IS_DUE)
)
_TAKE_DUE = _take.where(operations.c.id.in_(_due))
_longer = (
    select(operations.c.id)
    .where(
        operations.c.state == OperationState.UNKNOWN,
        operations.c.psp_object_id == "",
        operations.c.due_at > bindparam("due_at", type_=operations.c.due_at.type),
    )
    .order_by(operations.c.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, key_share=True)
)
_SHORTEN_RESTS = (
    update(operations)
    .where(operations.c.id.in_(_longer))
    .values(due_at=bindparam("due_at", type_=operations.c.due_at.type))
)

# In the order of ids everywhere, so that two groups cannot wait for each other.
_LOCK_ALL = (
    select(operations)
    .where(is_any(operations.c.id, "operation_ids"))
    .order_by(operations.c.id)
    .with_for_update(key_share=True)
)
_WITH_OPEN = select(operations.c.payment_id).where(is_any(operations.c.payment_id, "payment_ids"), _IS_OPEN)


async def lock_all(connection: AsyncConnection, operation_ids: Sequence[UUID]) -> Sequence[Operation]:
    """Lock operations and return them."""
    return [_operation(row) for row in await connection.execute(_LOCK_ALL, {"operation_ids": operation_ids})]


async def with_open(connection: AsyncConnection, payment_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of some payments have an open operation."""
    return set((await connection.execute(_WITH_OPEN, {"payment_ids": payment_ids})).scalars())


_NEW_NAMES = (
    "id",
    "kind",
    "rider_id",
    "payment_id",
    "subject_id",
    "instruction",
    "state",
    "attempt",
    "tries",
    "due_at",
    "psp_object_id",
    "created_at",
    "keyed_at",
)
_NEW = rows_like("new", [operations.c[name] for name in _NEW_NAMES])
_INSERT = insert(operations).from_select(
    _NEW_NAMES,
    select(*(cast(_NEW.c[name], JSONB) if name == "instruction" else _NEW.c[name] for name in _NEW_NAMES)),
)
_FINISHED_NAMES = ("id", "state", "psp_object_id", "finished_at", "detail")
_FINISHED = rows_like("finished", [operations.c[name] for name in _FINISHED_NAMES])
_FINISH = (
    update(operations)
    .where(operations.c.id == _FINISHED.c.id)
    .values({name: _FINISHED.c[name] for name in _FINISHED_NAMES[1:]})
)


async def write_new(connection: AsyncConnection, new: Sequence[Operation]) -> None:
    """Write operations that begin."""
    rows = [
        (
            operation.id,
            operation.order.kind,
            operation.rider_id,
            operation.payment_id,
            operation.subject_id,
            order_to_text(operation.order),
            operation.state,
            operation.attempt,
            operation.tries,
            operation.due_at,
            operation.psp_object_id,
            operation.created_at,
            operation.keyed_at,
        )
        for operation in new
    ]
    await connection.execute(_INSERT, array_values("new", _NEW_NAMES, rows))


async def write_finished(connection: AsyncConnection, finished: Sequence[tuple[Operation, datetime, str]]) -> None:
    """Write how operations ended, when, and a word about it."""
    rows = [(operation.id, operation.state, operation.psp_object_id, at, detail) for operation, at, detail in finished]
    await connection.execute(_FINISH, array_values("finished", _FINISHED_NAMES, rows))


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
