"""Payments in Postgres."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.tables import payment as payments
from payment_service.domain.payment import Payment, PaymentStatus

_NAMES = [field.name for field in fields(Payment)]
_SELECT = select(*(payments.c[name] for name in _NAMES))
_CHANGING = (
    "authorized_minor",
    "captured_minor",
    "status",
    "decline_reason",
    "psp_payment_id",
    "driver_id",
    "captured_at",
)
_OVER = (PaymentStatus.DECLINED, PaymentStatus.CAPTURED, PaymentStatus.VOIDED)


class PostgresPayments:
    """See `ports.Payments`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, payment: Payment) -> bool:
        statement = insert(payments).values(asdict(payment)).on_conflict_do_nothing(index_elements=["ride_id"])
        return (await self._connection.execute(statement.returning(payments.c.id))).first() is not None

    async def lock_of_ride(self, ride_id: UUID) -> Payment | None:
        statement = _SELECT.where(payments.c.ride_id == ride_id).with_for_update(key_share=True)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _payment(row)

    async def lock(self, payment_id: UUID) -> Payment:
        statement = _SELECT.where(payments.c.id == payment_id).with_for_update(key_share=True)
        return _payment((await self._connection.execute(statement)).one())

    async def get_of_ride(self, ride_id: UUID) -> Payment | None:
        row = (await self._connection.execute(_SELECT.where(payments.c.ride_id == ride_id))).first()
        return None if row is None else _payment(row)

    async def save(self, payment: Payment) -> None:
        before = (payments.c.id == payment.id) & (payments.c.version == payment.version - 1)
        values = {name: getattr(payment, name) for name in _CHANGING}
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


def _payment(row: Row[Any]) -> Payment:
    payment = Payment(*row)
    return replace(payment, status=PaymentStatus(payment.status))
