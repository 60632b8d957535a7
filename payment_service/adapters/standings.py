"""How drivers stand, in Postgres: their balances beside what was told of them last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, and_, cast, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.payout_tables import driver as drivers
from payment_service.adapters.payout_tables import driver_standing as standings
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import balance as balances
from payment_service.domain.ledger import AccountKind
from payment_service.domain.standing import Standing
from shared_kernel.money import Money

_OWED = (balances.c.credits_minor - balances.c.debits_minor).label("owed_minor")


class PostgresStandings:
    """See `driver_repository.Standings`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, driver_id: UUID, currency_code: str, floor_minor: int) -> Standing:
        statement = (
            select(_OWED)
            .join(accounts, accounts.c.id == balances.c.account_id)
            .where(_is_one_of([(driver_id, currency_code)]))
        )
        owed_minor = await self._connection.scalar(statement)
        return Standing(driver_id, Money(currency_code, owed_minor or 0), Money(currency_code, floor_minor))

    async def changed(self, drivers: Collection[tuple[UUID, str]], floor_minor: int) -> Sequence[Standing]:
        statement = _differing(floor_minor).where(_is_one_of(drivers)).order_by(accounts.c.id)
        return [_standing(row, floor_minor) for row in await self._connection.execute(statement)]

    async def outdated(self, floor_minor: int) -> tuple[UUID, str] | None:
        statement = _differing(floor_minor).where(accounts.c.kind == AccountKind.DRIVER).limit(1)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else (UUID(row.owner), row.currency_code)

    async def record(self, standing: Standing, now: datetime) -> int:
        fresh = insert(drivers).values(id=standing.driver_id).on_conflict_do_nothing()
        await self._connection.execute(fresh)
        statement = insert(standings).values(
            driver_id=standing.driver_id,
            currency_code=standing.balance.currency_code,
            cash_allowed=standing.cash_allowed,
            balance_minor=standing.balance.amount_minor,
            floor_minor=standing.cash_floor.amount_minor,
            changed_at=now,
        )
        changing = ("cash_allowed", "balance_minor", "floor_minor", "changed_at")
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[standings.c.driver_id, standings.c.currency_code],
                set_={name: statement.excluded[name] for name in changing},
            )
        )
        version = (
            update(drivers)
            .where(drivers.c.id == standing.driver_id)
            .values(standing_version=drivers.c.standing_version + 1)
            .returning(drivers.c.standing_version)
        )
        return (await self._connection.execute(version)).scalar_one()


def _differing(floor_minor: int) -> Any:
    told = and_(
        standings.c.driver_id == cast(accounts.c.owner, Uuid), standings.c.currency_code == accounts.c.currency_code
    )
    allowed = floor_minor <= (balances.c.credits_minor - balances.c.debits_minor)
    return (
        select(accounts.c.owner, accounts.c.currency_code, _OWED)
        .join(balances, balances.c.account_id == accounts.c.id)
        .join(standings, told, isouter=True)
        # Who was never told of may take cash rides.
        .where(allowed.is_distinct_from(func.coalesce(standings.c.cash_allowed, True)))
    )


def _is_one_of(drivers: Collection[tuple[UUID, str]]) -> ColumnElement[bool]:
    names = [(AccountKind.DRIVER.value, str(driver_id), currency_code) for driver_id, currency_code in drivers]
    return tuple_(accounts.c.kind, accounts.c.owner, accounts.c.currency_code).in_(names)


def _standing(row: Row[Any], floor_minor: int) -> Standing:
    code = row.currency_code
    return Standing(UUID(row.owner), Money(code, row.owed_minor), Money(code, floor_minor))
