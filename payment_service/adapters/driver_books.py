"""A driver's account in Postgres: statements of it, and payments at a desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.driver_tables import driver_payment as driver_payments
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import posting as postings
from payment_service.domain.charge import ChargeLineKind
from payment_service.domain.earnings_statement import StatementFacts, StatementLine
from payment_service.domain.ledger import AccountKind, EntryKind
from payment_service.domain.payment import Funding, Purpose
from payment_service.use_cases.driver_repository import DriverPayment
from shared_kernel.money import Money


class PostgresDriverBooks:
    """See `driver_repository.DriverBooks`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record_payment(self, payment: DriverPayment) -> None:
        await self._connection.execute(
            insert(driver_payments).values(
                id=payment.id,
                driver_id=payment.driver_id,
                currency_code=payment.amount.currency_code,
                amount_minor=payment.amount.amount_minor,
                reference=payment.reference,
                recorded_by=payment.recorded_by,
                created_at=payment.created_at,
            )
        )

    async def facts(
        self, driver_id: UUID, currency_code: str, start: datetime, end: datetime
    ) -> tuple[StatementFacts, int]:
        within = entries.c.created_at >= start
        by_entry = (
            select(
                entries.c.kind,
                func.coalesce(func.sum(-postings.c.amount_minor).filter(~within), 0).label("before_minor"),
                func.coalesce(func.sum(-postings.c.amount_minor).filter(within), 0).label("within_minor"),
            )
            .join(postings, postings.c.entry_id == entries.c.id)
            .join(accounts, accounts.c.id == postings.c.account_id)
            .where(_account_of(driver_id, currency_code), entries.c.created_at < end)
            .group_by(entries.c.kind)
        )
        rows = (await self._connection.execute(by_entry)).all()
        opening_minor = sum(int(row.before_minor) for row in rows)
        within_minor = {EntryKind(row.kind): int(row.within_minor) for row in rows}
        theirs = [
            payments.c.driver_id == driver_id,
            payments.c.captured_at >= start,
            payments.c.captured_at < end,
            payments.c.purpose == Purpose.RIDE,
            payments.c.currency_code == currency_code,
        ]
        line = func.jsonb_array_elements(payments.c.lines).table_valued(column("value", JSONB)).lateral("line")
        of_line = line.c.value["kind"].astext
        minor = line.c.value["amount"]["amount_minor"].astext.cast(BigInteger)
        by_line = select(of_line.label("kind"), func.sum(minor).label("minor"))
        by_line = by_line.select_from(payments.join(line, true())).where(*theirs).group_by(of_line)
        lines = {ChargeLineKind(row.kind): int(row.minor) for row in await self._connection.execute(by_line)}
        cash = select(func.coalesce(func.sum(payments.c.captured_minor), 0)).where(
            *theirs, payments.c.funding == Funding.CASH
        )
        cash_minor = int((await self._connection.execute(cash)).scalar_one())
        closing_minor = opening_minor + sum(within_minor.values())
        return StatementFacts(opening_minor, within_minor, lines, cash_minor), closing_minor

    async def lines(
        self, driver_id: UUID, currency_code: str, start: datetime, end: datetime, before: UUID | None, limit: int
    ) -> Sequence[StatementLine]:
        # Entries' ids are made in the order of time (UUIDv7), so the index on postings gives the latest first.
        statement = (
            select(
                entries.c.id,
                payments.c.ride_id,
                entries.c.kind,
                (-postings.c.amount_minor).label("earned_minor"),
                entries.c.created_at,
            )
            .join(accounts, accounts.c.id == postings.c.account_id)
            .join(entries, entries.c.id == postings.c.entry_id)
            .join(payments, payments.c.id == entries.c.payment_id, isouter=True)
            .where(_account_of(driver_id, currency_code), entries.c.created_at >= start, entries.c.created_at < end)
            .order_by(postings.c.entry_id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(postings.c.entry_id < before)
        return [
            StatementLine(row.id, row.ride_id, row.kind, Money(currency_code, row.earned_minor), row.created_at)
            for row in await self._connection.execute(statement)
        ]


def _account_of(driver_id: UUID, currency_code: str) -> ColumnElement[bool]:
    return (
        (accounts.c.kind == AccountKind.DRIVER)
        & (accounts.c.owner == str(driver_id))
        & (accounts.c.currency_code == currency_code)
    )
