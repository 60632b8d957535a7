"""What the database refuses of refunds, disputes and events, whoever asks: raw SQL against the rules."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from payment_service.domain import dispute, psp_event, refund
from payment_service.domain.refund import Refund, RefundStatus
from tests.integration.payment.psp_stage import Stage, stage

__all__ = ["stage"]

COPY = """
INSERT INTO refund (id, payment_id, ride_id, rider_id, currency_code, amount_minor, reason, borne_by, destination,
    shares, status, psp_refund_id, failure_reason, looks, created_at, paid_at, version)
SELECT gen_random_uuid(), payment_id, ride_id, rider_id, {currency}, {amount}, reason, borne_by, {destination}, shares,
    {status}, {name}, '', 0, created_at, {paid_at}, 1 FROM refund WHERE id = :id
"""


async def attack(stage: Stage, statement: str, **values: object) -> None:
    async with stage.payments.database.transaction() as connection:
        await connection.execute(text(statement), values)


async def refused(stage: Stage, statement: str, **values: object) -> None:
    with pytest.raises((IntegrityError, DBAPIError)):
        await attack(stage, statement, **values)


async def paid(stage: Stage, amount_minor: int = 500) -> Refund:
    return await stage.refund(await stage.captured(2000), amount_minor)


@pytest.mark.parametrize(
    ("table", "column", "moves"),
    [
        ("refund_transition", "status", refund.TRANSITIONS),
        ("dispute_transition", "status", dispute.TRANSITIONS),
        ("psp_event_transition", "state", psp_event.TRANSITIONS),
    ],
)
async def test_the_database_allows_the_moves_of_the_code_and_no_others(
    stage: Stage, table: str, column: str, moves: frozenset[tuple[str, str]]
) -> None:
    rows = await stage.payments.rows(f"SELECT previous, {column} AS next FROM {table}")  # noqa: S608 (from the lines above)

    assert {(row["previous"], row["next"]) for row in rows} == {(str(a), str(b)) for a, b in moves}


@pytest.mark.parametrize(
    "change",
    [
        "status = 'pending', paid_at = NULL",
        "amount_minor = 1",
        "borne_by = 'platform'",
        "shares = '[]'",
        "psp_refund_id = 're_other'",
        "currency_code = 'EUR'",
        "failure_reason = 'no reason'",
        "previous = 'new', status = 'failed'",
    ],
)
async def test_paid_refund_does_not_change(stage: Stage, change: str) -> None:
    made = await paid(stage)

    await refused(stage, f"UPDATE refund SET {change}, version = version + 1 WHERE id = :id", id=made.id)  # noqa: S608
    await refused(stage, "UPDATE refund SET looks = 9 WHERE id = :id", id=made.id)
    await refused(stage, "DELETE FROM refund WHERE id = :id", id=made.id)


async def test_refund_that_the_payment_does_not_know_is_refused_when_the_transaction_ends(stage: Stage) -> None:
    made = await paid(stage)
    whole = {"currency": "currency_code", "amount": "1", "destination": "'card'", "status": "'pending'"}
    more = {"name": "''", "paid_at": "NULL"}

    await refused(stage, COPY.format(**whole, **more), id=made.id)
    await refused(stage, COPY.format(**(whole | {"currency": "'EUR'"}), **more), id=made.id)
    await refused(stage, COPY.format(**(whole | {"amount": "0"}), **more), id=made.id)
    await refused(stage, COPY.format(**(whole | {"status": "'paid'"}), name="'re_x'", paid_at="created_at"), id=made.id)
    at_once = {"destination": "'wallet'", "status": "'paid'"}
    await refused(stage, COPY.format(**(whole | at_once), name="''", paid_at="created_at"), id=made.id)


@pytest.mark.parametrize("minor", [0, 499, 501, 2001, -1])
async def test_payment_cannot_say_that_other_sums_were_refunded(stage: Stage, minor: int) -> None:
    made = await paid(stage)

    change = "UPDATE payment SET refunded_minor = :minor, version = version + 1 WHERE id = :id"
    await refused(stage, change, minor=minor, id=made.payment_id)


async def test_refund_cannot_fail_while_the_payment_counts_it(stage: Stage) -> None:
    made = await paid(stage)

    change = (
        "UPDATE refund SET status = 'failed', failure_reason = 'x', failed_at = created_at, look_at = NULL,"
        " version = version + 1 WHERE id = :id"
    )
    await refused(stage, change, id=made.id)
    assert (await stage.refund_now(made)).status is RefundStatus.PAID


@pytest.mark.parametrize(
    "change",
    [
        "withdrawn_minor = 1",
        "reinstated_minor = 1",
        "fee_minor = -1",
        "status = 'inquiry'",
        "status = 'closed', closed_at = created_at",
        "status = 'won'",
        "currency_code = 'EUR'",
        "borne_by = 'nobody'",
        "psp_dispute_id = 'du_other'",
    ],
)
async def test_dispute_moves_only_as_disputes_move(stage: Stage, change: str) -> None:
    payment = await stage.captured(2000)
    name = stage.psp.dispute_opens(payment.psp_payment_id)
    await stage.tell_of_dispute("charge.dispute.created", name)
    await stage.apply()

    where = "version = version + 1 WHERE psp_dispute_id = :name"
    await refused(stage, f"UPDATE dispute SET {change}, {where}", name=name)  # noqa: S608 (from the lines above)
    await refused(stage, "DELETE FROM dispute WHERE psp_dispute_id = :name", name=name)


async def test_event_keeps_what_it_told_and_goes_only_where_events_go(stage: Stage) -> None:
    name = f"evt_{uuid4().hex}"
    await stage.tell("customer.updated", {"id": f"cus_{stage.psp.prefix}_1"}, name)

    for change in ("payload = 'x'", "type = 'refund.failed'", "object_id = 'x'", "state = 'parked', over_at = NULL"):
        await refused(stage, f"UPDATE psp_event SET {change} WHERE id = :name", name=name)  # noqa: S608
