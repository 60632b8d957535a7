"""The sums of the reconciliation report in Postgres: reads only. Days are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.domain.ledger import CLEARING_KINDS, EntryKind
from payment_service.domain.report import ClearingAge, ClearingDay, CollectedDay, ListedSum

_COLLECTED = text(
    """
    SELECT (captured_at AT TIME ZONE 'UTC')::date AS day, currency_code, count(*) AS ride_count,
        coalesce(sum(captured_minor) FILTER (WHERE funding = 'card'), 0)::bigint AS card_minor,
        coalesce(sum(captured_minor) FILTER (WHERE funding = 'wallet'), 0)::bigint AS wallet_minor,
        coalesce(sum(captured_minor) FILTER (WHERE funding = 'cash'), 0)::bigint AS cash_minor,
        sum(credit_used_minor)::bigint AS credit_minor, sum(receivable_minor)::bigint AS on_account_minor
    FROM payment WHERE purpose = 'ride' AND captured_at >= :since AND captured_at < :until
    GROUP BY 1, 2 ORDER BY 2, 1
    """
)
_NOW = text("SELECT currency_code, balance_minor FROM account_balance WHERE kind = 'psp_receivable' ORDER BY 1")
_MOVED = text(
    """
    SELECT (entry.created_at AT TIME ZONE 'UTC')::date AS day, account.currency_code, entry.kind,
        sum(posting.amount_minor)::bigint AS amount_minor
    FROM journal_entry AS entry
    JOIN posting ON posting.entry_id = entry.id
    JOIN account ON account.id = posting.account_id AND account.kind = 'psp_receivable'
    WHERE entry.created_at >= :since
    GROUP BY 1, 2, 3 ORDER BY 2, 1
    """
)
_LISTED = text(
    """
    SELECT currency_code, kind, count(*) AS number, sum(amount_minor)::bigint AS amount_minor,
        sum(fee_minor)::bigint AS fee_minor,
        count(*) FILTER (WHERE state NOT IN ('matched', 'resolved')) AS unmatched_count,
        coalesce(sum(amount_minor - fee_minor) FILTER (WHERE state NOT IN ('matched', 'resolved')), 0)::bigint
            AS unmatched_minor
    FROM psp_balance_transaction WHERE created_at >= :since AND created_at < :until
    GROUP BY 1, 2 ORDER BY 1, 2
    """
)
_AGES = text(
    """
    SELECT held.kind, held.currency_code, held.balance_minor,
        coalesce(sum(amount_minor) FILTER (WHERE entry.created_at >= :day), 0)::bigint AS day_minor,
        coalesce(sum(amount_minor) FILTER (WHERE entry.created_at >= :week), 0)::bigint AS week_minor,
        coalesce(sum(amount_minor), 0)::bigint AS month_minor
    FROM account_balance AS held
    LEFT JOIN (posting JOIN journal_entry AS entry ON entry.id = posting.entry_id AND entry.created_at >= :month)
        ON posting.account_id = held.account_id AND sign(posting.amount_minor) = sign(held.balance_minor)
    WHERE held.kind = ANY(:kinds)
    GROUP BY held.kind, held.currency_code, held.balance_minor ORDER BY held.currency_code, held.kind
    """
)
_COLUMN = {
    EntryKind.CAPTURE: "captured_minor",
    **dict.fromkeys((EntryKind.COLLECTION, EntryKind.TIP, EntryKind.TOP_UP), "charged_minor"),
    **dict.fromkeys(
        (
            EntryKind.REFUND,
            EntryKind.REFUND_PAID,
            EntryKind.REFUND_FAILED,
            EntryKind.REFUND_RETURNED,
            EntryKind.WITHDRAWAL,
        ),
        "refunded_minor",
    ),
    **dict.fromkeys((EntryKind.DISPUTE_WITHDRAWN, EntryKind.DISPUTE_WON, EntryKind.DISPUTE_LOST), "disputed_minor"),
    **dict.fromkeys(
        (EntryKind.PAYOUT, EntryKind.PAYOUT_PAID, EntryKind.PAYOUT_FAILED, EntryKind.PAYOUT_RETURNED),
        "paid_to_drivers_minor",
    ),
    EntryKind.PSP_FEE: "fees_minor",
    EntryKind.SETTLEMENT: "settled_minor",
}
_NOTHING = dict.fromkeys([*dict.fromkeys(_COLUMN.values()), "corrected_minor"], 0)


class PostgresReport:
    """See `books_repository.Books`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def collected(self, first: date, last: date) -> Sequence[CollectedDay]:
        rows = await self._connection.execute(_COLLECTED, _period(first, last))
        return [CollectedDay(**row) for row in rows.mappings()]

    async def clearing_days(self, first: date, last: date) -> Sequence[ClearingDay]:
        now = {row.currency_code: row.balance_minor for row in await self._connection.execute(_NOW)}
        # From the balance now back to the opening, so that nothing before the period has to be read.
        moved = (await self._connection.execute(_MOVED, {"since": _midnight(first)})).all()
        days: list[ClearingDay] = []
        for code, of_currency in groupby(moved, key=lambda row: row.currency_code):
            rows = list(of_currency)
            opening_minor = now.get(code, 0) - sum(row.amount_minor for row in rows)
            for day, of_day in groupby(rows, key=lambda row: row.day):
                sums = dict(_NOTHING)
                for row in of_day:
                    sums[_COLUMN.get(EntryKind(row.kind), "corrected_minor")] += row.amount_minor
                made = ClearingDay(day, code, opening_minor, **sums)
                opening_minor = made.closing_minor
                if day <= last:
                    days.append(made)
        return days

    async def listed_sums(self, first: date, last: date) -> Sequence[ListedSum]:
        return [
            ListedSum(
                row.currency_code,
                row.kind,
                row.number,
                row.amount_minor,
                row.fee_minor,
                row.unmatched_count,
                row.unmatched_minor,
            )
            for row in await self._connection.execute(_LISTED, _period(first, last))
        ]

    async def clearing_ages(self, now: datetime) -> Sequence[ClearingAge]:
        before = {"day": now - timedelta(days=1), "week": now - timedelta(days=7), "month": now - timedelta(days=30)}
        names = [kind.value for kind in CLEARING_KINDS]
        return [
            _aged(row.kind, row.currency_code, row.balance_minor, (row.day_minor, row.week_minor, row.month_minor))
            for row in await self._connection.execute(_AGES, before | {"kinds": names})
        ]


def _aged(kind: str, code: str, balance_minor: int, came_minor: tuple[int, int, int]) -> ClearingAge:
    """Spread a balance over the time it came in: first in is first out, so the latest is what is left."""
    sign = -1 if balance_minor < 0 else 1
    left = abs(balance_minor)
    within = [min(left, abs(minor)) for minor in came_minor]
    return ClearingAge(
        account_kind=kind,
        currency_code=code,
        balance_minor=balance_minor,
        to_1_day_minor=sign * within[0],
        to_7_days_minor=sign * (within[1] - within[0]),
        to_30_days_minor=sign * (within[2] - within[1]),
        older_minor=sign * (left - within[2]),
    )


def _period(first: date, last: date) -> dict[str, datetime]:
    return {"since": _midnight(first), "until": _midnight(last + timedelta(days=1))}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
