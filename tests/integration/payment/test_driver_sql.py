"""Drivers' money attacked by raw SQL: what must never be is refused whoever writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from payment_service.domain.ledger import EntryKind
from payment_service.domain.payout import PAYOUT_TRANSITIONS, Payout, PayoutStatus, payout_entry
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, store_over
from tests.integration.payment.driver_money import Drivers


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings) -> PaymentSettings:
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
async def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> Drivers:
    made = Drivers(payments, psp, clock)
    await made.set_bank()
    await made.earn(2000)
    return made


async def attack(drivers: Drivers, statement: str, **values: object) -> None:
    async with drivers.payments.database.transaction() as connection:
        await connection.execute(text(statement), values)


async def attack_payout(drivers: Drivers, payout: Payout, assignments: str) -> None:
    statement = f"UPDATE payout SET version = version + 1, {assignments} WHERE id = :id"  # noqa: S608 (of this test)
    await attack(drivers, statement, id=payout.id)


async def test_the_database_allows_the_moves_of_the_code_and_no_others(drivers: Drivers) -> None:
    rows = await drivers.payments.rows("SELECT previous, status FROM payout_transition")

    assert {(row["previous"], row["status"]) for row in rows} == {(a, b.value) for a, b in PAYOUT_TRANSITIONS}


async def test_payout_beyond_the_balance_is_refused_by_the_database(drivers: Drivers) -> None:
    asked = await drivers.ask(100)
    beyond = replace(asked, id=uuid4(), amount_minor=1901)

    with pytest.raises(DBAPIError, match="does not hold what would be taken from it"):
        async with store_over(drivers.payments.database).transaction() as work:
            await work.ledger.post(payout_entry(beyond, EntryKind.PAYOUT, uuid4(), drivers.clock.now()))

    assert await drivers.owed() == 1900


async def test_payout_is_taken_from_the_balance_once(drivers: Drivers) -> None:
    asked = await drivers.ask(100)

    with pytest.raises(DBAPIError, match="uq_journal_entry_kind_source_id"):
        async with store_over(drivers.payments.database).transaction() as work:
            await work.ledger.post(payout_entry(asked, EntryKind.PAYOUT, uuid4(), drivers.clock.now()))


_COPY = """
INSERT INTO payout (id, driver_id, currency_code, amount_minor, kind, period_at, retry_of, status, psp_account_id,
    psp_bank_id, last_digits, psp_transfer_id, psp_payout_id, waiting_reason, waits, failure_reason,
    created_at, version)
SELECT gen_random_uuid(), driver_id, currency_code, amount_minor, :kind, CAST(:period AS timestamptz),
    CAST(:retry AS uuid), :status, psp_account_id, psp_bank_id, last_digits, '', '', '', 0, '', now(), 1
FROM payout WHERE id = :id
"""


async def copy(
    drivers: Drivers,
    payout: Payout,
    kind: str,
    *,
    period: datetime | None = None,
    retry: object = None,
    status: str = "pending",
) -> None:
    await attack(drivers, _COPY, id=payout.id, kind=kind, period=period, retry=retry, status=status)


async def test_second_payout_of_a_period_is_refused(drivers: Drivers) -> None:
    asked, period = await drivers.ask(100), datetime(2026, 3, 2, 4, tzinfo=UTC)
    await copy(drivers, asked, "scheduled", period=period)

    with pytest.raises(DBAPIError, match="ix_payout_one_of_a_period"):
        await copy(drivers, asked, "scheduled", period=period)


async def test_second_retry_of_a_payout_is_refused(drivers: Drivers) -> None:
    asked = await drivers.ask(100)
    await copy(drivers, asked, "retry", retry=asked.id)

    with pytest.raises(DBAPIError, match="ix_payout_one_retry"):
        await copy(drivers, asked, "retry", retry=asked.id)


@pytest.mark.parametrize("kind", ["scheduled", "retry", "gift"])
async def test_payout_of_a_kind_without_its_facts_is_refused(drivers: Drivers, kind: str) -> None:
    asked = await drivers.ask(100)

    with pytest.raises(DBAPIError, match="ck_payout_kind"):
        await copy(drivers, asked, kind)


@pytest.mark.parametrize("status", sorted(set(PayoutStatus) - {PayoutStatus.PENDING}))
async def test_payout_cannot_begin_in_the_middle(drivers: Drivers, status: PayoutStatus) -> None:
    asked = await drivers.ask(100)

    with pytest.raises(DBAPIError, match=r"fk_payout_previous_status_payout_transition|ck_payout_"):
        await copy(drivers, asked, "on_demand", status=status.value)


FACTS = {
    PayoutStatus.PENDING: "status = 'pending'",
    PayoutStatus.SENT: "status = 'sent', psp_transfer_id = id::text, psp_payout_id = id::text, sent_at = now()",
    PayoutStatus.PAID: "status = 'paid', paid_at = now()",
    PayoutStatus.RECOVERING: "status = 'recovering', failure_reason = 'no', psp_transfer_id = id::text",
    PayoutStatus.FAILED: "status = 'failed', failure_reason = 'no', ended_at = now()",
    PayoutStatus.RETURNED: "status = 'returned', failure_reason = 'no', ended_at = now()",
}
WAYS = {
    PayoutStatus.PENDING: [],
    PayoutStatus.SENT: [PayoutStatus.SENT],
    PayoutStatus.PAID: [PayoutStatus.SENT, PayoutStatus.PAID],
    PayoutStatus.RECOVERING: [PayoutStatus.RECOVERING],
    PayoutStatus.FAILED: [PayoutStatus.FAILED],
    PayoutStatus.RETURNED: [PayoutStatus.SENT, PayoutStatus.PAID, PayoutStatus.RECOVERING, PayoutStatus.RETURNED],
}
ILLEGAL = [
    (before, after)
    for before in PayoutStatus
    for after in PayoutStatus
    if before is not after and (before, after) not in PAYOUT_TRANSITIONS
]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
@pytest.mark.parametrize("claim", ["", "previous = 'new', "])
async def test_illegal_move_is_refused_even_with_a_claimed_past(
    drivers: Drivers, before: PayoutStatus, after: PayoutStatus, claim: str
) -> None:
    asked = await drivers.ask(100)
    for status in WAYS[before]:
        await attack_payout(drivers, asked, FACTS[status])

    with pytest.raises(DBAPIError, match=r"fk_payout_previous_status_payout_transition|ck_payout_|does not change"):
        await attack_payout(drivers, asked, claim + FACTS[after])


@pytest.mark.parametrize(
    ("assignments", "refusal"),
    [
        ("amount_minor = 5000", "does not change"),
        ("driver_id = gen_random_uuid()", "does not change"),
        ("psp_bank_id = 'ba_mine'", "does not change"),
        ("version = version", "raises its version"),
        ("status = 'sent', psp_payout_id = 'po_1', sent_at = now()", "ck_payout_transferred"),
        ("status = 'sent', psp_transfer_id = 'tr_1'", "ck_payout_sent"),
        ("psp_payout_id = 'po_2', sent_at = now()", "ck_payout_sent"),
        ("status = 'failed', failure_reason = 'no'", "ck_payout_ended"),
        ("status = 'failed', ended_at = now()", "ck_payout_failed"),
        ("paid_at = now()", "ck_payout_paid"),
    ],
)
async def test_facts_that_do_not_go_together_are_refused(drivers: Drivers, assignments: str, refusal: str) -> None:
    asked = await drivers.ask(100)
    statement = f"UPDATE payout SET {assignments} WHERE id = :id"  # noqa: S608 (of this test)
    if "version" not in assignments:
        statement = statement.replace("SET ", "SET version = version + 1, ")

    with pytest.raises(DBAPIError, match=refusal):
        await attack(drivers, statement, id=asked.id)


async def test_what_was_done_at_the_psp_does_not_change(drivers: Drivers) -> None:
    asked = await drivers.ask(100)
    await attack_payout(drivers, asked, FACTS[PayoutStatus.SENT])

    for assignment in ("psp_transfer_id = 'tr_other'", "psp_payout_id = 'po_other'"):
        with pytest.raises(DBAPIError, match="does not change"):
            await attack_payout(drivers, asked, assignment)


@pytest.mark.parametrize("statement", ["DELETE FROM payout WHERE id = :id", "TRUNCATE payout CASCADE"])
async def test_payouts_are_not_deleted(drivers: Drivers, statement: str) -> None:
    asked = await drivers.ask(100)

    with pytest.raises(DBAPIError, match="payouts are not deleted"):
        await attack(drivers, statement, **({"id": asked.id} if ":id" in statement else {}))


_TERMS = """
INSERT INTO driver_terms (id, driver_id, model, effective_from, currency_code, fee_minor, period_days, set_by,
    created_at)
VALUES (gen_random_uuid(), :driver, :model, CAST(:at AS timestamptz), :code, :fee, :days, 'op', now())
"""


@pytest.mark.parametrize(
    ("model", "code", "fee", "days", "refusal"),
    [
        ("subscription", None, None, 7, "ck_driver_terms_fee"),
        ("subscription", "USD", 0, 7, "ck_driver_terms_fee"),
        ("subscription", "USD", 100, 0, "ck_driver_terms_fee"),
        ("commission", "USD", 100, 7, "ck_driver_terms_fee"),
        ("barter", None, None, 0, "ck_driver_terms_model"),
    ],
)
async def test_terms_that_do_not_go_together_are_refused(
    drivers: Drivers, model: str, code: str | None, fee: int | None, days: int, refusal: str
) -> None:
    at = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(DBAPIError, match=refusal):
        await attack(drivers, _TERMS, driver=drivers.driver_id, model=model, at=at, code=code, fee=fee, days=days)


async def test_terms_in_the_past_are_refused(drivers: Drivers) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(DBAPIError, match="ck_driver_terms_effective_from"):
        await attack(drivers, _TERMS, driver=drivers.driver_id, model="patronage", at=at, code=None, fee=None, days=0)


_PATRONAGE = """
INSERT INTO patronage (id, period_from, period_to, currency_code, amount_minor, commission_minor, declared_by,
    created_at)
VALUES (gen_random_uuid(), CAST(:start AS timestamptz), CAST(:end AS timestamptz), 'USD', :amount, 100, 'op', now())
"""


async def test_overlapping_patronage_is_refused(drivers: Drivers) -> None:
    start = datetime(2001, 1, 1, tzinfo=UTC)
    for number, (first, last) in enumerate(((0, 10), (10, 20), (5, 6), (-5, 1), (0, 10))):
        period = {"start": start + timedelta(days=first), "end": start + timedelta(days=last), "amount": 50}
        if number < 2:
            await attack(drivers, _PATRONAGE, **period)
        else:
            with pytest.raises(DBAPIError, match="declared for a part of the period already"):
                await attack(drivers, _PATRONAGE, **period)


@pytest.mark.parametrize(
    ("days", "amount", "refusal"),
    [(1, 101, "ck_patronage_amount"), (1, 0, "ck_patronage_amount"), (0, 50, "ck_patronage_period")],
)
async def test_patronage_beyond_the_commission_is_refused(
    drivers: Drivers, days: int, amount: int, refusal: str
) -> None:
    start = datetime(1999, 1, 1, tzinfo=UTC)
    with pytest.raises(DBAPIError, match=refusal):
        await attack(drivers, _PATRONAGE, start=start, end=start + timedelta(days=days), amount=amount)


@pytest.mark.parametrize("table", ["driver_terms", "patronage", "driver_payment"])
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET id = id"])
async def test_what_was_agreed_and_paid_in_is_never_edited(drivers: Drivers, table: str, deed: str) -> None:
    with pytest.raises(DBAPIError, match="is append-only"):
        await attack(drivers, deed.format(table))


async def test_standing_that_its_balance_denies_is_refused(drivers: Drivers) -> None:
    statement = "INSERT INTO driver_standing VALUES (:driver, 'EUR', true, -6000, -5000, now())"
    with pytest.raises(DBAPIError, match="ck_driver_standing_floor"):
        await attack(drivers, statement, driver=drivers.driver_id)


async def test_more_of_a_bank_accounts_number_than_its_end_is_refused(drivers: Drivers) -> None:
    with pytest.raises(DBAPIError, match="ck_payout_account_last_digits"):
        await attack(
            drivers,
            "UPDATE payout_account SET last_digits = '000123456789' WHERE driver_id = :driver",
            driver=drivers.driver_id,
        )
