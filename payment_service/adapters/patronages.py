"""Surplus given back to drivers, in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.driver_tables import driver_terms as terms
from payment_service.adapters.driver_tables import patronage as patronages
from payment_service.adapters.driver_tables import patronage_share as shares
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import posting as postings
from payment_service.domain.driver_terms import Model
from payment_service.domain.ledger import AccountKind
from payment_service.domain.patronage import Patronage, PatronageRecord, PatronageShare
from payment_service.domain.payment import Purpose
from shared_kernel.errors import NotFound
from shared_kernel.money import Money

_SHARES_A_STATEMENT = 1000
_SERIALIZE = text("SELECT pg_advisory_xact_lock(hashtext('patronage'), hashtext(:code))")


class PostgresPatronages:
    """See `driver_repository.Patronages`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def commissions(self, period_from: datetime, period_to: datetime, currency_code: str) -> Mapping[UUID, int]:
        # By the terms at the time of the ride's charge; a refund takes away from the period in which it was made. The
        # ride's own payment tells both: a refund may be of what was charged beside it, which names no driver.
        own = payments.alias("own")
        model_then = (
            select(terms.c.model)
            .where(terms.c.driver_id == own.c.driver_id, terms.c.effective_from <= own.c.captured_at)
            .order_by(terms.c.effective_from.desc())
            .limit(1)
            .correlate(own)
            .scalar_subquery()
        )
        statement = (
            select(own.c.driver_id, func.sum(-postings.c.amount_minor).label("commission_minor"))
            .join(payments, payments.c.ride_id == own.c.ride_id)
            .join(entries, entries.c.payment_id == payments.c.id)
            .join(postings, postings.c.entry_id == entries.c.id)
            .join(accounts, accounts.c.id == postings.c.account_id)
            .where(
                entries.c.created_at >= period_from,
                entries.c.created_at < period_to,
                accounts.c.kind == AccountKind.COMMISSION,
                accounts.c.currency_code == currency_code,
                own.c.purpose == Purpose.RIDE,
                own.c.driver_id.is_not(None),
                model_then == Model.PATRONAGE,
            )
            .group_by(own.c.driver_id)
        )
        return {row.driver_id: int(row.commission_minor) for row in await self._connection.execute(statement)}

    async def declare(self, patronage: Patronage, parts: Sequence[PatronageShare]) -> bool:
        code = patronage.amount.currency_code
        await self._connection.execute(_SERIALIZE, {"code": code})
        overlaps = exists().where(
            patronages.c.currency_code == code,
            patronages.c.period_from < patronage.period_to,
            patronages.c.period_to > patronage.period_from,
        )
        if await self._connection.scalar(select(overlaps)):
            return False
        await self._connection.execute(
            insert(patronages).values(
                id=patronage.id,
                period_from=patronage.period_from,
                period_to=patronage.period_to,
                currency_code=code,
                amount_minor=patronage.amount.amount_minor,
                commission_minor=patronage.commission.amount_minor,
                declared_by=patronage.declared_by,
                created_at=patronage.created_at,
            )
        )
        for first in range(0, len(parts), _SHARES_A_STATEMENT):
            rows = [
                {
                    "patronage_id": share.patronage_id,
                    "driver_id": share.driver_id,
                    "commission_minor": share.commission.amount_minor,
                    "amount_minor": share.amount.amount_minor,
                }
                for share in parts[first : first + _SHARES_A_STATEMENT]
            ]
            await self._connection.execute(insert(shares).values(rows))
        return True

    async def get(self, patronage_id: UUID) -> PatronageRecord:
        row = (await self._connection.execute(_records(None).where(patronages.c.id == patronage_id))).first()
        if row is None:
            raise NotFound("patronage_not_found", "there is no such declaration")
        return _record(row)

    async def page(self, driver_id: UUID | None, before: UUID | None, limit: int) -> Sequence[PatronageRecord]:
        statement = _records(driver_id).order_by(patronages.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(patronages.c.id < before)
        return [_record(row) for row in await self._connection.execute(statement)]

    async def take_unposted(self) -> PatronageShare | None:
        statement = (
            select(shares, patronages.c.currency_code)
            .join(patronages, patronages.c.id == shares.c.patronage_id)
            .where(shares.c.posted_at.is_(None))
            .order_by(shares.c.patronage_id, shares.c.driver_id)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True, of=shares)
        )
        row = (await self._connection.execute(statement)).first()
        if row is None:
            return None
        code = row.currency_code
        return PatronageShare(
            row.patronage_id, row.driver_id, Money(code, row.commission_minor), Money(code, row.amount_minor)
        )

    async def posted(self, share: PatronageShare, at: datetime) -> None:
        which = (shares.c.patronage_id == share.patronage_id) & (shares.c.driver_id == share.driver_id)
        await self._connection.execute(update(shares).where(which).values(posted_at=at))


def _records(driver_id: UUID | None) -> Any:
    of_it = shares.c.patronage_id == patronages.c.id
    members = select(func.count()).select_from(shares).where(of_it).correlate(patronages).scalar_subquery()
    posted = (
        select(func.count(shares.c.posted_at)).select_from(shares).where(of_it).correlate(patronages).scalar_subquery()
    )
    statement = select(patronages, members.label("member_count"), posted.label("posted_count"))
    if driver_id is None:
        return statement
    theirs = shares.alias("theirs")
    return statement.add_columns(theirs.c.amount_minor.label("share_minor")).join(
        theirs, (theirs.c.patronage_id == patronages.c.id) & (theirs.c.driver_id == driver_id)
    )


def _record(row: Row[Any]) -> PatronageRecord:
    code = row.currency_code
    patronage = Patronage(
        id=row.id,
        period_from=row.period_from,
        period_to=row.period_to,
        amount=Money(code, row.amount_minor),
        commission=Money(code, row.commission_minor),
        declared_by=row.declared_by,
        created_at=row.created_at,
    )
    share_minor = getattr(row, "share_minor", None)
    share = None if share_minor is None else Money(code, share_minor)
    return PatronageRecord(patronage, row.member_count, row.posted_count, share)
