"""Riders' cards in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import is_any
from payment_service.adapters.tables import payment_method as methods
from payment_service.adapters.tables import psp_operation as operations
from payment_service.adapters.tables import rider as riders
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.payment_method import PaymentMethod
from shared_kernel.errors import NotFound

CARD_KEEPING_KINDS = ("add_card", "set_up_card", "finish_card_setup")
"""Operations whose success keeps a card."""
_IS_DEFAULT = methods.c.is_default.is_(True)
_SELECT = select(methods, riders.c.psp_customer_id).join(riders, riders.c.id == methods.c.rider_id)


class PostgresPaymentMethods:
    """See `repositories.PaymentMethods`."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._known: dict[UUID, PaymentMethod] = {}

    def know(self, method: PaymentMethod) -> None:
        """Take in a card that this transaction has read already."""
        self._known[method.id] = method

    async def lock_rider(self, rider_id: UUID) -> None:
        await self._connection.execute(insert(riders).values(id=rider_id).on_conflict_do_nothing())
        lock = select(riders.c.id).where(riders.c.id == rider_id).with_for_update(key_share=True)
        await self._connection.execute(lock)

    async def count(self, rider_id: UUID) -> int:
        kept = select(func.count()).where(methods.c.rider_id == rider_id, methods.c.removed_at.is_(None))
        coming = select(func.count()).where(
            operations.c.rider_id == rider_id,
            operations.c.kind.in_(CARD_KEEPING_KINDS),
            operations.c.state.in_(("sending", "unknown")),
        )
        statement = select(kept.scalar_subquery() + coming.scalar_subquery())
        return (await self._connection.execute(statement)).scalar_one()

    async def customer_of(self, rider_id: UUID) -> str | None:
        return await self._connection.scalar(select(riders.c.psp_customer_id).where(riders.c.id == rider_id))

    async def name_customer(self, rider_id: UUID, customer_id: str) -> str:
        statement = (
            update(riders)
            .where(riders.c.id == rider_id)
            .values(psp_customer_id=func.coalesce(riders.c.psp_customer_id, customer_id))
            .returning(riders.c.psp_customer_id)
        )
        return str((await self._connection.execute(statement)).scalar_one())

    async def add(self, method: PaymentMethod) -> PaymentMethod:
        values = asdict(method)
        del values["customer_id"]
        await self._connection.execute(insert(methods).values(values).on_conflict_do_nothing())
        kept = _SELECT.where(methods.c.psp_card_id == method.psp_card_id, methods.c.rider_id == method.rider_id)
        return _method((await self._connection.execute(kept)).one())

    async def lock(self, rider_id: UUID, payment_method_id: UUID) -> PaymentMethod:
        of = {"of_method": payment_method_id, "of_rider": rider_id}
        return _found((await self._connection.execute(_LOCK, of)).first())

    async def get(self, payment_method_id: UUID) -> PaymentMethod:
        if payment_method_id in self._known:
            return self._known[payment_method_id]
        return _found((await self._connection.read_apart(_SELECT.where(methods.c.id == payment_method_id))).first())

    async def list_of(
        self, rider_id: UUID, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PaymentMethod]:
        place = methods.c.created_at, methods.c.id
        statement = (
            _SELECT.where(methods.c.rider_id == rider_id, methods.c.removed_at.is_(None))
            .order_by(*(column.desc() for column in place))
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(*place) < tuple_(*before))
        return [_method(row) for row in await self._connection.execute(statement)]

    async def default_of(self, rider_id: UUID) -> UUID | None:
        return await self._connection.scalar(select(methods.c.id).where(methods.c.rider_id == rider_id, _IS_DEFAULT))

    async def make_default(self, rider_id: UUID, payment_method_id: UUID) -> None:
        # Two statements: the unique index allows no moment with two.
        before = update(methods).where(methods.c.rider_id == rider_id, _IS_DEFAULT, methods.c.id != payment_method_id)
        await self._connection.execute(before.values(is_default=False))
        await self._connection.execute(update(methods).where(methods.c.id == payment_method_id).values(is_default=True))

    async def remove(self, payment_method_id: UUID, now: datetime) -> None:
        statement = update(methods).where(methods.c.id == payment_method_id, methods.c.removed_at.is_(None))
        await self._connection.execute(statement.values(removed_at=now, is_default=False))


_LOCK = _SELECT.where(
    methods.c.id == bindparam("of_method"), methods.c.rider_id == bindparam("of_rider"), methods.c.removed_at.is_(None)
).with_for_update(key_share=True, of=methods)
_READ_ALL = _SELECT.where(is_any(methods.c.id, "payment_method_ids"))


async def read_all(connection: AsyncConnection, payment_method_ids: Sequence[UUID]) -> Sequence[PaymentMethod]:
    """Return cards, removed or not."""
    return [_method(row) for row in await connection.execute(_READ_ALL, {"payment_method_ids": payment_method_ids})]


def _found(row: Row[Any] | None) -> PaymentMethod:
    if row is None:
        raise NotFound("payment_method_not_found", "there is no such card")
    return _method(row)


def _method(row: Row[Any]) -> PaymentMethod:
    return PaymentMethod(
        id=row.id,
        rider_id=row.rider_id,
        customer_id=row.psp_customer_id,
        psp_card_id=row.psp_card_id,
        brand=row.brand,
        last_digits=row.last_digits,
        expire_month=row.expire_month,
        expire_year=row.expire_year,
        created_at=row.created_at,
        is_default=row.is_default,
    )
