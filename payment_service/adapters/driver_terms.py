"""Agreements with drivers in Postgres, and the fees that are due by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import is_any
from payment_service.adapters.driver_tables import driver_terms as terms_table
from payment_service.adapters.driver_tables import subscription as subscriptions
from payment_service.adapters.payout_tables import driver as drivers
from payment_service.domain.driver_terms import DriverTerms, Model
from shared_kernel.money import Money

MAX_UPCOMING = 20


class PostgresTerms:
    """See `driver_repository.Terms`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[UUID, DriverTerms | None] = {}

    def know(self, driver_id: UUID, terms: DriverTerms | None) -> None:
        """Take in the terms in force that this transaction has read already, or that there are none."""
        self._known[driver_id] = terms

    async def lock_driver(self, driver_id: UUID) -> None:
        await self._connection.execute(insert(drivers).values(id=driver_id).on_conflict_do_nothing())
        lock = select(drivers.c.id).where(drivers.c.id == driver_id).with_for_update(key_share=True)
        await self._connection.execute(lock)

    async def add(self, terms: DriverTerms) -> bool:
        statement = insert(terms_table).values(
            id=terms.id,
            driver_id=terms.driver_id,
            model=terms.model,
            effective_from=terms.effective_from,
            currency_code=None if terms.fee is None else terms.fee.currency_code,
            fee_minor=None if terms.fee is None else terms.fee.amount_minor,
            period_days=terms.period_days,
            set_by=terms.set_by,
            created_at=terms.created_at,
        )
        statement = statement.on_conflict_do_nothing(index_elements=["driver_id", "effective_from"])
        return (await self._connection.execute(statement.returning(terms_table.c.id))).first() is not None

    async def get(self, terms_id: UUID) -> DriverTerms:
        return _terms((await self._connection.execute(select(terms_table).where(terms_table.c.id == terms_id))).one())

    async def in_force(self, driver_id: UUID, at: datetime) -> DriverTerms | None:
        if driver_id in self._known:
            return self._known[driver_id]
        statement = (
            select(terms_table)
            .where(terms_table.c.driver_id == driver_id, terms_table.c.effective_from <= at)
            .order_by(terms_table.c.effective_from.desc())
            .limit(1)
        )
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _terms(row)

    async def upcoming(self, driver_id: UUID, after: datetime) -> Sequence[DriverTerms]:
        statement = (
            select(terms_table)
            .where(terms_table.c.driver_id == driver_id, terms_table.c.effective_from > after)
            .order_by(terms_table.c.effective_from)
            .limit(MAX_UPCOMING)
        )
        return [_terms(row) for row in await self._connection.execute(statement)]

    async def due_fee(self, now: datetime) -> tuple[DriverTerms, datetime] | None:
        statement = (
            select(terms_table, subscriptions.c.next_fee_at)
            .join(subscriptions, subscriptions.c.terms_id == terms_table.c.id)
            .where(subscriptions.c.next_fee_at <= now)
            .order_by(subscriptions.c.next_fee_at)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True, of=subscriptions)
        )
        row = (await self._connection.execute(statement)).first()
        return None if row is None else (_terms(row), row.next_fee_at)

    async def next_fee(self, terms_id: UUID, period_at: datetime | None) -> None:
        statement = insert(subscriptions).values(terms_id=terms_id, next_fee_at=period_at)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[subscriptions.c.terms_id], set_={"next_fee_at": statement.excluded.next_fee_at}
            )
        )


_IN_FORCE = (
    select(terms_table)
    .ext(distinct_on(terms_table.c.driver_id))
    .where(is_any(terms_table.c.driver_id, "driver_ids"), terms_table.c.effective_from <= bindparam("at"))
    .order_by(terms_table.c.driver_id, terms_table.c.effective_from.desc())
)


async def read_in_force(connection: AsyncConnection, driver_ids: Sequence[UUID], at: datetime) -> Sequence[DriverTerms]:
    """Return the terms of each driver at a time, where there are any."""
    return [_terms(row) for row in await connection.execute(_IN_FORCE, {"driver_ids": list(driver_ids), "at": at})]


def _terms(row: Row[Any]) -> DriverTerms:
    return DriverTerms(
        id=row.id,
        driver_id=row.driver_id,
        model=Model(row.model),
        effective_from=row.effective_from,
        fee=None if row.fee_minor is None else Money(row.currency_code, row.fee_minor),
        period_days=row.period_days,
        set_by=row.set_by,
        created_at=row.created_at,
    )
