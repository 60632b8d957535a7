"""Sums of both sides in Postgres: what the PSP lists of a subject, and what the ledger has of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.reconciliation_tables import psp_balance_transaction as listed
from payment_service.adapters.reconciliation_tables import reconciliation_item as items
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import posting as postings
from payment_service.domain.ledger import AccountKind, EntryKind
from payment_service.domain.psp_transaction import SUBJECT_OF_ENTRY, Subject, TransactionKind
from payment_service.use_cases.reconciliation_repository import AgedClearing, Comparison, Expected
from shared_kernel.money import Money

_KINDS = list(SUBJECT_OF_ENTRY)
_KINDS_OF_ITEMS = (EntryKind.SUSPENSE, EntryKind.SUSPENSE_CLEARED)
_TOLD = case(
    (listed.c.kind == TransactionKind.DISPUTE, listed.c.amount_minor - listed.c.fee_minor), else_=listed.c.amount_minor
)
_AGED = text(
    """
    SELECT held.kind, held.currency_code, held.balance_minor, coalesce((
        SELECT sum(posting.amount_minor) FROM journal_entry
        JOIN posting ON posting.entry_id = journal_entry.id
        WHERE journal_entry.created_at >= :before AND posting.account_id = held.account_id
            AND sign(posting.amount_minor) = sign(held.balance_minor)
    ), 0)::bigint AS young_minor
    FROM account_balance AS held WHERE held.kind = ANY(:kinds)
    ORDER BY held.currency_code, held.kind
    """
)


class PostgresComparisons:
    """See `reconciliation_repository.Reconciliation`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def compare(self, subjects: Sequence[Subject]) -> Sequence[Comparison]:
        if not subjects:
            return []
        by_id = {subject.id: subject for subject in subjects}
        by_psp = (
            select(
                listed.c.subject_id,
                listed.c.currency_code,
                func.sum(_TOLD).label("psp_minor"),
                func.max(listed.c.created_at).label("latest_at"),
            )
            .where(listed.c.subject_id.in_(by_id))
            .group_by(listed.c.subject_id, listed.c.currency_code)
        )
        booked = await self.booked(list(by_id))
        return [
            Comparison(
                by_id[row.subject_id],
                Money(row.currency_code, int(row.psp_minor)),
                booked.get((row.subject_id, row.currency_code), Money.zero(row.currency_code)),
                row.latest_at,
            )
            for row in await self._connection.execute(by_psp)
        ]

    async def booked(self, subject_ids: Sequence[UUID]) -> Mapping[tuple[UUID, str], Money]:
        own = select(entries.c.id.label("entry_id"), entries.c.source_id.label("subject_id")).where(
            entries.c.kind.in_(_KINDS), entries.c.source_id.in_(subject_ids)
        )
        for_items = (
            select(entries.c.id, items.c.subject_id)
            .join(items, items.c.id == entries.c.source_id)
            .where(entries.c.kind.in_(_KINDS_OF_ITEMS), items.c.subject_id.in_(subject_ids))
        )
        theirs = union_all(own, for_items).subquery()
        by_subject = (
            select(theirs.c.subject_id, accounts.c.currency_code, func.sum(postings.c.amount_minor).label("sum_minor"))
            .join(postings, postings.c.entry_id == theirs.c.entry_id)
            .join(accounts, accounts.c.id == postings.c.account_id)
            .where(accounts.c.kind == AccountKind.PSP_RECEIVABLE)
            .group_by(theirs.c.subject_id, accounts.c.currency_code)
        )
        return {
            (row.subject_id, row.currency_code): Money(row.currency_code, int(row.sum_minor))
            for row in await self._connection.execute(by_subject)
        }

    async def expected_after(self, entry_id: UUID, before: datetime, limit: int) -> Sequence[Expected]:
        receivable = select(accounts.c.id).where(accounts.c.kind == AccountKind.PSP_RECEIVABLE)
        page = (
            select(
                entries.c.id,
                entries.c.kind,
                entries.c.source_id,
                entries.c.payment_id,
                entries.c.created_at,
                postings.c.currency_code,
                postings.c.amount_minor,
            )
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(postings.c.account_id.in_(receivable), postings.c.entry_id > entry_id)
            .order_by(postings.c.entry_id)
            .limit(limit)
        )
        found: list[Expected] = []
        for row in await self._connection.execute(page):
            # Ids are in the order of time: behind the first that is too young come only such.
            if row.created_at >= before:
                break
            kind = SUBJECT_OF_ENTRY.get(EntryKind(row.kind))
            subject = None if kind is None else Subject(kind, row.source_id, row.payment_id)
            amount = Money(row.currency_code, row.amount_minor)
            found.append(Expected(row.id, row.kind, subject, amount, row.created_at))
        return found

    async def listed(self, subject_ids: Sequence[UUID]) -> frozenset[UUID]:
        statement = select(listed.c.subject_id).where(listed.c.subject_id.in_(subject_ids)).distinct()
        found = (await self._connection.execute(statement)).scalars()
        return frozenset(subject_id for subject_id in found if subject_id is not None)

    async def aged(self, kinds: Sequence[AccountKind], before: datetime) -> Sequence[AgedClearing]:
        rows = await self._connection.execute(_AGED, {"kinds": [kind.value for kind in kinds], "before": before})
        return [
            AgedClearing(
                AccountKind(row.kind),
                Money(row.currency_code, row.balance_minor),
                Money(row.currency_code, _rest(row.balance_minor, row.young_minor)),
            )
            for row in rows
        ]


def _rest(balance_minor: int, young_minor: int) -> int:
    # What came lately stays to the last, as first in is first out.
    rest = abs(balance_minor) - abs(young_minor)
    return 0 if rest <= 0 else rest if balance_minor > 0 else -rest
