"""Payments in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, cast, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import array_values, is_any, rows_like
from payment_service.adapters.codec import lines_from_json, lines_to_json, lines_to_text
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import psp_operation as operations
from payment_service.adapters.write_behind import WriteBehind
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
# Written once: to write a statement anew costs as much as to have it answered.
_INSERT = insert(payments).on_conflict_do_nothing().returning(payments.c.id)
_LOCK_ONE = _SELECT.where(payments.c.id == bindparam("of_payment")).with_for_update(key_share=True)
_about = select(operations.c.payment_id).where(operations.c.id == bindparam("of_operation")).scalar_subquery()
_named = and_(payments.c.psp_payment_id == bindparam("psp_id"), payments.c.psp_payment_id != "")
_FIND_FOR_PSP = _SELECT.where(or_(_named, payments.c.id == _about)).limit(1)
OVER = [status for status in PaymentStatus if status.is_over]
_IS_RIDES_OWN = payments.c.purpose == Purpose.RIDE
_LOCK_OF_RIDE = _SELECT.where(payments.c.ride_id == bindparam("of_ride"), _IS_RIDES_OWN).with_for_update(key_share=True)
MAX_PAYMENTS_OF_RIDE = 50


class PostgresPayments:
    """See `repositories.Payments`. A payment that is locked stays as it is known but for what is saved here."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._locked: dict[UUID, Payment] = {}

    def know(self, payment: Payment) -> None:
        """Take in a payment that this transaction has locked already."""
        self._locked[payment.id] = payment

    async def insert(self, payment: Payment) -> bool:
        return (await self._connection.execute(_INSERT, _values(payment, _NAMES))).first() is not None

    async def lock_of_ride(self, ride_id: UUID) -> Payment | None:
        for payment in self._locked.values():
            if payment.ride_id == ride_id and payment.purpose is Purpose.RIDE:
                return payment
        row = (await self._connection.execute(_LOCK_OF_RIDE, {"of_ride": ride_id})).first()
        return None if row is None else self._locks(row)

    async def lock(self, payment_id: UUID) -> Payment:
        if payment_id in self._locked:
            return self._locked[payment_id]
        return self._locks((await self._connection.execute(_LOCK_ONE, {"of_payment": payment_id})).one())

    async def get_of_ride(self, ride_id: UUID) -> Payment | None:
        row = (await self._connection.execute(_SELECT.where(payments.c.ride_id == ride_id, _IS_RIDES_OWN))).first()
        return None if row is None else _payment(row)

    async def all_of_ride(self, ride_id: UUID) -> Sequence[Payment]:
        statement = _SELECT.where(payments.c.ride_id == ride_id).order_by(payments.c.created_at, payments.c.id)
        return [_payment(row) for row in await self._connection.execute(statement.limit(MAX_PAYMENTS_OF_RIDE))]

    async def tip_of_ride(self, ride_id: UUID) -> Payment | None:
        is_tip = (payments.c.purpose == Purpose.TIP) & (payments.c.status != PaymentStatus.DECLINED)
        row = (await self._connection.execute(_SELECT.where(payments.c.ride_id == ride_id, is_tip))).first()
        return None if row is None else _payment(row)

    async def charging(self, rider_id: UUID, purpose: Purpose, currency_code: str) -> Sequence[Payment]:
        statement = _SELECT.where(
            payments.c.rider_id == rider_id,
            payments.c.purpose == purpose,
            payments.c.currency_code == currency_code,
            payments.c.status == PaymentStatus.CHARGE_PENDING,
        ).order_by(payments.c.id)
        return [_payment(row) for row in await self._connection.execute(statement)]

    async def newest(self, rider_id: UUID | None, before: UUID | None, limit: int) -> Sequence[Payment]:
        # A tombstone is no payment to anybody but the saga.
        statement = _SELECT.where(payments.c.rider_id.is_not(None)).order_by(payments.c.id.desc()).limit(limit)
        if rider_id is not None:
            statement = statement.where(payments.c.rider_id == rider_id)
        if before is not None:
            statement = statement.where(payments.c.id < before)
        return [_payment(row) for row in await self._connection.execute(statement)]

    async def around(self, payment_or_ride_id: UUID, limit: int) -> Sequence[Payment]:
        of_ride = select(payments.c.ride_id).where(payments.c.id == payment_or_ride_id).scalar_subquery()
        is_one = (
            (payments.c.id == payment_or_ride_id)
            | (payments.c.ride_id == payment_or_ride_id)
            | (payments.c.ride_id == of_ride)
        )
        statement = _SELECT.where(is_one).order_by(payments.c.created_at, payments.c.id).limit(limit)
        return [_payment(row) for row in await self._connection.execute(statement)]

    async def find_for_psp(self, psp_payment_id: str, operation_id: UUID | None) -> Payment | None:
        of = {"psp_id": psp_payment_id, "of_operation": operation_id}
        row = (await self._connection.execute(_FIND_FOR_PSP, of)).first()
        return None if row is None else _payment(row)

    async def get(self, payment_id: UUID) -> Payment | None:
        row = (await self._connection.execute(_SELECT.where(payments.c.id == payment_id))).first()
        return None if row is None else _payment(row)

    async def held_past(self, now: datetime, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Payment]:
        due = _SELECT.where(payments.c.status == PaymentStatus.HELD, payments.c.capture_before <= now)
        if after is not None:
            due = due.where(tuple_(payments.c.capture_before, payments.c.id) > tuple_(*after))
        due = due.order_by(payments.c.capture_before, payments.c.id).limit(limit)
        return [_payment(row) for row in await self._connection.execute(due)]

    async def lock_top_ups(self, rider_id: UUID, currency_code: str, limit: int) -> Sequence[Payment]:
        which = (
            payments.c.rider_id == rider_id,
            payments.c.purpose == Purpose.TOP_UP,
            payments.c.currency_code == currency_code,
            payments.c.status == PaymentStatus.CAPTURED,
            payments.c.refunded_minor < payments.c.captured_minor,
        )
        newest = select(payments.c.id).where(*which).order_by(payments.c.id.desc()).limit(limit)
        ids = list((await self._connection.execute(newest)).scalars())
        # Locked in the order in which groups lock them; what changed before the lock was had is judged again.
        locked = await self._connection.execute(_LOCK.where(payments.c.id.in_(ids), *which))
        return [_payment(row) for row in reversed(locked.all())]

    async def save(self, payment: Payment) -> None:
        if payment.id in self._connection.waiting.payments:
            # Each version is written over the one before it.
            await self._connection.flush()
        self._connection.waiting.payments[payment.id] = payment
        if payment.id in self._locked:
            self._locked[payment.id] = payment

    def _locks(self, row: Row[Any]) -> Payment:
        payment = self._locked[row.id] = _payment(row)
        return payment

    async def any_open_with(self, payment_method_id: UUID) -> bool:
        open_ones = select(payments.c.id).where(
            payments.c.payment_method_id == payment_method_id, payments.c.status.not_in(OVER)
        )
        return bool((await self._connection.execute(select(open_ones.exists()))).scalar_one())


# In the order of ids everywhere, so that two groups cannot wait for each other.
_LOCK = _SELECT.order_by(payments.c.id).with_for_update(key_share=True)
_LOCK_OF_RIDES = _LOCK.where(is_any(payments.c.ride_id, "ride_ids"), _IS_RIDES_OWN)
_LOCK_WITH_IDS = _LOCK.where(is_any(payments.c.id, "payment_ids"))


async def lock_of_rides(connection: AsyncConnection, ride_ids: Sequence[UUID]) -> Sequence[Payment]:
    """Lock the rides' own payments and return them."""
    return [_payment(row) for row in await connection.execute(_LOCK_OF_RIDES, {"ride_ids": ride_ids})]


async def lock_with_ids(connection: AsyncConnection, payment_ids: Sequence[UUID]) -> Sequence[Payment]:
    """Lock payments and return them."""
    return [_payment(row) for row in await connection.execute(_LOCK_WITH_IDS, {"payment_ids": payment_ids})]


_SAVED = rows_like("saved", [payments.c[name] for name in ("id", "version", *_CHANGING)])
_SAVE = (
    update(payments)
    .where(payments.c.id == _SAVED.c.id, payments.c.version == _SAVED.c.version - 1)
    .values(
        version=_SAVED.c.version,
        **{name: _SAVED.c[name] for name in _CHANGING if name != "lines"},
        lines=cast(_SAVED.c.lines, JSONB),
    )
)


async def write_saved(connection: AsyncConnection, saved: Sequence[Payment]) -> None:
    """Write changed payments, each over the version before it."""
    names = ("id", "version", *_CHANGING)
    rows = [
        [
            lines_to_text(payment.lines) if name == "lines" and payment.lines is not None else getattr(payment, name)
            for name in names
        ]
        for payment in saved
    ]
    result = await connection.execute(_SAVE, array_values("saved", names, rows))
    if result.rowcount != len(saved):
        raise RuntimeError("a payment was changed by somebody who did not hold its lock")


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
