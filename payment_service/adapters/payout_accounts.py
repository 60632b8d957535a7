"""Drivers' bank accounts in Postgres, and how far scheduled payouts have come through them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.payout_tables import driver as drivers
from payment_service.adapters.payout_tables import payout_account as accounts
from payment_service.adapters.payout_tables import payout_run as runs
from payment_service.domain.payout_account import PayoutAccount
from payment_service.use_cases.payout_repository import PayoutRun

_BEFORE_ALL = UUID(int=0)


class PostgresPayoutAccounts:
    """See `payout_repository.PayoutAccounts`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def know_driver(self, driver_id: UUID) -> None:
        await self._connection.execute(insert(drivers).values(id=driver_id).on_conflict_do_nothing())

    async def psp_account_of(self, driver_id: UUID) -> str | None:
        return await self._connection.scalar(select(drivers.c.psp_account_id).where(drivers.c.id == driver_id))

    async def name_psp_account(self, driver_id: UUID, psp_account_id: str) -> str:
        statement = (
            update(drivers)
            .where(drivers.c.id == driver_id)
            .values(psp_account_id=func.coalesce(drivers.c.psp_account_id, psp_account_id))
            .returning(drivers.c.psp_account_id)
        )
        return str((await self._connection.execute(statement)).scalar_one())

    async def save(self, account: PayoutAccount) -> None:
        statement = insert(accounts).values(asdict(account))
        changed = {
            name: statement.excluded[name] for name in asdict(account) if name not in ("driver_id", "currency_code")
        }
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[accounts.c.driver_id, accounts.c.currency_code],
                set_=changed,
                where=accounts.c.operation_id < statement.excluded.operation_id,
            )
        )

    async def get(self, driver_id: UUID, currency_code: str) -> PayoutAccount | None:
        return await self._one((accounts.c.driver_id == driver_id) & (accounts.c.currency_code == currency_code))

    async def set_by(self, operation_id: UUID) -> PayoutAccount | None:
        return await self._one(accounts.c.operation_id == operation_id)

    async def next_after(self, driver_id: UUID, currency_code: str) -> PayoutAccount | None:
        key = tuple_(accounts.c.driver_id, accounts.c.currency_code)
        return await self._one(key > tuple_(driver_id, currency_code))

    async def _one(self, which: ColumnElement[bool]) -> PayoutAccount | None:
        statement = select(accounts).where(which).order_by(accounts.c.driver_id, accounts.c.currency_code).limit(1)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _account(row)


class PostgresPayoutRuns:
    """See `payout_repository.PayoutRuns`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, period_at: datetime, now: datetime) -> PayoutRun | None:
        fresh = insert(runs).values(period_at=period_at, after_driver_id=_BEFORE_ALL, after_currency_code="")
        if (await self._connection.execute(fresh.on_conflict_do_nothing().returning(runs.c.period_at))).first():
            left_over = (runs.c.period_at < period_at) & runs.c.finished_at.is_(None)
            await self._connection.execute(update(runs).where(left_over).values(finished_at=now))
        statement = (
            select(runs)
            .where(runs.c.period_at == period_at, runs.c.finished_at.is_(None))
            .with_for_update(skip_locked=True, key_share=True)
        )
        row = (await self._connection.execute(statement)).first()
        return None if row is None else PayoutRun(row.period_at, row.after_driver_id, row.after_currency_code)

    async def move(self, run: PayoutRun, finished_at: datetime | None) -> None:
        statement = update(runs).where(runs.c.period_at == run.period_at)
        await self._connection.execute(
            statement.values(
                after_driver_id=run.after_driver_id,
                after_currency_code=run.after_currency_code,
                finished_at=finished_at,
            )
        )


def _account(row: Row[Any]) -> PayoutAccount:
    return PayoutAccount(**row._mapping)  # pyright: ignore[reportPrivateUsage]: SQLAlchemy's documented name
