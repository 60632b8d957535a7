"""Addresses that are not written to, in Postgres, and what operators lifted of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from notification_service.adapters.people_tables import lifted_suppressions, suppressions
from notification_service.domain.channels import Channel
from notification_service.domain.suppression import LiftedSuppression, Suppression
from notification_service.use_cases.suppression_ports import SuppressionPlace
from shared_kernel.errors import Conflict


class PostgresSuppressions:
    """The Suppressions of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, account_id: UUID | None, limit: int, before: SuppressionPlace | None) -> Sequence[Suppression]:
        """Read what is suppressed, the latest first."""
        statement = _page(select(suppressions), suppressions.c.suppressed_at, account_id, limit, before)
        async with self._database.connect() as connection:
            return [_suppression(row) for row in await connection.execute(statement)]

    async def lifted(
        self, account_id: UUID | None, limit: int, before: SuppressionPlace | None
    ) -> Sequence[LiftedSuppression]:
        """Read what was lifted, the latest first."""
        statement = _page(select(lifted_suppressions), lifted_suppressions.c.lifted_at, account_id, limit, before)
        async with self._database.connect() as connection:
            return [_lifted(row) for row in await connection.execute(statement)]

    async def lift(
        self, request_id: str, operator_id: UUID, account_id: UUID, channel: Channel, reason: str, now: datetime
    ) -> LiftedSuppression | None:
        """Lift a suppression and keep who did it, once a request; None where there is none."""
        row = suppressions.c
        theirs = (row.account_id == account_id, row.channel == channel.value)
        async with self._database.transaction() as connection:
            done = await _done(connection, request_id, operator_id)
            if done is None:
                # Of several at once the first deletes the row; the others wait for it, and look what it did.
                found = (await connection.execute(delete(suppressions).where(*theirs).returning(suppressions))).first()
                if found is not None:
                    lifted = LiftedSuppression(_suppression(found), now, operator_id, reason)
                    await _keep(connection, request_id, lifted)
                    return lifted
                done = await _done(connection, request_id, operator_id)
        if done is not None and _fields(done) != (account_id, channel, reason):
            raise _reused()
        return done


def _page(
    statement: Select[Any], at: ColumnElement[datetime], account_id: UUID | None, limit: int, before: Any
) -> Select[Any]:
    columns = statement.selected_columns
    place = tuple_(at, columns["account_id"], columns["channel"])
    if account_id is not None:
        statement = statement.where(columns["account_id"] == account_id)
    if before is not None:
        statement = statement.where(place < tuple_(before.at, before.account_id, before.channel.value))
    return statement.order_by(at.desc(), columns["account_id"].desc(), columns["channel"].desc()).limit(limit)


async def _done(connection: AsyncConnection, request_id: str, operator_id: UUID) -> LiftedSuppression | None:
    key = lifted_suppressions.c
    mine = select(lifted_suppressions).where(key.operator_id == operator_id, key.request_id == request_id)
    row = (await connection.execute(mine)).first()
    return None if row is None else _lifted(row)


async def _keep(connection: AsyncConnection, request_id: str, lifted: LiftedSuppression) -> None:
    was = lifted.suppression
    row = {
        "operator_id": lifted.operator_id,
        "request_id": request_id,
        "account_id": was.account_id,
        "channel": was.channel.value,
        "reason": was.reason,
        "provider": was.provider,
        "suppressed_at": was.suppressed_at,
        "lifted_at": lifted.lifted_at,
        "lifted_because": lifted.reason,
    }
    statement = insert(lifted_suppressions).values(row).on_conflict_do_nothing()
    if (await connection.execute(statement)).rowcount == 0:
        # The same key for another address, at the same moment: nothing of this one is done.
        raise _reused()


def _fields(lifted: LiftedSuppression) -> tuple[UUID, Channel, str]:
    return lifted.suppression.account_id, lifted.suppression.channel, lifted.reason


def _reused() -> Conflict:
    return Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")


def _suppression(row: Any) -> Suppression:
    return Suppression(row.account_id, Channel(row.channel), row.reason, row.provider, row.suppressed_at)


def _lifted(row: Any) -> LiftedSuppression:
    return LiftedSuppression(_suppression(row), row.lifted_at, row.operator_id, row.lifted_because)
