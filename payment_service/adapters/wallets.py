"""Riders' wallets in Postgres: balances as the postings keep them, statements from the postings themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.rider_tables import rider_adjustment as adjustments
from payment_service.adapters.tables import account as accounts
from payment_service.adapters.tables import balance as balances
from payment_service.adapters.tables import journal_entry as entries
from payment_service.adapters.tables import payment as payments
from payment_service.adapters.tables import posting as postings
from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.ledger import Account, AccountKind, Balance
from payment_service.domain.wallet import RIDER_KINDS, WALLET_KINDS, WalletEntry
from shared_kernel.money import Money


class PostgresWallets:
    """See `wallet_repository.Wallets`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def balances_of(self, rider_id: UUID) -> Sequence[Balance]:
        statement = (
            select(accounts.c.kind, accounts.c.owner, accounts.c.currency_code, balances)
            .join(balances, balances.c.account_id == accounts.c.id)
            .where(accounts.c.kind.in_(RIDER_KINDS), accounts.c.owner == str(rider_id))
        )
        return [
            Balance(
                Account(AccountKind(row.kind), row.owner),
                Money(row.currency_code, row.side * (row.debits_minor - row.credits_minor)),
                Money(row.currency_code, row.held_minor),
            )
            for row in await self._connection.execute(statement)
        ]

    async def entries_of(self, rider_id: UUID, limit: int, before: tuple[UUID, int] | None) -> Sequence[WalletEntry]:
        # Entries' ids are made in the order of time (UUIDv7), so the running balance follows them.
        order = (postings.c.entry_id, postings.c.seq)
        lines = (
            select(
                postings.c.entry_id,
                postings.c.seq,
                accounts.c.kind.label("account_kind"),
                postings.c.currency_code,
                (-postings.c.amount_minor).label("came_minor"),
                func.sum(-postings.c.amount_minor)
                .over(partition_by=postings.c.account_id, order_by=order)
                .label("balance_minor"),
            )
            .join(accounts, accounts.c.id == postings.c.account_id)
            .where(accounts.c.kind.in_(WALLET_KINDS), accounts.c.owner == str(rider_id))
            .subquery()
        )
        statement = (
            select(lines, entries.c.kind, entries.c.created_at, entries.c.payment_id, payments.c.ride_id)
            .join(entries, entries.c.id == lines.c.entry_id)
            .join(payments, payments.c.id == entries.c.payment_id, isouter=True)
            .order_by(lines.c.entry_id.desc(), lines.c.seq.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(lines.c.entry_id, lines.c.seq) < before)
        return [
            WalletEntry(
                entry_id=row.entry_id,
                seq=row.seq,
                account=AccountKind(row.account_kind),
                kind=row.kind,
                amount=Money(row.currency_code, row.came_minor),
                balance=Money(row.currency_code, int(row.balance_minor)),
                ride_id=row.ride_id,
                payment_id=row.payment_id,
                created_at=row.created_at,
            )
            for row in await self._connection.execute(statement)
        ]


class PostgresAdjustments:
    """See `wallet_repository.Adjustments`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, adjustment: RiderAdjustment) -> None:
        values = asdict(adjustment)
        values.update(values.pop("amount"))
        await self._connection.execute(insert(adjustments).values(values))

    async def list_of(
        self, kinds: Collection[AdjustmentKind], rider_id: UUID | None, limit: int, before: UUID | None
    ) -> Sequence[RiderAdjustment]:
        # Their ids are made in the order of time as well.
        statement = select(adjustments).where(adjustments.c.kind.in_(kinds))
        if rider_id is not None:
            statement = statement.where(adjustments.c.rider_id == rider_id)
        if before is not None:
            statement = statement.where(adjustments.c.id < before)
        return [
            RiderAdjustment(
                id=row.id,
                kind=AdjustmentKind(row.kind),
                rider_id=row.rider_id,
                operator_id=row.operator_id,
                amount=Money(row.currency_code, row.amount_minor),
                reason=row.reason,
                created_at=row.created_at,
            )
            for row in await self._connection.execute(statement.order_by(adjustments.c.id.desc()).limit(limit))
        ]
