"""How drivers stand, in Postgres: their balances beside what was told of them last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, and_, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import array_values, rows_like
from payment_service.adapters.payout_tables import driver as drivers
from payment_service.adapters.payout_tables import driver_standing as standings
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import balance as balances
from payment_service.domain.ledger import AccountKind
from payment_service.domain.standing import Standing
from shared_kernel.money import Money

_OWED_MINOR = balances.c.credits_minor - balances.c.debits_minor
_OWED = _OWED_MINOR.label("owed_minor")
_IS_OF_DRIVER = accounts.c.kind == AccountKind.DRIVER.value
_DIFFERING = (
    select(accounts.c.owner, accounts.c.currency_code, _OWED)
    .join(balances, balances.c.account_id == accounts.c.id)
    .join(
        standings,
        and_(
            standings.c.driver_id == cast(accounts.c.owner, Uuid),
            standings.c.currency_code == accounts.c.currency_code,
        ),
        isouter=True,
    )
    .where(
        _IS_OF_DRIVER,
        # Who was never told of may take cash rides.
        (bindparam("floor_minor", type_=BigInteger) <= _OWED_MINOR).is_distinct_from(
            func.coalesce(standings.c.cash_allowed, True)
        ),
    )
)
_TOUCHED = rows_like("touched", [accounts.c.owner, accounts.c.currency_code])
_CHANGED = _DIFFERING.join(
    _TOUCHED,
    and_(_TOUCHED.c.owner == accounts.c.owner, _TOUCHED.c.currency_code == accounts.c.currency_code),
).order_by(accounts.c.id)


class PostgresStandings:
    """See `driver_repository.Standings`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, driver_id: UUID, currency_code: str, floor_minor: int) -> Standing:
        statement = (
            select(_OWED)
            .join(accounts, accounts.c.id == balances.c.account_id)
            .where(
                _IS_OF_DRIVER,
                accounts.c.owner == str(driver_id),
                accounts.c.currency_code == currency_code,
            )
        )
        owed_minor = await self._connection.scalar(statement)
        return Standing(driver_id, Money(currency_code, owed_minor or 0), Money(currency_code, floor_minor))

    async def changed(self, drivers: Collection[tuple[UUID, str]], floor_minor: int) -> Sequence[Standing]:
        rows = [(str(driver_id), currency_code) for driver_id, currency_code in drivers]
        values = array_values("touched", ("owner", "currency_code"), rows)
        found = await self._connection.execute(_CHANGED, {**values, "floor_minor": floor_minor})
        return [_standing(row, floor_minor) for row in found]

    async def outdated(self, floor_minor: int) -> tuple[UUID, str] | None:
        row = (await self._connection.execute(_DIFFERING.limit(1), {"floor_minor": floor_minor})).first()
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


def _standing(row: Any, floor_minor: int) -> Standing:
    code = row.currency_code
    return Standing(UUID(row.owner), Money(code, row.owed_minor), Money(code, floor_minor))
