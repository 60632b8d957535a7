"""Captures that wait together: one transaction, each with its own result, and nobody spoils it for the others."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.payment_moves import PaymentStatus
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, fare, store_over, usd


async def held(payments: Payments, *funding: Funding) -> list[Payment]:
    return [await payments.hold(uuid4(), funding=each) for each in funding]


async def transactions_of(payments: Payments, ride_ids: list[object]) -> int:
    statement = "SELECT count(DISTINCT xmin::text) AS n FROM payment WHERE ride_id = ANY(:ride_ids)"
    return (await payments.rows(statement, ride_ids=ride_ids))[0]["n"]


async def test_captures_that_wait_are_committed_together(payments: Payments) -> None:
    await payments.fund_wallet(100_000)
    rides = await held(payments, *[Funding.CASH, Funding.WALLET] * 8)
    driver_id = uuid4()

    captured = await asyncio.gather(*(payments.capture(ride.ride_id or uuid4(), driver_id=driver_id) for ride in rides))

    assert {payment.status for payment in captured} == {PaymentStatus.CAPTURED}
    assert [payment.ride_id for payment in captured] == [ride.ride_id for ride in rides]
    assert await transactions_of(payments, [ride.ride_id for ride in rides]) == 1
    # By wallet they earn 1500 of each ride; by cash they have 2000 of it in hand and owe 500.
    assert await payments.balance(AccountKind.DRIVER, driver_id) == 8 * 1500 - 8 * 500
    assert await payments.balance(AccountKind.RIDER_WALLET, payments.rider_id) == 100_000 - 8 * 2000
    for payment in captured:
        assert await payments.events_of(payment) == ["HoldPlaced", "PaymentCaptured"]


async def test_captures_by_card_are_concluded_together(payments: Payments, psp: FakePsp) -> None:
    rides = await held(payments, *[Funding.CARD] * 6)

    captured = await asyncio.gather(*(payments.capture(ride.ride_id or uuid4()) for ride in rides))

    assert {payment.status for payment in captured} == {PaymentStatus.CAPTURED}
    assert all(psp.intents[payment.psp_payment_id].captured_minor == 2000 for payment in captured)
    statement = "SELECT count(*) AS n FROM psp_operation WHERE payment_id = ANY(:ids) AND state = 'succeeded'"
    rows = await payments.rows(statement, ids=[payment.id for payment in captured])
    assert rows[0]["n"] == 12


async def test_bad_captures_are_refused_each_for_its_own_reason_and_the_rest_is_collected(payments: Payments) -> None:
    good, declined, foreign, voided = await held(payments, *[Funding.CASH] * 4)
    rides = [payment.ride_id or uuid4() for payment in (good, declined, foreign, voided)]
    await payments.void(rides[3])
    euro = ChargeLine(ChargeLineKind.FARE, Money("EUR", 2000))

    results = await asyncio.gather(
        payments.capture(rides[0]),
        payments.capture(rides[1], fare(0)),
        payments.capture(rides[2], euro),
        payments.capture(rides[3]),
        payments.capture(uuid4()),
        return_exceptions=True,
    )

    assert isinstance(results[0], Payment)
    assert results[0].status is PaymentStatus.CAPTURED
    reasons = [(type(error), error.reason) for error in results[1:] if isinstance(error, DomainError)]
    assert reasons == [
        (InvalidInput, "invalid_amount"),
        (InvalidInput, "currency_mismatch"),
        (Conflict, "invalid_transition"),
        (NotFound, "payment_not_found"),
    ]
    # A refusal leaves no trace of its key: it may come again with other fields.
    assert (await payments.capture(rides[1])).captured_minor == 2000


async def test_one_key_sent_many_times_at_once_is_one_capture(payments: Payments) -> None:
    (ride,) = await held(payments, Funding.CASH)
    ride_id, driver_id = ride.ride_id or uuid4(), uuid4()

    answers = await asyncio.gather(*(payments.capture(ride_id, driver_id=driver_id) for _ in range(12)))

    assert set(answers) == {answers[0]}
    assert await payments.balance(AccountKind.DRIVER, driver_id) == -500


async def test_a_key_reused_among_others_is_refused_alone(payments: Payments) -> None:
    first, second = await held(payments, Funding.CASH, Funding.CASH)
    rides = [first.ride_id or uuid4(), second.ride_id or uuid4()]
    await payments.capture(rides[0])

    reused, other = await asyncio.gather(
        payments.capture(rides[0], fare(1000)), payments.capture(rides[1]), return_exceptions=True
    )

    assert isinstance(reused, Conflict)
    assert reused.reason == "idempotency_key_reused"
    assert isinstance(other, Payment)


async def test_one_ride_captured_under_two_keys_at_once_is_collected_once(payments: Payments) -> None:
    (ride,) = await held(payments, Funding.CASH)
    ride_id = ride.ride_id or uuid4()

    results = await asyncio.gather(
        payments.capture(ride_id, key="one"), payments.capture(ride_id, key="two"), return_exceptions=True
    )

    assert sum(isinstance(result, Payment) for result in results) == 1
    assert [error.reason for error in results if isinstance(error, Conflict)] == ["invalid_transition"]


async def test_a_group_that_the_database_refuses_is_done_one_by_one(payments: Payments) -> None:
    rides = [payment.ride_id or uuid4() for payment in await held(payments, *[Funding.CASH] * 3)]
    payment_id = (await payments.rows("SELECT id FROM payment WHERE ride_id = :id", id=rides[1]))[0]["id"]
    # What only the database finds out, and only at the end: there is an entry for this capture already.
    postings = (Posting(Account(AccountKind.BANK), usd(5)), Posting(Account(AccountKind.PROMO), usd(-5)))
    async with store_over(payments.database).transaction() as work:
        await work.ledger.post(JournalEntry(uuid4(), EntryKind.CAPTURE, payment_id, None, StillClock().now(), postings))

    results = await asyncio.gather(*(payments.capture(ride_id) for ride_id in rides), return_exceptions=True)

    assert [isinstance(result, Payment) for result in results] == [True, False, True]
    assert "uq_journal_entry_kind_source_id" in str(results[1])


@pytest.mark.parametrize("count", [1, 5])
async def test_wallet_rides_of_one_rider_captured_at_once_never_overdraw_it(payments: Payments, count: int) -> None:
    await payments.fund_wallet(2500 * count)
    rides = [payment.ride_id or uuid4() for payment in await held(payments, *[Funding.WALLET] * count)]

    captured = await asyncio.gather(*(payments.capture(ride_id, fare(3000)) for ride_id in rides))

    assert sum(payment.captured_minor for payment in captured) <= 2500 * count
    assert all(payment.captured_minor + payment.receivable_minor == 3000 for payment in captured)
    left = await payments.balance(AccountKind.RIDER_WALLET, payments.rider_id)
    assert left == 2500 * count - sum(payment.captured_minor for payment in captured)
    assert usd(left) >= usd(0)
