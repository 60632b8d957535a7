"""Statements, payments and stories in Postgres: reads only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from payment_service.adapters.payments import PostgresPayments
from payment_service.adapters.report import PostgresReport
from payment_service.adapters.story import PostgresStory
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.payment import Payment, Purpose
from payment_service.domain.statement import StatementEntry, StatementPage, StatementPlace, StatementQuery
from shared_kernel.errors import NotFound
from shared_kernel.money import Money

_ACCOUNT = text(
    """
    SELECT account_id, side, side * balance_minor AS held_minor FROM account_balance
    WHERE kind = :kind AND owner = :owner AND currency_code = :currency_code
    """
)
_SUMS = text(
    """
    SELECT coalesce(sum(amount_minor), 0)::bigint AS since_minor,
        coalesce(sum(amount_minor) FILTER (WHERE entry.created_at < :until), 0)::bigint AS period_minor,
        coalesce(sum(amount_minor) FILTER (
            WHERE entry.created_at < :until AND (entry.created_at, entry.id) <= (:after_at, :after_id)
        ), 0)::bigint AS before_minor
    FROM posting JOIN journal_entry AS entry ON entry.id = posting.entry_id
    WHERE posting.account_id = :account_id AND entry.created_at >= :since
    """
)
_PAGE = text(
    """
    SELECT moved.*, payment.ride_id, payment.purpose FROM (
        SELECT entry.id, entry.kind, entry.payment_id, entry.created_at, sum(amount_minor)::bigint AS amount_minor
        FROM posting JOIN journal_entry AS entry ON entry.id = posting.entry_id
        WHERE posting.account_id = :account_id AND entry.created_at >= :since AND entry.created_at < :until
            AND (entry.created_at, entry.id) > (:after_at, :after_id)
        GROUP BY entry.id ORDER BY entry.created_at, entry.id LIMIT :limit
    ) AS moved LEFT JOIN payment ON payment.id = moved.payment_id
    ORDER BY moved.created_at, moved.id
    """
)
_NOWHERE = UUID(int=0)


class PostgresBooks(PostgresReport, PostgresStory):
    """See `books_repository.Books`."""

    def __init__(self, connection: WriteBehind) -> None:
        PostgresReport.__init__(self, connection)
        PostgresStory.__init__(self, connection)
        self._connection = connection
        self._payments = PostgresPayments(connection)

    async def statement(self, query: StatementQuery, after: StatementPlace | None, limit: int) -> StatementPage:
        code, named = query.currency_code, query.account
        name = {"kind": named.kind.value, "owner": named.owner, "currency_code": code}
        account = (await self._connection.execute(_ACCOUNT, name)).first()
        if account is None:
            raise NotFound("account_not_found", "nothing ever moved on such an account")
        place = {
            "account_id": account.account_id,
            "since": query.since,
            "until": query.until,
            # Strictly before everything in the period where nothing was read yet.
            "after_at": query.since if after is None else after.created_at,
            "after_id": _NOWHERE if after is None else after.entry_id,
        }
        sums = (await self._connection.execute(_SUMS, place)).one()
        rows = (await self._connection.execute(_PAGE, place | {"limit": limit + 1})).all()
        opening_minor = account.held_minor - account.side * sums.since_minor
        balance_minor = opening_minor + account.side * sums.before_minor
        entries: list[StatementEntry] = []
        for row in rows[:limit]:
            amount_minor = account.side * row.amount_minor
            balance_minor += amount_minor
            entries.append(
                StatementEntry(
                    entry_id=row.id,
                    kind=row.kind,
                    ride_id=row.ride_id,
                    payment_id=row.payment_id,
                    purpose=None if row.purpose is None else Purpose(row.purpose),
                    amount=Money(code, amount_minor),
                    balance=Money(code, balance_minor),
                    created_at=row.created_at,
                )
            )
        more = len(rows) > limit
        return StatementPage(
            opening=Money(code, opening_minor),
            closing=Money(code, opening_minor + account.side * sums.period_minor),
            entries=tuple(entries),
            next_place=StatementPlace(entries[-1].created_at, entries[-1].entry_id) if more else None,
        )

    async def payments(self, rider_id: UUID | None, before: UUID | None, limit: int) -> Sequence[Payment]:
        return await self._payments.newest(rider_id, before, limit)

    async def payments_around(self, payment_or_ride_id: UUID, limit: int) -> Sequence[Payment]:
        return await self._payments.around(payment_or_ride_id, limit)
