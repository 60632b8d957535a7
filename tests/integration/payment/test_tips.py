"""Tips: once a ride, from what paid the ride, to the driver in full."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.payment import Funding, Purpose
from payment_service.domain.payment_moves import PaymentStatus
from shared_kernel.errors import AlreadyExists, Conflict, DomainError, InvalidInput, NotFound
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, usd
from tests.integration.payment.rider_money import RiderMoney


@pytest.fixture
def rider(payments: Payments) -> RiderMoney:
    return RiderMoney(payments)


async def test_card_ride_is_tipped_by_its_card_and_the_driver_gets_it_all(rider: RiderMoney, psp: FakePsp) -> None:
    driver_id = uuid4()
    ride_id = await rider.captured(driver_id=driver_id)

    tip = await rider.tip(ride_id, 300)

    assert (tip.status, tip.purpose, tip.captured_minor) == (PaymentStatus.CAPTURED, Purpose.TIP, 300)
    assert await rider.posted(tip.id) == [("tip", "driver", -300), ("tip", "psp_receivable", 300)]
    assert await rider.tipped_drivers(tip) == [str(driver_id)]
    assert (await rider.payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1800),)
    assert [intent.captured_minor for intent in psp.intents.values()] == [2000, 300]
    entries = await rider.payments.core.use_cases.list_journal_entries(ride_id, 100)
    assert [entry.kind.value for entry in entries] == ["capture", "tip"]


async def test_journal_of_a_ride_and_its_tip_is_paged_and_each_entry_is_shown_once(rider: RiderMoney) -> None:
    ride_id = await rider.captured()
    await rider.tip(ride_id, 300)
    page = rider.payments.core.use_cases.list_journal_entries

    [capture] = await page(ride_id, 1)
    [tip] = await page(ride_id, 1, (capture.created_at, capture.id))
    assert [entry.kind.value for entry in (capture, tip)] == ["capture", "tip"]
    assert await page(ride_id, 1, (tip.created_at, tip.id)) == []


async def test_wallet_ride_is_tipped_by_the_wallet_at_once(rider: RiderMoney, psp: FakePsp) -> None:
    await rider.top_up(3000)
    ride_id = await rider.captured(Funding.WALLET)

    tip = await rider.tip(ride_id, 1000)

    assert (tip.status, tip.funding) == (PaymentStatus.CAPTURED, Funding.WALLET)
    assert await rider.posted(tip.id) == [("tip", "driver", -1000), ("tip", "rider_wallet", 1000)]
    assert (await rider.wallet_minor(), len(psp.intents)) == (0, 1)
    assert await rider.payments.events_of(tip) == ["ChargeCollected"]
    assert await rider.tipped_drivers(tip) == [str(tip.driver_id)]


async def test_tip_that_the_wallet_does_not_hold_is_declined_and_can_be_tried_again(rider: RiderMoney) -> None:
    await rider.top_up(2500)
    ride_id = await rider.captured(Funding.WALLET)

    declined = await rider.tip(ride_id, 600)
    assert (declined.status, declined.decline_reason) == (PaymentStatus.DECLINED, "insufficient_funds")
    assert await rider.payments.events_of(declined) == ["ChargeDeclined"]

    assert (await rider.tip(ride_id, 500)).status is PaymentStatus.CAPTURED
    assert await rider.wallet_minor() == 0


async def test_declined_card_tip_can_be_tried_again(rider: RiderMoney, psp: FakePsp) -> None:
    ride_id = await rider.captured()
    psp.decline_charges = True
    assert (await rider.tip(ride_id, 300)).status is PaymentStatus.DECLINED
    psp.decline_charges = False

    assert (await rider.tip(ride_id, 400)).status is PaymentStatus.CAPTURED


async def test_cash_ride_is_not_tipped_here(rider: RiderMoney) -> None:
    ride_id = await rider.captured(Funding.CASH)

    with pytest.raises(Conflict) as caught:
        await rider.tip(ride_id, 300)
    assert caught.value.reason == "cash_tip_not_taken"


async def test_ride_that_is_not_charged_yet_cannot_be_tipped(rider: RiderMoney) -> None:
    ride_id = uuid4()
    with pytest.raises(NotFound) as unknown:
        await rider.tip(ride_id, 300)
    assert unknown.value.reason == "payment_not_found"
    await rider.payments.hold(ride_id)
    with pytest.raises(Conflict) as caught:
        await rider.tip(ride_id, 300)
    assert caught.value.reason == "not_captured"


async def test_ride_of_another_rider_is_not_found(rider: RiderMoney) -> None:
    ride_id = await rider.captured()
    rider.payments.rider_id = uuid4()

    with pytest.raises(NotFound):
        await rider.tip(ride_id, 300)


@pytest.mark.parametrize(
    ("amount_minor", "currency_code", "reason"),
    [(0, "USD", "invalid_amount"), (-1, "USD", "invalid_amount"), (2001, "USD", "invalid_amount"),
     (300, "EUR", "currency_mismatch")],
)  # fmt: skip
async def test_tip_outside_the_limits_is_refused(
    rider: RiderMoney, amount_minor: int, currency_code: str, reason: str
) -> None:
    ride_id = await rider.captured()

    with pytest.raises(InvalidInput) as caught:
        await rider.tip(ride_id, amount_minor, currency_code=currency_code)
    assert caught.value.reason == reason


async def test_tip_is_taken_within_thirty_days_and_not_later(rider: RiderMoney, clock: StillClock) -> None:
    early, late = await rider.captured(), await rider.captured()
    clock.advance(days=30)
    assert (await rider.tip(early, 300)).status is PaymentStatus.CAPTURED

    clock.advance(seconds=1)
    with pytest.raises(Conflict) as caught:
        await rider.tip(late, 300)
    assert caught.value.reason == "tip_window_over"


async def test_second_tip_of_a_ride_is_the_first_one_or_refused(rider: RiderMoney, psp: FakePsp) -> None:
    ride_id = await rider.captured()
    first = await rider.tip(ride_id, 300)

    assert await rider.tip(ride_id, 300) == first
    with pytest.raises(AlreadyExists) as caught:
        await rider.tip(ride_id, 400)
    assert caught.value.reason == "tip_exists"
    assert len(psp.intents) == 2


async def test_tips_at_once_with_their_own_keys_charge_once(rider: RiderMoney, psp: FakePsp) -> None:
    ride_id = await rider.captured()

    answers = await asyncio.gather(*(rider.tip(ride_id, 300) for _ in range(5)), return_exceptions=True)

    assert all(not isinstance(answer, Exception) or isinstance(answer, DomainError) for answer in answers), answers
    assert [intent.captured_minor for intent in psp.intents.values()] == [2000, 300]


async def test_tip_of_unknown_outcome_is_pending_and_ends_by_itself(
    rider: RiderMoney, psp: FakePsp, clock: StillClock
) -> None:
    driver_id = uuid4()
    ride_id = await rider.captured(driver_id=driver_id)
    psp.fail("charge", Fault.TIMEOUT_AFTER_EFFECT)
    assert (await rider.tip(ride_id, 300, key="k")).status is PaymentStatus.CHARGE_PENDING

    clock.advance(seconds=11)
    await rider.payments.core.sweep()

    assert (await rider.tip(ride_id, 300, key="k")).status is PaymentStatus.CAPTURED
    assert (await rider.payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1800),)
    assert [intent.captured_minor for intent in psp.intents.values()] == [2000, 300]


async def test_tip_by_a_card_that_was_removed_is_refused(rider: RiderMoney) -> None:
    ride_id = await rider.captured()
    request = rider.key("RemovePaymentMethod", None)
    await rider.payments.core.use_cases.remove_payment_method(
        request, rider.payments.rider_id, rider.payments.method_id
    )

    with pytest.raises(NotFound) as caught:
        await rider.tip(ride_id, 300)
    assert caught.value.reason == "payment_method_not_found"
