"""The audit of the ledger, and what waits in its queues, in Postgres: reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.comparisons import PostgresComparisons
from payment_service.adapters.psp_event_tables import psp_event as events
from payment_service.adapters.reconciliation_tables import reconciliation_item as items
from payment_service.adapters.tables import balance_delta as deltas
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import psp_operation as operations
from payment_service.domain.audit import DifferenceKind, LedgerDifference
from payment_service.domain.ledger import CLEARING_KINDS
from payment_service.domain.psp_event import PspEventState
from payment_service.domain.reconciliation import ItemStatus
from payment_service.use_cases.audit_repository import AccountsAudited, Health
from shared_kernel.money import Money

_ACCOUNTS = text(
    """
    SELECT page.id, page.kind, page.owner, page.currency_code, held.balance_minor, held.held_minor,
        coalesce((SELECT sum(amount_minor) FROM posting WHERE account_id = page.id), 0)::bigint AS posted_minor,
        CASE page.kind
            WHEN 'rider_wallet' THEN (
                SELECT sum(authorized_minor) FROM payment
                WHERE rider_id = page.rider_id AND currency_code = page.currency_code
                    AND funding = 'wallet' AND status = 'held'
            )
            WHEN 'rider_credit' THEN (
                SELECT sum(credit_held_minor) FROM payment
                WHERE rider_id = page.rider_id AND currency_code = page.currency_code
                    AND status IN ('hold_pending', 'held', 'increment_pending', 'capture_pending', 'void_pending',
                        'expired')
            )
            WHEN 'rider_receivable' THEN (
                SELECT sum(requested_minor) FROM payment
                WHERE rider_id = page.rider_id AND currency_code = page.currency_code
                    AND purpose IN ('excess', 'arrears') AND status = 'charge_pending'
            )
        END::bigint AS needed_minor
    FROM (
        SELECT *, CASE WHEN kind LIKE 'rider\\_%' THEN owner::uuid END AS rider_id FROM account
        WHERE id > :after ORDER BY id LIMIT :limit
    ) AS page
    JOIN account_balance AS held ON held.account_id = page.id
    ORDER BY page.id
    """
)
_NOT_BOOKED = text(
    """
    SELECT payment.id, payment.purpose, payment.currency_code, payment.captured_minor FROM payment
    WHERE captured_at >= :since AND captured_at < :until
        -- A driver may keep the whole of a cash ride: then nothing moves.
        AND (funding <> 'cash' OR credit_used_minor > 0 OR receivable_minor > 0)
        AND NOT EXISTS (
            SELECT FROM journal_entry
            WHERE kind IN ('capture', 'collection', 'tip', 'top_up') AND source_id = payment.id
        )
    LIMIT 100
    """
)
_NOT_CAPTURED = text(
    """
    SELECT journal_entry.id, journal_entry.kind, coalesce(payment.status, 'missing') AS status,
        (SELECT min(currency_code) FROM posting WHERE entry_id = journal_entry.id) AS currency_code
    FROM journal_entry LEFT JOIN payment ON payment.id = journal_entry.source_id
    WHERE journal_entry.created_at >= :since AND journal_entry.created_at < :until
        AND journal_entry.kind IN ('capture', 'collection', 'tip', 'top_up')
        AND payment.status IS DISTINCT FROM 'captured'
    LIMIT 100
    """
)
_COUNT = text("SELECT count(*) FROM journal_entry WHERE created_at >= :since AND created_at < :until")


class PostgresAudits:
    """See `audit_repository.Audits`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def accounts(self, after: int, limit: int) -> AccountsAudited:
        rows = (await self._connection.execute(_ACCOUNTS, {"after": after, "limit": limit})).all()
        found: list[LedgerDifference] = []
        for row in rows:
            name = f"{row.kind}:{row.owner}" if row.owner else str(row.kind)
            pairs = [(DifferenceKind.BALANCE, row.balance_minor, row.posted_minor)]
            # Of other kinds nothing is ever set aside.
            pairs.append((DifferenceKind.HELD, row.held_minor, row.needed_minor or 0))
            for kind, kept_minor, expected_minor in pairs:
                if kept_minor != expected_minor:
                    kept, expected = Money(row.currency_code, kept_minor), Money(row.currency_code, expected_minor)
                    detail = f"{kind} of {name} is kept as {kept}, and should be {expected}"
                    found.append(LedgerDifference(kind, f"{name} {row.currency_code}", kept, expected, detail))
        return AccountsAudited(len(rows), rows[-1].id if rows else 0, tuple(found))

    async def oldest_entry_at(self) -> datetime | None:
        # Ids are in the order of time, and the key is at hand; the time itself has no tree.
        statement = select(entries.c.created_at).order_by(entries.c.id).limit(1)
        return (await self._connection.execute(statement)).scalar_one_or_none()

    async def entries(self, since: datetime, until: datetime) -> tuple[int, Sequence[LedgerDifference]]:
        window = {"since": since, "until": until}
        found: list[LedgerDifference] = []
        for row in await self._connection.execute(_NOT_BOOKED, window):
            kept, expected = Money(row.currency_code, 0), Money(row.currency_code, row.captured_minor)
            detail = f"payment {row.id} ({row.purpose}) is captured, and nothing was booked for it"
            found.append(LedgerDifference(DifferenceKind.ENTRY, str(row.id), kept, expected, detail))
        for row in await self._connection.execute(_NOT_CAPTURED, window):
            zero = Money.zero(row.currency_code)
            detail = f"entry {row.id} ({row.kind}) is of a payment that is {row.status}"
            found.append(LedgerDifference(DifferenceKind.ENTRY, str(row.id), zero, zero, detail))
        count = (await self._connection.execute(_COUNT, window)).scalar_one()
        return count, found

    async def health(self, before: datetime) -> Health:
        unknown = select(func.count().label("number"), func.min(operations.c.created_at).label("oldest")).where(
            operations.c.state == "unknown"
        )
        row = (await self._connection.execute(unknown)).one()
        by_kind = (
            select(items.c.kind, func.count().label("number"))
            .where(items.c.status != ItemStatus.CLOSED)
            .group_by(items.c.kind)
        )
        opened = {one.kind: one.number for one in await self._connection.execute(by_kind)}
        queued = (await self._connection.execute(select(func.count()).select_from(deltas))).scalar_one()
        parked = select(func.count()).where(events.c.state == PspEventState.PARKED)
        parked_count = (await self._connection.execute(parked)).scalar_one()
        clearing = await PostgresComparisons(self._connection).aged(CLEARING_KINDS, before)
        return Health(row.number, row.oldest, opened, queued, parked_count, tuple(clearing))
