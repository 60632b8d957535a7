"""Payments attacked by raw SQL: moves, amounts and uniqueness are the database's to judge."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from payment_service.domain.payment import Payment
from payment_service.domain.payment_moves import TRANSITIONS, PaymentStatus
from tests.integration.payment.conftest import Payments

ILLEGAL = r"fk_payment_previous_status_payment_transition|ck_payment_tombstone|ck_payment_card_asked"


async def attack(database: Database, assignments: str, payment: Payment) -> None:
    statement = f"UPDATE payment SET version = version + 1, {assignments} WHERE id = :id"  # noqa: S608 (of this test)
    async with database.transaction() as connection:
        await connection.execute(text(statement), {"id": payment.id, "other": uuid4()})


@pytest.mark.parametrize(
    "status",
    sorted({status.value for status in PaymentStatus} - {"held"} - {b.value for a, b in TRANSITIONS if a == "held"}),
)
@pytest.mark.parametrize("claim", ["", "previous = 'capture_pending', ", "previous = 'new', "])
async def test_illegal_move_is_refused_even_with_a_claimed_past(payments: Payments, status: str, claim: str) -> None:
    payment = await payments.hold(uuid4())
    facts = {
        "captured": ", captured_minor = 1, driver_id = :other, captured_at = now(), lines = '[]'",
        "declined": ", decline_reason = 'no'",
    }

    with pytest.raises(DBAPIError, match=ILLEGAL):
        await attack(payments.database, f"{claim}status = '{status}'{facts.get(status, '')}", payment)


@pytest.mark.parametrize("status", ["held", "captured", "capture_pending"])
async def test_payment_cannot_begin_in_the_middle(payments: Payments, status: str) -> None:
    payment = await payments.hold(uuid4())
    statement = (
        "INSERT INTO payment (id, ride_id, rider_id, payment_method_id, currency_code, requested_minor, "
        "authorized_minor, captured_minor, previous, status, decline_reason, psp_payment_id, driver_id, captured_at, "
        "lines, created_at, version) "
        "SELECT :new, :new, rider_id, payment_method_id, currency_code, requested_minor, 100, "
        "CASE WHEN :status = 'captured' THEN 100 ELSE 0 END, 'held', :status, '', CAST(:new AS text), "
        "CASE WHEN :status = 'captured' THEN CAST(:new AS uuid) END, "
        "CASE WHEN :status = 'captured' THEN now() END, "
        "CASE WHEN :status = 'captured' THEN CAST('[]' AS jsonb) END, now(), 1 FROM payment WHERE id = :id"
    )

    with pytest.raises(DBAPIError, match=ILLEGAL):
        async with payments.database.transaction() as connection:
            await connection.execute(
                text(
                    statement.replace(":status", "CAST(:status AS text)").replace(
                        ":new, :new", "CAST(:new AS uuid), CAST(:new AS uuid)"
                    )
                ),
                {"new": str(uuid4()), "id": payment.id, "status": status},
            )


async def test_capture_above_authorized_is_refused(payments: Payments) -> None:
    payment = await payments.hold(uuid4(), 1000)
    await attack(payments.database, "status = 'capture_pending'", payment)

    with pytest.raises(DBAPIError, match="ck_payment_captured_within_authorized"):
        await attack(
            payments.database,
            "status = 'captured', captured_minor = 1001, driver_id = :other, captured_at = now(), lines = '[]'",
            payment,
        )


@pytest.mark.parametrize(
    "assignment",
    ["ride_id = :other", "rider_id = :other", "currency_code = 'EUR'", "requested_minor = 1", "rider_id = NULL"],
)
async def test_what_a_payment_is_about_does_not_change(payments: Payments, assignment: str) -> None:
    payment = await payments.hold(uuid4())

    with pytest.raises(DBAPIError, match="does not change"):
        await attack(payments.database, assignment, payment)


async def test_version_cannot_be_skipped_or_kept(payments: Payments) -> None:
    payment = await payments.hold(uuid4())

    with pytest.raises(DBAPIError, match="raises its version by one"):
        async with payments.database.transaction() as connection:
            await connection.execute(
                text("UPDATE payment SET status = 'void_pending' WHERE id = :id"), {"id": payment.id}
            )


async def test_second_payment_of_a_ride_is_refused(payments: Payments) -> None:
    payment = await payments.hold(uuid4())

    with pytest.raises(DBAPIError, match="ix_payment_one_of_a_ride"):
        async with payments.database.transaction() as connection:
            await connection.execute(
                text(
                    "INSERT INTO payment (id, ride_id, currency_code, requested_minor, authorized_minor, "
                    "captured_minor, status, decline_reason, psp_payment_id, created_at, version) "
                    "VALUES (:id, :ride, '', 0, 0, 0, 'voided', '', '', now(), 1)"
                ),
                {"id": uuid4(), "ride": payment.ride_id},
            )


async def test_second_open_operation_of_a_payment_is_refused(payments: Payments) -> None:
    payment = await payments.hold(uuid4())
    statement = (
        "INSERT INTO psp_operation (id, kind, payment_id, instruction, state, attempt, tries, due_at, psp_object_id, "
        "created_at, keyed_at) SELECT gen_random_uuid(), 'void', :id, '{}', 'unknown', 1, 1, "
        "now() + interval '9 years', '', now(), now() FROM generate_series(1, 2)"
    )
    with pytest.raises(DBAPIError, match="ix_psp_operation_one_open"):
        async with payments.database.transaction() as connection:
            await connection.execute(text(statement), {"id": payment.id})
