"""What payment knows of a person: cards, payments, bank accounts, payouts, terms. The books stay.

Erased are cards, here and at the PSP, and bank accounts, here: a driver's account at the PSP is closed there.
Money that is owed either way, or under way, stands in the way: it has to come to an end first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, exists, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.idempotency import fingerprint
from chassis.personal_data import EXPORT_PAGE_ROWS
from payment_service.adapters.dispute_tables import dispute
from payment_service.adapters.driver_tables import driver_payment, driver_terms, patronage_share
from payment_service.adapters.payment_methods import CARD_KEEPING_KINDS
from payment_service.adapters.payments import OVER
from payment_service.adapters.payout_tables import driver_standing, payout, payout_account
from payment_service.adapters.refund_tables import refund
from payment_service.adapters.rider_tables import card_setup, rider_adjustment
from payment_service.adapters.tables import account, balance, balance_delta, payment, payment_method, psp_operation
from payment_service.adapters.withdrawal_tables import withdrawal
from payment_service.domain.payout import PayoutStatus
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.erasures import erasure_blocked

RemoveCard = Callable[[RequestKey, UUID, UUID], Awaitable[None]]
_OWED_KINDS = ("rider_wallet", "rider_receivable", "driver")
"""Granted credit (`rider_credit`) is no debt to a person who leaves."""
_UNDER_WAY = (PayoutStatus.PENDING, PayoutStatus.SENT, PayoutStatus.RECOVERING)
_NOT_TOLD = frozenset({"operation_id", "recorded_by", "set_by", "shares"})
"""Besides the PSP's names: what is of the books, or of whoever works here."""


class PaymentPersonalData:
    """See `chassis.personal_data.PersonalData`."""

    def __init__(self, database: Database, remove_card: RemoveCard) -> None:
        self._database = database
        self._remove_card = remove_card

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        """Return what stands in the way: payments, payouts, cards under way; what is owed either way."""
        async with self._database.transaction() as connection:
            return await _blockers(connection, account_id)

    async def erase(self, account_id: UUID, request_id: str) -> None:
        """Detach all cards at the PSP and forget what they looked like; forget bank accounts."""
        async with self._database.transaction() as connection:
            blockers = await _blockers(connection, account_id)
            if blockers:
                raise erasure_blocked(blockers)
            kept = select(payment_method.c.id).where(
                payment_method.c.rider_id == account_id, payment_method.c.removed_at.is_(None)
            )
            cards = list((await connection.execute(kept)).scalars())
        # One by one, each in transactions of its own that write down what is asked of the PSP.
        for card in cards:
            key = RequestKey("service:identity", "EraseAccount", f"{request_id}-{card}", fingerprint(str(card)))
            await self._remove_card(key, account_id, card)
        async with self._database.transaction() as connection:
            await connection.execute(
                update(payment_method)
                .where(payment_method.c.rider_id == account_id)
                .values(brand="", last_digits="0000", expire_month=1, expire_year=2000)
            )
            await connection.execute(delete(payout_account).where(payout_account.c.driver_id == account_id))

    async def export(self, account_id: UUID, offset: int) -> tuple[Mapping[str, Sequence[Mapping[str, Any]]], bool]:
        """Return what there is of a rider, and of a driver."""
        theirs = select(payment.c.id).where(payment.c.rider_id == account_id)
        whose: Mapping[str, tuple[Table, ColumnElement[bool]]] = {
            "payment_methods": (payment_method, payment_method.c.rider_id == account_id),
            "card_setups": (card_setup, card_setup.c.rider_id == account_id),
            "payments": (payment, payment.c.rider_id == account_id),
            "refunds": (refund, refund.c.rider_id == account_id),
            "disputes": (dispute, dispute.c.payment_id.in_(theirs)),
            "withdrawals": (withdrawal, withdrawal.c.rider_id == account_id),
            "adjustments": (rider_adjustment, rider_adjustment.c.rider_id == account_id),
            "payout_accounts": (payout_account, payout_account.c.driver_id == account_id),
            "payouts": (payout, payout.c.driver_id == account_id),
            "driver_payments": (driver_payment, driver_payment.c.driver_id == account_id),
            "driver_terms": (driver_terms, driver_terms.c.driver_id == account_id),
            "driver_standings": (driver_standing, driver_standing.c.driver_id == account_id),
            "patronage_shares": (patronage_share, patronage_share.c.driver_id == account_id),
        }
        lists: dict[str, list[dict[str, Any]]] = {}
        async with self._database.transaction() as connection:
            for name, (table, condition) in whose.items():
                lists[name] = await _rows(connection, table, condition, offset)
        more = any(len(found) > EXPORT_PAGE_ROWS for found in lists.values())
        return {name: found[:EXPORT_PAGE_ROWS] for name, found in lists.items()}, more


async def _blockers(connection: AsyncConnection, account_id: UUID) -> list[str]:
    party = or_(payment.c.rider_id == account_id, payment.c.driver_id == account_id)
    open_payment = exists().where(party, payment.c.status.not_in(OVER))
    # One that was paid may still be returned, for as long as it is looked at.
    under_way = or_(payout.c.status.in_(_UNDER_WAY), payout.c.look_at.is_not(None))
    open_payout = exists().where(payout.c.driver_id == account_id, under_way)
    # It is kept as soon as the PSP tells what became of it, whoever is gone by then.
    open_card = exists().where(
        psp_operation.c.rider_id == account_id,
        psp_operation.c.kind.in_(CARD_KEEPING_KINDS),
        psp_operation.c.state.in_(("sending", "unknown")),
    )
    # As with a card; the driver is named in the order alone.
    open_bank = exists().where(
        psp_operation.c.kind == "add_bank",
        psp_operation.c.instruction["driver_id"].astext == str(account_id),
        psp_operation.c.state.in_(("sending", "unknown")),
    )
    owed = (
        select(literal_column("1"))
        .select_from(account)
        .outerjoin(balance, balance.c.account_id == account.c.id)
        .where(account.c.owner == str(account_id), account.c.kind.in_(_OWED_KINDS))
        .where(
            func.coalesce(balance.c.debits_minor - balance.c.credits_minor, 0)
            + select(func.coalesce(func.sum(balance_delta.c.amount_minor), 0))
            .where(balance_delta.c.account_id == account.c.id)
            .scalar_subquery()
            != 0
        )
    )
    found_of = select(open_payment, open_payout, open_card, open_bank, owed.exists())
    row = (await connection.execute(found_of)).one()
    names = ("open_payment", "open_payout", "open_card", "open_bank", "money_owed")
    return [name for name, found in zip(names, row, strict=True) if found]


async def _rows(
    connection: AsyncConnection, table: Table, whose: ColumnElement[bool], offset: int
) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in _NOT_TOLD and not column.name.startswith("psp_")]
    query = select(*columns).where(whose).order_by(*table.primary_key.columns)
    query = query.offset(offset).limit(EXPORT_PAGE_ROWS + 1)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
