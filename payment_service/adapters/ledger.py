"""The ledger in Postgres: written through its functions alone; what accounts hold is read from their balances.

A trial balance adds up the balances and what waits to be rolled up, not the postings: its price grows with the number
of accounts alone. That balances follow postings is the audit's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, column, func, select, table, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import balance as balances
from payment_service.adapters.tables import entry_tally as tallies
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import posting as postings
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.ledger import (
    Account,
    AccountKind,
    Balance,
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

MAX_EARNINGS_ENTRIES = 50

_POST = text(
    "SELECT post_entries(CAST(:ids AS uuid[]), CAST(:entry_kinds AS text[]), CAST(:source_ids AS uuid[]), "
    "CAST(:payment_ids AS uuid[]), CAST(:reverses AS uuid[]), CAST(:created_at AS timestamptz[]), "
    "CAST(:entry_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:owners AS text[]), "
    "CAST(:currency_codes AS text[]), CAST(:amounts_minor AS bigint[]))"
)
_LOCK = text(
    "SELECT kind, owner, amount_minor, held_minor FROM lock_balances(CAST(:kinds AS text[]), CAST(:owners AS text[]), "
    "CAST(:currency_codes AS text[]))"
)
_OF_ACCOUNT = table(
    "account_balance", column("kind", Text), column("currency_code", Text), column("balance_minor", BigInteger)
)
"""A view: each account's balance with what of it still waits to be rolled up."""
_SET_ASIDE = text(
    "SELECT set_aside(CAST(:kinds AS text[]), CAST(:owners AS text[]), CAST(:currency_codes AS text[]), "
    "CAST(:amounts_minor AS bigint[]))"
)


class PostgresLedger:
    """See `repositories.Ledger`."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self.touched_drivers: set[tuple[UUID, str]] = set()

    async def post(self, entry: JournalEntry) -> None:
        self.touched_drivers |= {
            (UUID(leg.account.owner), leg.amount.currency_code)
            for leg in entry.postings
            if leg.account.kind is AccountKind.DRIVER
        }
        self._connection.waiting.entries.append(entry)

    async def booked_of(self, source_ids: Iterable[UUID]) -> frozenset[UUID]:
        # By the whole of the unique key: the kinds are a handful, and the source alone has no index.
        statement = select(entries.c.source_id).where(
            entries.c.kind.in_(list(EntryKind)), entries.c.source_id.in_(list(source_ids))
        )
        return frozenset((await self._connection.execute(statement)).scalars())

    async def id_of(self, kind: EntryKind, source_id: UUID) -> UUID:
        statement = select(entries.c.id).where(entries.c.kind == kind, entries.c.source_id == source_id)
        return (await self._connection.execute(statement)).scalar_one()

    async def lock(self, *wanted: Account, currency_code: str) -> Mapping[Account, Balance]:
        zero = Money.zero(currency_code)
        found = {account: Balance(account, zero, zero) for account in wanted}
        names = {
            "kinds": [account.kind.value for account in wanted],
            "owners": [account.owner for account in wanted],
            "currency_codes": [currency_code] * len(wanted),
        }
        for row in await self._connection.execute(_LOCK, names):
            account = Account(AccountKind(row.kind), row.owner)
            amount, held = Money(currency_code, row.amount_minor), Money(currency_code, row.held_minor)
            found[account] = Balance(account, amount, held)
        return found

    async def hold(self, account: Account, amount: Money) -> None:
        self._set_aside(account, amount)

    async def release(self, account: Account, amount: Money) -> None:
        self._set_aside(account, -amount)

    def _set_aside(self, account: Account, amount: Money) -> None:
        set_aside, key = self._connection.waiting.set_aside, (account, amount.currency_code)
        set_aside[key] = set_aside.get(key, 0) + amount.amount_minor

    async def entry_of(self, kind: EntryKind, source_id: UUID) -> JournalEntry | None:
        found = await self._read((entries.c.kind == kind) & (entries.c.source_id == source_id), 1)
        return found[0] if found else None

    async def entries_of(
        self, payment_ids: Sequence[UUID], limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[JournalEntry]:
        which = entries.c.payment_id.in_(payment_ids)
        if after is not None:
            which &= tuple_(entries.c.created_at, entries.c.id) > tuple_(*after)
        return await self._read(which, limit)

    async def _read(self, which: ColumnElement[bool], limit: int) -> Sequence[JournalEntry]:
        first = select(entries).where(which).order_by(entries.c.created_at, entries.c.id).limit(limit).subquery()
        statement = (
            select(
                first.c.id,
                first.c.kind,
                first.c.source_id,
                first.c.payment_id,
                first.c.reverses,
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
                    payment_id=legs[0].payment_id,
                    reverses=legs[0].reverses,
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
            select(accounts.c.currency_code, (balances.c.credits_minor - balances.c.debits_minor).label("owed_minor"))
            .join(balances, balances.c.account_id == accounts.c.id)
            .where(theirs)
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
            .join(payments, payments.c.id == entries.c.payment_id, isouter=True)
            .where(theirs)
            .order_by(postings.c.entry_id.desc())
            .limit(MAX_EARNINGS_ENTRIES)
        )
        owed = [Money(row.currency_code, row.owed_minor) for row in await self._connection.execute(sums)]
        changes = [
            DriverEntry(row.ride_id, row.kind, Money(row.currency_code, row.earned_minor), row.created_at)
            for row in await self._connection.execute(latest)
        ]
        return Earnings(tuple(owed), tuple(changes))

    async def trial_balance(self, now: datetime) -> TrialBalance:
        balance_minor = func.sum(_OF_ACCOUNT.c.balance_minor)
        code, kind = _OF_ACCOUNT.c.currency_code, _OF_ACCOUNT.c.kind
        counted = (
            select(tallies.c.currency_code, func.sum(tallies.c.entry_count).label("entry_count"))
            .group_by(tallies.c.currency_code)
            .subquery()
        )
        by_currency = (
            select(code, balance_minor.label("sum_minor"), func.coalesce(counted.c.entry_count, 0).label("entry_count"))
            .join(counted, counted.c.currency_code == code, isouter=True)
            .group_by(code, counted.c.entry_count)
            .order_by(code)
        )
        by_kind = select(kind, code, balance_minor.label("balance_minor")).group_by(code, kind).order_by(code, kind)
        currencies = [
            CurrencySum(row.currency_code, int(row.sum_minor), int(row.entry_count))
            for row in await self._connection.execute(by_currency)
        ]
        kinds = [
            KindBalance(row.kind, row.currency_code, int(row.balance_minor))
            for row in await self._connection.execute(by_kind)
        ]
        return TrialBalance(tuple(currencies), tuple(kinds), now)


async def write_set_aside(
    connection: AsyncConnection, set_aside: Mapping[tuple[Account, str], int], also_lock: Sequence[JournalEntry]
) -> None:
    """Write what is set aside of accounts. The accounts of entries that will follow are locked as well.

    All of them at once and in one order, so that two groups cannot wait for each other.
    """
    locked = {(leg.account, leg.amount.currency_code): 0 for entry in also_lock for leg in entry.postings}
    changes = {**locked, **set_aside}
    await connection.execute(
        _SET_ASIDE,
        {
            "kinds": [account.kind.value for account, _ in changes],
            "owners": [account.owner for account, _ in changes],
            "currency_codes": [code for _, code in changes],
            "amounts_minor": list(changes.values()),
        },
    )


async def write_entries(connection: AsyncConnection, posted: Sequence[JournalEntry]) -> None:
    """Write entries with all their postings."""
    legs = [(entry.id, leg) for entry in posted for leg in entry.postings]
    await connection.execute(
        _POST,
        {
            "ids": [entry.id for entry in posted],
            "entry_kinds": [entry.kind.value for entry in posted],
            "source_ids": [entry.source_id for entry in posted],
            "payment_ids": [entry.payment_id for entry in posted],
            "reverses": [entry.reverses for entry in posted],
            "created_at": [entry.created_at for entry in posted],
            "entry_ids": [entry_id for entry_id, _ in legs],
            "kinds": [leg.account.kind.value for _, leg in legs],
            "owners": [leg.account.owner for _, leg in legs],
            "currency_codes": [leg.amount.currency_code for _, leg in legs],
            "amounts_minor": [leg.amount.amount_minor for _, leg in legs],
        },
    )
