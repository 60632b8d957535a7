"""The ledger in Postgres: written through `post_entry` alone, read by adding up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import posting as postings
from payment_service.domain.ledger import (
    Account,
    AccountKind,
    CurrencySum,
    DriverEntry,
    Earnings,
    EntryKind,
    JournalEntry,
    KindBalance,
    Posting,
    TrialBalance,
)
from shared_kernel.money import Money

MAX_ENTRIES_OF_PAYMENT = 100
MAX_EARNINGS_ENTRIES = 50

_POST = text(
    "SELECT post_entry(:id, :kind, :source_id, :payment_id, :created_at, "
    "CAST(:kinds AS text[]), CAST(:owners AS text[]), "
    "CAST(:currency_codes AS text[]), CAST(:amounts_minor AS bigint[]))"
)


class PostgresLedger:
    """See `ports.Ledger`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def post(self, entry: JournalEntry) -> None:
        await self._connection.execute(
            _POST,
            {
                "id": entry.id,
                "kind": entry.kind.value,
                "source_id": entry.source_id,
                "payment_id": entry.payment_id,
                "created_at": entry.created_at,
                "kinds": [posting.account.kind.value for posting in entry.postings],
                "owners": [posting.account.owner for posting in entry.postings],
                "currency_codes": [posting.amount.currency_code for posting in entry.postings],
                "amounts_minor": [posting.amount.amount_minor for posting in entry.postings],
            },
        )

    async def entries_of(self, payment_id: UUID) -> Sequence[JournalEntry]:
        first = (
            select(entries)
            .where(entries.c.payment_id == payment_id)
            .order_by(entries.c.created_at, entries.c.id)
            .limit(MAX_ENTRIES_OF_PAYMENT)
            .subquery()
        )
        statement = (
            select(
                first.c.id,
                first.c.kind,
                first.c.source_id,
                first.c.created_at,
                accounts.c.kind.label("account_kind"),
                accounts.c.owner,
                postings.c.currency_code,
                postings.c.amount_minor,
            )
            .join(postings, postings.c.entry_id == first.c.id)
            .join(accounts, accounts.c.id == postings.c.account_id)
            .order_by(first.c.created_at, first.c.id, postings.c.seq)
        )
        rows = (await self._connection.execute(statement)).all()
        found: list[JournalEntry] = []
        for _, group in groupby(rows, key=lambda row: row.id):
            legs = list(group)
            found.append(
                JournalEntry(
                    id=legs[0].id,
                    kind=EntryKind(legs[0].kind),
                    source_id=legs[0].source_id,
                    payment_id=payment_id,
                    created_at=legs[0].created_at,
                    postings=tuple(
                        Posting(
                            Account(AccountKind(leg.account_kind), leg.owner),
                            Money(leg.currency_code, leg.amount_minor),
                        )
                        for leg in legs
                    ),
                )
            )
        return found

    async def earnings_of(self, driver_id: UUID) -> Earnings:
        theirs = (accounts.c.kind == AccountKind.DRIVER) & (accounts.c.owner == str(driver_id))
        sums = (
            select(accounts.c.currency_code, func.sum(-postings.c.amount_minor).label("owed_minor"))
            .join(postings, postings.c.account_id == accounts.c.id)
            .where(theirs)
            .group_by(accounts.c.currency_code)
            .order_by(accounts.c.currency_code)
        )
        # Entries' ids are made in the order of time (UUIDv7), so the index on postings gives the latest.
        latest = (
            select(
                payments.c.ride_id,
                entries.c.kind,
                postings.c.currency_code,
                (-postings.c.amount_minor).label("earned_minor"),
                entries.c.created_at,
            )
            .join(accounts, accounts.c.id == postings.c.account_id)
            .join(entries, entries.c.id == postings.c.entry_id)
            .join(payments, payments.c.id == entries.c.payment_id)
            .where(theirs)
            .order_by(postings.c.entry_id.desc())
            .limit(MAX_EARNINGS_ENTRIES)
        )
        balances = [Money(row.currency_code, int(row.owed_minor)) for row in await self._connection.execute(sums)]
        changes = [
            DriverEntry(row.ride_id, row.kind, Money(row.currency_code, row.earned_minor), row.created_at)
            for row in await self._connection.execute(latest)
        ]
        return Earnings(tuple(balances), tuple(changes))

    async def trial_balance(self, now: datetime) -> TrialBalance:
        by_currency = (
            select(
                postings.c.currency_code,
                func.sum(postings.c.amount_minor).label("sum_minor"),
                func.count(postings.c.entry_id.distinct()).label("entry_count"),
            )
            .group_by(postings.c.currency_code)
            .order_by(postings.c.currency_code)
        )
        by_kind = (
            select(accounts.c.kind, accounts.c.currency_code, func.sum(postings.c.amount_minor).label("balance_minor"))
            .join(postings, postings.c.account_id == accounts.c.id)
            .group_by(accounts.c.currency_code, accounts.c.kind)
            .order_by(accounts.c.currency_code, accounts.c.kind)
        )
        currencies = [
            CurrencySum(row.currency_code, int(row.sum_minor), row.entry_count)
            for row in await self._connection.execute(by_currency)
        ]
        balances = [
            KindBalance(row.kind, row.currency_code, int(row.balance_minor))
            for row in await self._connection.execute(by_kind)
        ]
        return TrialBalance(tuple(currencies), tuple(balances), now)
