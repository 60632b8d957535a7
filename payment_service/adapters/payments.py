"""Payments in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.codec import lines_from_json, lines_to_json
from payment_service.adapters.tables import payment as payments
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_moves import PaymentStatus

_NAMES = [field.name for field in fields(Payment)]
_SELECT = select(*(payments.c[name] for name in _NAMES))
_CHANGING = (
    "authorized_minor",
    "captured_minor",
    "credit_used_minor",
    "receivable_minor",
    "refunded_minor",
    "status",
    "decline_reason",
    "psp_payment_id",
    "capture_before",
    "driver_id",
    "captured_at",
    "lines",
)
_OVER = [status for status in PaymentStatus if status.is_over]
_IS_RIDES_OWN = payments.c.purpose == Purpose.RIDE
MAX_PAYMENTS_OF_RIDE = 50


class PostgresPayments:
    """See `repositories.Payments`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, payment: Payment) -> bool:
        statement = insert(payments).values(_values(payment, _NAMES)).on_conflict_do_nothing()
        return (await self._connection.execute(statement.returning(payments.c.id))).first() is not None

    async def lock_of_ride(self, ride_id: UUID) -> Payment | None:
        statement = _SELECT.where(payments.c.ride_id == ride_id, _IS_RIDES_OWN).with_for_update(key_share=True)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _payment(row)

    async def lock(self, payment_id: UUID) -> Payment:
        statement = _SELECT.where(payments.c.id == payment_id).with_for_update(key_share=True)
        return _payment((await self._connection.execute(statement)).one())

    async def get_of_ride(self, ride_id: UUID) -> Payment | None:
        row = (await self._connection.execute(_SELECT.where(payments.c.ride_id == ride_id, _IS_RIDES_OWN))).first()
        return None if row is None else _payment(row)

    async def all_of_ride(self, ride_id: UUID) -> Sequence[Payment]:
        statement = _SELECT.where(payments.c.ride_id == ride_id).order_by(payments.c.created_at, payments.c.id)
        return [_payment(row) for row in await self._connection.execute(statement.limit(MAX_PAYMENTS_OF_RIDE))]

    async def save(self, payment: Payment) -> None:
        before = (payments.c.id == payment.id) & (payments.c.version == payment.version - 1)
        values = _values(payment, _CHANGING)
        result = await self._connection.execute(
            update(payments).where(before).values(version=payment.version, **values)
        )
        if result.rowcount != 1:
            raise RuntimeError(f"payment {payment.id} was changed by somebody who did not hold its lock")

    async def any_open_with(self, payment_method_id: UUID) -> bool:
        open_ones = select(payments.c.id).where(
            payments.c.payment_method_id == payment_method_id, payments.c.status.not_in(_OVER)
        )
        return bool((await self._connection.execute(select(open_ones.exists()))).scalar_one())


def _values(payment: Payment, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(payment, name) for name in names}
    if payment.lines is not None:
        values["lines"] = lines_to_json(payment.lines)
    return values


def _payment(row: Row[Any]) -> Payment:
    values = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]: SQLAlchemy's documented name
    values["purpose"] = Purpose(row.purpose)
    values["funding"] = Funding(row.funding)
    values["status"] = PaymentStatus(row.status)
    if row.lines is not None:
        values["lines"] = lines_from_json(row.lines)
    return Payment(**values)
