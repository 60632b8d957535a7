"""What riders owe: paid by card, given up by operators, and in the way of new rides until then."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.adjustment import AdjustmentKind
from payment_service.domain.payment import Funding, Purpose
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.settings import PaymentSettings
from shared_kernel.errors import Conflict, DomainError, InvalidInput
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, core_over, fare, usd
from tests.integration.payment.rider_money import RiderMoney


@pytest.fixture
def rider(payments: Payments) -> RiderMoney:
    return RiderMoney(payments)


@pytest.mark.parametrize("funding", list(Funding))
async def test_rider_who_owes_gets_no_new_hold_until_it_is_paid(
    rider: RiderMoney, psp: FakePsp, funding: Funding
) -> None:
    await rider.top_up(5000)
    await rider.owe(psp, 700)

    with pytest.raises(Conflict) as caught:
        await rider.payments.hold(uuid4(), funding=funding)
    assert (caught.value.reason, dict(caught.value.metadata)) == (
        "rider_in_arrears",
        {"currency_code": "USD", "amount_minor": "700"},
    )

    paid = await rider.pay_arrears()
    assert (paid.status, paid.purpose, paid.captured_minor) == (PaymentStatus.CAPTURED, Purpose.ARREARS, 700)
    assert await rider.posted(paid.id) == [
        ("collection", "psp_receivable", 700),
        ("collection", "rider_receivable", -700),
    ]
    assert await rider.owed_minor() == 0
    assert (await rider.payments.hold(uuid4(), funding=funding)).status is PaymentStatus.HELD


async def test_ride_that_has_its_hold_is_not_stopped_by_later_debts(rider: RiderMoney, psp: FakePsp) -> None:
    ride_id = uuid4()
    held = await rider.payments.hold(ride_id)
    await rider.owe(psp, 700)

    assert await rider.payments.hold(ride_id) == held
    assert (await rider.payments.hold(ride_id, key="other")).id == held.id
    assert (await rider.payments.capture(ride_id)).status is PaymentStatus.CAPTURED


async def test_debt_that_is_being_collected_stops_nobody(rider: RiderMoney) -> None:
    ride_id = uuid4()
    await rider.payments.hold(ride_id, 1000)
    await rider.payments.capture(ride_id, fare(1700))

    assert (await rider.payments.hold(uuid4())).status is PaymentStatus.HELD
    balance = await rider.balance()
    assert (balance.arrears, balance.arrears_in_collection) == (usd(700), usd(700))
    with pytest.raises(Conflict) as caught:
        await rider.pay_arrears()
    assert caught.value.reason == "arrears_in_collection"


async def test_debt_up_to_the_limit_stops_nobody(
    rider: RiderMoney, psp: FakePsp, clock: StillClock, payment_settings: PaymentSettings
) -> None:
    lenient = payment_settings.model_copy(update={"payment_rider_arrears_limit_minor": 700})
    rider.payments.core = core_over(rider.payments.database, lenient, psp, clock)
    await rider.owe(psp, 700)
    await rider.payments.hold(uuid4())
    await rider.owe(psp, 1)

    with pytest.raises(Conflict):
        await rider.payments.hold(uuid4())


async def test_debts_of_several_rides_are_paid_together(
    rider: RiderMoney, psp: FakePsp, clock: StillClock, payment_settings: PaymentSettings
) -> None:
    lenient = payment_settings.model_copy(update={"payment_rider_arrears_limit_minor": 10_000})
    rider.payments.core = core_over(rider.payments.database, lenient, psp, clock)
    await rider.owe(psp, 700)
    await rider.owe(psp, 50)

    assert (await rider.pay_arrears()).captured_minor == 750


async def test_declined_payment_of_arrears_leaves_the_debt(rider: RiderMoney, psp: FakePsp) -> None:
    await rider.owe(psp, 700)
    psp.decline_charges = True

    assert (await rider.pay_arrears()).status is PaymentStatus.DECLINED

    balance = await rider.balance()
    assert (balance.arrears, balance.arrears_in_collection) == (usd(700), usd(0))


async def test_unknown_payment_of_arrears_is_settled_before_another(
    rider: RiderMoney, psp: FakePsp, clock: StillClock
) -> None:
    await rider.owe(psp, 700)
    psp.fail("charge", Fault.TIMEOUT_AFTER_EFFECT)
    assert (await rider.pay_arrears(key="one")).status is PaymentStatus.CHARGE_PENDING

    with pytest.raises(Conflict) as caught:
        await rider.pay_arrears(key="two")

    assert caught.value.reason == "no_arrears"
    assert (await rider.pay_arrears(key="one")).status is PaymentStatus.CAPTURED
    assert (await rider.owed_minor(), [i.captured_minor for i in psp.intents.values()]) == (0, [1000, 700])


async def test_payments_of_arrears_at_once_collect_once(rider: RiderMoney, psp: FakePsp) -> None:
    await rider.owe(psp, 700)

    answers = await asyncio.gather(*(rider.pay_arrears() for _ in range(5)), return_exceptions=True)

    assert all(not isinstance(answer, Exception) or isinstance(answer, DomainError) for answer in answers), answers
    assert (await rider.owed_minor(), [i.captured_minor for i in psp.intents.values()]) == (0, [1000, 700])


async def test_nothing_owed_is_nothing_to_pay(rider: RiderMoney) -> None:
    with pytest.raises(Conflict) as caught:
        await rider.pay_arrears()
    assert caught.value.reason == "no_arrears"
    with pytest.raises(InvalidInput) as unknown:
        await rider.pay_arrears(currency_code="XXA")
    assert unknown.value.reason == "unknown_currency"


async def test_debt_is_given_up_as_a_bad_one_and_never_more_than_is_owed(rider: RiderMoney, psp: FakePsp) -> None:
    await rider.owe(psp, 700)
    with pytest.raises(Conflict) as caught:
        await rider.adjust(AdjustmentKind.WRITE_OFF, 701)
    assert (caught.value.reason, caught.value.metadata["available_minor"]) == ("exceeds_arrears", "700")

    given_up = await rider.adjust(AdjustmentKind.WRITE_OFF, 700)

    assert await rider.posted(given_up.id) == [("write_off", "bad_debt", 700), ("write_off", "rider_receivable", -700)]
    assert (await rider.payments.hold(uuid4())).status is PaymentStatus.HELD


async def test_debt_that_is_being_collected_is_not_given_up(rider: RiderMoney) -> None:
    ride_id = uuid4()
    await rider.payments.hold(ride_id, 1000)
    await rider.payments.capture(ride_id, fare(1700))

    with pytest.raises(Conflict) as caught:
        await rider.adjust(AdjustmentKind.WRITE_OFF, 1)
    assert caught.value.metadata["available_minor"] == "0"
