"""Payouts: from the driver's balance to the bank, and back where the bank does not take them."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.settings import PaymentSettings
from ridesharing.payment.v1 import events_pb2
from shared_kernel.errors import Conflict, DomainError, InvalidInput, LimitExceeded, NotFound, Unknown
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, core_over, request_key
from tests.integration.payment.driver_money import Drivers


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings) -> PaymentSettings:
    """Without a schedule: what is paid out is asked for."""
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> Drivers:
    return Drivers(payments, psp, clock)


async def test_payout_on_demand_takes_all_and_arrives(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)

    asked = await drivers.ask()
    assert (asked.status, asked.amount_minor, asked.kind) == (PayoutStatus.PENDING, 2000, PayoutKind.ON_DEMAND)
    assert await drivers.owed() == 0
    await drivers.settle()
    assert (await drivers.see(asked)).status is PayoutStatus.SENT
    await drivers.banks_work()

    paid = await drivers.see(asked)
    assert paid.status is PayoutStatus.PAID
    assert await drivers.entries(asked) == ["payout", "payout_paid"]
    [told] = await drivers.told(asked)
    assert isinstance(told, events_pb2.PayoutPaid)
    assert (told.payout.driver_id, told.payout.amount.amount_minor) == (str(drivers.driver_id), 2000)
    assert (told.payout.last_digits, told.payout.waiting_reason) == ("6789", "")
    assert [(it.amount_minor, it.reversals) for it in psp.transfers.values()] == [(2000, 0)]
    assert [it.amount_minor for it in psp.bank_payouts.values()] == [2000]


async def test_what_the_psp_cannot_pay_to_the_last_digit_stays_with_the_driver(drivers: Drivers, psp: FakePsp) -> None:
    psp.step_minor = 10
    await drivers.set_bank()
    await drivers.earn(1234)

    with pytest.raises(InvalidInput) as refused:
        await drivers.ask(1001)
    assert refused.value.reason == "invalid_amount"
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()

    assert ((await drivers.see(asked)).status, asked.amount_minor) == (PayoutStatus.PAID, 1230)
    assert await drivers.owed() == 4
    with pytest.raises(Conflict) as none:
        await drivers.ask()
    assert (none.value.reason, none.value.metadata["available_minor"]) == ("insufficient_balance", "0")


async def test_payout_that_failed_for_its_last_digit_is_retried_without_it(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank()
    await drivers.earn(1234)
    asked = await drivers.ask()
    psp.step_minor = 10
    await drivers.settle()
    assert (await drivers.see(asked)).status is PayoutStatus.FAILED

    again = await drivers.retry(asked)
    await drivers.settle()

    assert ((await drivers.see(again)).status, again.amount_minor) == (PayoutStatus.SENT, 1230)


async def test_bank_account_is_told_by_its_last_digits_alone(drivers: Drivers) -> None:
    account = await drivers.set_bank()

    assert (account.last_digits, account.currency_code, account.country_code) == ("6789", "USD", "US")
    assert await drivers.money.payouts.get_payout_account(drivers.driver_id, "USD") == account
    with pytest.raises(NotFound, match="bank account"):
        await drivers.money.payouts.get_payout_account(drivers.driver_id, "EUR")


async def test_two_banks_are_of_one_account_at_the_psp_and_the_later_one_counts(drivers: Drivers, psp: FakePsp) -> None:
    first = await drivers.set_bank()
    second = await drivers.set_bank("btok_us_verified_accountClosed")

    assert first.psp_account_id == second.psp_account_id
    assert list(psp.accounts.values()) == [drivers.driver_id]
    assert await drivers.money.payouts.get_payout_account(drivers.driver_id, "USD") == second


async def test_bank_asked_for_first_does_not_replace_a_later_one(drivers: Drivers, psp: FakePsp) -> None:
    psp.fail("add_bank", Fault.TIMEOUT_BEFORE_EFFECT)
    with pytest.raises(Unknown, match="not answered"):
        await drivers.set_bank(key="first")
    second = await drivers.set_bank("btok_us_verified_accountClosed")

    with pytest.raises(Conflict) as replaced:
        await drivers.set_bank(key="first")

    assert replaced.value.reason == "payout_account_replaced"
    assert await drivers.money.payouts.get_payout_account(drivers.driver_id, "USD") == second


async def test_unknown_bank_token_is_refused_by_name(drivers: Drivers) -> None:
    with pytest.raises(InvalidInput) as refused:
        await drivers.set_bank("btok_nonsense")

    assert refused.value.reason == "invalid_bank_token"
    assert [violation.field for violation in refused.value.violations] == ["bank_token"]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_AFTER_EFFECT, Fault.NOT_CONNECTED])
@pytest.mark.parametrize("method", ["open_driver_account", "add_bank"])
async def test_lost_answer_about_a_bank_is_told_to_the_same_request(
    drivers: Drivers, psp: FakePsp, method: str, fault: Fault
) -> None:
    psp.fail(method, fault)
    with pytest.raises(Unknown):
        await drivers.set_bank(key="again")
    drivers.clock.advance(seconds=11)
    for _ in range(3):
        await drivers.settle()
        drivers.clock.advance(seconds=60)

    assert (await drivers.set_bank(key="again")).last_digits == "6789"


@pytest.mark.parametrize(
    ("earned_minor", "asked_minor", "reason"),
    [
        (2000, 2001, "insufficient_balance"),
        (0, 0, "insufficient_balance"),
        (2000, 99, "below_minimum"),
        (50, 0, "below_minimum"),
    ],
)
async def test_payout_that_cannot_be_is_refused_by_name(
    drivers: Drivers, earned_minor: int, asked_minor: int, reason: str
) -> None:
    await drivers.set_bank()
    if earned_minor:
        await drivers.earn(earned_minor)

    with pytest.raises(Conflict) as refused:
        await drivers.ask(asked_minor)

    assert refused.value.reason == reason
    assert await drivers.owed() == earned_minor


async def test_payout_without_a_bank_is_refused(drivers: Drivers) -> None:
    await drivers.earn(2000)

    with pytest.raises(Conflict) as refused:
        await drivers.ask()

    assert refused.value.reason == "payout_account_missing"


async def test_no_more_than_three_payouts_a_day(drivers: Drivers) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    for _ in range(3):
        await drivers.ask(100)
        drivers.clock.advance(hours=2)

    with pytest.raises(LimitExceeded) as refused:
        await drivers.ask(100)
    assert refused.value.reason == "too_many_payouts"
    # A second's wait, which is what a refusal without a time of its own asks for, would be in vain.
    assert refused.value.retry_after_seconds == 18 * 3600

    drivers.clock.advance(hours=18)
    assert (await drivers.ask(100)).status is PayoutStatus.PENDING


async def test_where_no_payouts_can_be_asked_for_nobody_is_told_to_wait(
    drivers: Drivers, payment_settings: PaymentSettings
) -> None:
    none_a_day = payment_settings.model_copy(update={"payment_payouts_a_day": 0})
    drivers.payments.core = core_over(drivers.payments.database, none_a_day, drivers.psp, drivers.clock)
    await drivers.set_bank()
    await drivers.earn(2000)

    with pytest.raises(Conflict) as refused:
        await drivers.ask(100)

    assert refused.value.reason == "too_many_payouts"


async def test_same_request_is_one_payout(drivers: Drivers) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)

    first = await drivers.ask(500, key="same")
    assert (await drivers.ask(500, key="same")).id == first.id
    with pytest.raises(Conflict) as reused:
        await drivers.ask(600, key="same")

    assert reused.value.reason == "idempotency_key_reused"
    assert await drivers.owed() == 1500


async def test_of_two_payouts_of_everything_at_once_one_is_refused(drivers: Drivers) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)

    results = await asyncio.gather(*(drivers.ask(2000) for _ in range(5)), return_exceptions=True)

    assert len([it for it in results if isinstance(it, Payout)]) == 1
    assert {it.reason for it in results if isinstance(it, DomainError)} == {"insufficient_balance"}
    assert await drivers.owed() == 0


async def test_refused_by_the_bank_comes_back_to_the_driver(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank("btok_us_verified_noAccount")
    await drivers.earn(2000)
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()

    failed = await drivers.see(asked)
    assert (failed.status, failed.failure_reason) == (PayoutStatus.FAILED, "no_account")
    assert await drivers.owed() == 2000
    assert await drivers.entries(asked) == ["payout", "payout_failed"]
    assert [type(event) for event in await drivers.told(asked)] == [events_pb2.PayoutFailed]
    assert [it.reversals for it in psp.transfers.values()] == [1]


async def test_returned_after_it_was_paid_comes_back_to_the_driver(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank("btok_sandbox_returned")
    await drivers.earn(2000)
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()
    assert (await drivers.see(asked)).status is PayoutStatus.PAID
    await drivers.banks_work()

    returned = await drivers.see(asked)
    assert (returned.status, returned.failure_reason) == (PayoutStatus.RETURNED, "account_closed")
    assert await drivers.owed() == 2000
    assert await drivers.entries(asked) == ["payout", "payout_paid", "payout_returned", "payout_failed"]
    assert [type(event) for event in await drivers.told(asked)] == [events_pb2.PayoutPaid, events_pb2.PayoutFailed]
    assert [it.reversals for it in psp.transfers.values()] == [1]


async def test_payout_that_the_psp_refuses_takes_the_transfer_back(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    psp.refuse_payouts = "payouts_not_allowed"
    asked = await drivers.ask()
    await drivers.settle()

    failed = await drivers.see(asked)
    assert (failed.status, failed.failure_reason) == (PayoutStatus.FAILED, "payouts_not_allowed")
    assert await drivers.owed() == 2000
    assert [it.reversals for it in psp.transfers.values()] == [1]


async def test_platform_without_money_at_the_psp_makes_payouts_wait_and_not_fail(
    drivers: Drivers, psp: FakePsp
) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    psp.balance_minor = 1999
    asked = await drivers.ask()
    await drivers.settle()

    waiting = await drivers.see(asked)
    assert (waiting.status, waiting.waiting_reason, waiting.waits) == (PayoutStatus.PENDING, "balance_insufficient", 1)
    psp.balance_minor = 2000
    drivers.clock.advance(seconds=10)
    await drivers.settle()

    sent = await drivers.see(asked)
    assert (sent.status, sent.waiting_reason) == (PayoutStatus.SENT, "")
    assert len(psp.transfers) == 1


async def test_operator_sends_a_waiting_payout_at_once(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    psp.balance_minor = 0
    asked = await drivers.ask()
    await drivers.settle()
    psp.balance_minor = 5000

    retried = await drivers.retry(asked)
    await drivers.settle()

    assert retried.id == asked.id
    assert (await drivers.see(asked)).status is PayoutStatus.SENT


async def test_failed_payout_is_retried_once_to_the_bank_of_today(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank("btok_us_verified_accountClosed")
    await drivers.earn(2000)
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()
    await drivers.set_bank()

    retried = await drivers.retry(asked)
    again = await drivers.retry(asked)
    await drivers.settle()
    await drivers.banks_work()

    assert (again.id, retried.retry_of, retried.kind) == (retried.id, asked.id, PayoutKind.RETRY)
    assert (await drivers.see(retried)).status is PayoutStatus.PAID
    assert await drivers.owed() == 0
    with pytest.raises(Conflict) as refused:
        await drivers.retry(retried)
    assert refused.value.reason == "invalid_transition"


LOST = [
    Fault.TIMEOUT_BEFORE_EFFECT,
    Fault.TIMEOUT_AFTER_EFFECT,
    Fault.ERROR_BEFORE_EFFECT,
    Fault.ERROR_AFTER_EFFECT,
    Fault.NOT_CONNECTED,
    Fault.CALLER_DIES,
]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("method", ["transfer", "send_payout", "take_back"])
async def test_lost_answer_moves_no_money_twice(drivers: Drivers, psp: FakePsp, method: str, fault: Fault) -> None:
    await drivers.set_bank("btok_us_verified_noAccount")
    await drivers.earn(2000)
    psp.fail(method, fault)
    asked = await drivers.ask()
    for _ in range(4):
        await drivers.settle()
        await drivers.banks_work()

    assert (await drivers.see(asked)).status is PayoutStatus.FAILED
    assert await drivers.owed() == 2000
    assert [(it.amount_minor, it.reversals) for it in psp.transfers.values()] == [(2000, 1)]
    assert len(psp.bank_payouts) == 1
    assert psp.balance_minor == 10**9


@pytest.mark.parametrize("method", ["transfer", "send_payout", "take_back"])
async def test_psp_that_is_away_for_days_delays_a_payout_and_fails_none(
    drivers: Drivers, psp: FakePsp, method: str
) -> None:
    await drivers.set_bank("btok_us_verified_noAccount")
    await drivers.earn(2000)
    psp.fail(method, *[Fault.NOT_CONNECTED] * 200)
    asked = await drivers.ask()
    for _ in range(10):
        await drivers.settle()
        await drivers.banks_work()
    psp.faults.clear()
    for _ in range(10):
        await drivers.settle()
        await drivers.banks_work()

    assert (await drivers.see(asked)).failure_reason == "no_account"
    assert await drivers.owed() == 2000
    assert [it.reversals for it in psp.transfers.values()] == [1]
    assert len(psp.bank_payouts) == 1


async def test_payout_that_cannot_be_looked_at_stays_as_it_is(drivers: Drivers, psp: FakePsp) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    asked = await drivers.ask()
    psp.sees_nothing = True
    await drivers.settle()
    await drivers.banks_work()
    assert (await drivers.see(asked)).status is PayoutStatus.SENT

    psp.sees_nothing = False
    await drivers.banks_work()
    assert (await drivers.see(asked)).status is PayoutStatus.PAID


async def test_paid_payout_is_looked_at_for_ten_days_and_then_no_more(drivers: Drivers) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()
    assert (await drivers.see(asked)).look_at is not None

    await drivers.banks_work(11 * 24)

    assert (await drivers.see(asked)).look_at is None


async def test_payouts_are_paged_newest_first_and_are_the_drivers_own(drivers: Drivers, payments: Payments) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    asked = [await drivers.ask(100) for _ in range(3)]
    list_payouts = drivers.money.payouts.list_payouts

    first, last = await list_payouts(drivers.driver_id, None, None, 2)
    second, end = await list_payouts(drivers.driver_id, PayoutStatus.PENDING, last, 2)

    assert [it.id for it in [*first, *second]] == [it.id for it in reversed(asked)]
    assert end is None
    assert await list_payouts(uuid4(), None, None, 2) == ([], None)
    with pytest.raises(NotFound):
        await drivers.money.payouts.get_payout(asked[0].id, uuid4())
    with pytest.raises(NotFound):
        await payments.core.driver_money.payouts.retry_payout(request_key("RetryPayout", str(uuid4())), uuid4())
