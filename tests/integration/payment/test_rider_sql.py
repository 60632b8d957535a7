"""Riders' money attacked by raw SQL: default cards, set-ups, adjustments and debts are the database's to judge."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.card_setup import CardSetupStatus
from payment_service.domain.ledger import Account, AccountKind
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, store_over, usd
from tests.integration.payment.rider_money import RiderMoney


async def attack(database: Database, statement: str, **values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(statement), values)


async def test_second_default_card_of_a_rider_is_refused(payments: Payments) -> None:
    other = await payments.add_card("pm_card_mastercard")

    with pytest.raises(DBAPIError, match="ix_payment_method_one_default"):
        await attack(payments.database, "UPDATE payment_method SET is_default = true WHERE id = :id", id=other)


async def test_removed_card_cannot_stay_the_default(payments: Payments) -> None:
    statement = "UPDATE payment_method SET removed_at = now() WHERE id = :id"
    with pytest.raises(DBAPIError, match="ck_payment_method_default_is_kept"):
        await attack(payments.database, statement, id=payments.method_id)


async def pending_setup(payments: Payments) -> UUID:
    setup_id = uuid4()
    await attack(
        payments.database,
        "INSERT INTO card_setup (id, rider_id, psp_setup_id, status, decline_reason, created_at) "
        "VALUES (:id, :rider, '', 'pending', '', now())",
        id=setup_id,
        rider=payments.rider_id,
    )
    return setup_id


@pytest.mark.parametrize("status", ["action_required", "succeeded", "declined"])
async def test_setup_cannot_begin_in_the_middle(payments: Payments, status: str) -> None:
    statement = (
        "INSERT INTO card_setup (id, rider_id, psp_setup_id, payment_method_id, previous, status, decline_reason, "
        "created_at) SELECT gen_random_uuid(), rider_id, gen_random_uuid()::text, "
        "CASE WHEN CAST(:status AS text) = 'succeeded' THEN id END, 'pending', CAST(:status AS text), "
        "CASE WHEN CAST(:status AS text) = 'declined' THEN 'no' ELSE '' END, now() FROM payment_method WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="fk_card_setup_previous_status_card_setup_transition"):
        await attack(payments.database, statement, status=status, id=payments.method_id)


@pytest.mark.parametrize("status", [status.value for status in CardSetupStatus])
async def test_setup_that_is_over_does_not_move(payments: Payments, status: str) -> None:
    setup_id = await pending_setup(payments)
    over = "UPDATE card_setup SET status = 'declined', decline_reason = 'no' WHERE id = :id"
    await attack(payments.database, over, id=setup_id)
    facts = "payment_method_id = CASE WHEN CAST(:status AS text) = 'succeeded' THEN CAST(:method AS uuid) END"
    move = (
        f"UPDATE card_setup SET status = :status, psp_setup_id = 'seti_x', previous = 'pending', {facts}, "  # noqa: S608
        "decline_reason = CASE WHEN CAST(:status AS text) = 'declined' THEN 'other' ELSE '' END WHERE id = :id"
    )

    with pytest.raises(DBAPIError, match="a set-up that is over does not change"):
        await attack(payments.database, move, status=status, method=payments.method_id, id=setup_id)


@pytest.mark.parametrize(
    ("assignment", "rule"),
    [
        ("rider_id = gen_random_uuid()", "does not change"),
        ("created_at = created_at + interval '1 s'", "does not change"),
        ("status = 'succeeded', psp_setup_id = 'seti_y'", "ck_card_setup_succeeded"),
        ("status = 'action_required'", "ck_card_setup_named"),
        ("decline_reason = 'no'", "ck_card_setup_declined"),
    ],
)
async def test_setup_keeps_to_its_rules(payments: Payments, assignment: str, rule: str) -> None:
    setup_id = await pending_setup(payments)

    with pytest.raises(DBAPIError, match=rule):
        await attack(payments.database, f"UPDATE card_setup SET {assignment} WHERE id = :id", id=setup_id)  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rider_adjustment SET amount_minor = 1 WHERE id = :id",
        "UPDATE rider_adjustment SET reason = 'another' WHERE id = :id",
        "DELETE FROM rider_adjustment WHERE id = :id",
    ],
)
async def test_adjustment_is_not_changed(payments: Payments, statement: str) -> None:
    granted = await RiderMoney(payments).adjust(AdjustmentKind.CREDIT_GRANT, 500)

    with pytest.raises(DBAPIError, match="append-only"):
        await attack(payments.database, statement, id=granted.id)


@pytest.mark.parametrize(
    ("kind", "amount_minor", "reason", "rule"),
    [
        ("gift", 5, "r", "ck_rider_adjustment_kind"),
        ("credit_grant", 0, "r", "ck_rider_adjustment_amount_minor"),
        ("credit_grant", -5, "r", "ck_rider_adjustment_amount_minor"),
        ("write_off", 5, "", "ck_rider_adjustment_reason"),
    ],
)
async def test_adjustment_that_makes_no_sense_is_refused(
    payments: Payments, kind: str, amount_minor: int, reason: str, rule: str
) -> None:
    statement = (
        "INSERT INTO rider_adjustment VALUES (gen_random_uuid(), :kind, gen_random_uuid(), gen_random_uuid(), 'USD', "
        ":amount, :reason, now())"
    )
    with pytest.raises(DBAPIError, match=rule):
        await attack(payments.database, statement, kind=kind, amount=amount_minor, reason=reason)


@pytest.mark.parametrize("kind", [AdjustmentKind.CREDIT_REVOKED, AdjustmentKind.WRITE_OFF])
async def test_ledger_takes_no_more_than_there_is_whoever_asks(
    payments: Payments, psp: FakePsp, kind: AdjustmentKind
) -> None:
    rider = RiderMoney(payments)
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 500)
    await payments.hold(uuid4(), 500)
    await rider.owe(psp, 500)
    too_much = RiderAdjustment(uuid4(), kind, payments.rider_id, uuid4(), usd(501), "r", StillClock().now())

    with pytest.raises(DBAPIError, match=r"ck_balance_overdraft|does not hold what would be taken"):
        async with store_over(payments.database).transaction() as work:
            await work.ledger.post(too_much.entry(uuid4()))


async def test_debt_cannot_be_collected_twice_at_once(payments: Payments, psp: FakePsp) -> None:
    rider = RiderMoney(payments)
    await rider.owe(psp, 700)
    debt = Account(AccountKind.RIDER_RECEIVABLE, str(payments.rider_id))

    with pytest.raises(DBAPIError, match="ck_balance_overdraft"):
        async with store_over(payments.database).transaction() as work:
            await work.ledger.hold(debt, usd(1400))


async def test_second_payment_of_arrears_under_way_is_refused(payments: Payments) -> None:
    statement = (
        "INSERT INTO payment (id, purpose, rider_id, payment_method_id, currency_code, requested_minor, "
        "authorized_minor, captured_minor, status, decline_reason, psp_payment_id, created_at, version) "
        "SELECT gen_random_uuid(), 'arrears', rider_id, id, 'USD', 700, 0, 0, 'charge_pending', '', '', now(), 1 "
        "FROM payment_method, generate_series(1, 2) WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="ix_payment_one_arrears_under_way"):
        await attack(payments.database, statement, id=payments.method_id)
