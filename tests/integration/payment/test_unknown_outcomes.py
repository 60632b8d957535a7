"""Answers that are lost: pending, resolved under the same key, and never done twice."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from payment_service.domain.payment_moves import PaymentStatus
from payment_service.settings import PaymentSettings
from shared_kernel.errors import Conflict, InFlight, Unknown
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import CallerDiedError, FakePsp, Fault
from tests.integration.payment.conftest import Payments, fare, usd

LOST = [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT, Fault.NOT_CONNECTED]
FAILED = [Fault.ERROR_BEFORE_EFFECT, Fault.ERROR_AFTER_EFFECT]


async def sweep(payments: Payments) -> None:
    """Sweep until there is nothing due."""
    for _ in range(50):
        if not await payments.core.sweep():
            return
    raise AssertionError("the sweep does not end")


@pytest.mark.parametrize("fault", LOST)
async def test_lost_answer_of_a_hold_is_pending_and_the_same_request_tells(
    payments: Payments, psp: FakePsp, fault: Fault
) -> None:
    ride_id = uuid4()
    psp.fail("authorize", fault)

    pending = await payments.hold(ride_id)
    held = await payments.hold(ride_id)

    assert pending.status is PaymentStatus.HOLD_PENDING
    assert held.status is PaymentStatus.HELD
    assert len(psp.intents) == 1
    assert len({key for method, key in psp.calls if method == "authorize"}) == 1
    assert await payments.events_of(held) == ["HoldPlaced"]


@pytest.mark.parametrize("fault", LOST)
async def test_sweep_resolves_a_hold_after_ten_seconds(
    payments: Payments, psp: FakePsp, clock: StillClock, fault: Fault
) -> None:
    ride_id = uuid4()
    psp.fail("authorize", fault)
    await payments.hold(ride_id)

    clock.advance(seconds=9.9)
    await sweep(payments)
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HOLD_PENDING
    clock.advance(seconds=0.2)
    await sweep(payments)

    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HELD
    assert (await payments.hold(ride_id)).status is PaymentStatus.HELD
    assert len(psp.intents) == 1


async def test_once_the_psp_answers_others_nobody_rests_for_minutes(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    ride_id = uuid4()
    psp.fail("authorize", *[Fault.NOT_CONNECTED] * 6)
    await payments.hold(ride_id)
    for seconds in (10, 20, 40, 80, 160):
        clock.advance(seconds=seconds + 0.1)
        await sweep(payments)
    # Its next try is 320 s away.
    clock.advance(seconds=60)
    await sweep(payments)
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HOLD_PENDING

    assert (await payments.hold(uuid4())).status is PaymentStatus.HELD
    await sweep(payments)
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HOLD_PENDING
    clock.advance(seconds=30.1)
    await sweep(payments)

    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HELD
    assert len(psp.intents) == 2


async def left_in_doubt(payments: Payments, psp: FakePsp, clock: StillClock, count: int) -> list[UUID]:
    """Ask for so many holds while the PSP is away, until the next try of each is minutes away."""
    rides = [uuid4() for _ in range(count)]
    psp.fail("authorize", *[Fault.NOT_CONNECTED] * 6 * count)
    for ride_id in rides:
        await payments.hold(ride_id)
    for seconds in (10, 20, 40, 80, 160):
        clock.advance(seconds=seconds + 0.1)
        await sweep(payments)
    clock.advance(seconds=60)
    return rides


async def held_of(payments: Payments, rides: list[UUID]) -> int:
    found = [await payments.core.use_cases.get_payment(ride_id, None) for ride_id in rides]
    return sum(payment.status is PaymentStatus.HELD for payment in found)


async def test_the_longer_the_psp_answers_all_the_more_of_those_in_doubt_are_asked_about(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    rides = await left_in_doubt(payments, psp, clock, 24)
    assert (await payments.hold(uuid4())).status is PaymentStatus.HELD
    await sweep(payments)
    clock.advance(seconds=5.1)
    await sweep(payments)

    clock.advance(seconds=25)
    await sweep(payments)
    first = await held_of(payments, rides)
    clock.advance(seconds=5.1)
    await sweep(payments)

    assert (first, await held_of(payments, rides)) == (8, 24)


async def test_while_the_psp_leaves_some_unanswered_few_of_those_in_doubt_are_asked_about(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    rides = await left_in_doubt(payments, psp, clock, 24)
    assert (await payments.hold(uuid4())).status is PaymentStatus.HELD
    await sweep(payments)
    psp.fail("authorize", Fault.NOT_CONNECTED)
    unanswered = await payments.hold(uuid4())
    assert unanswered.status is PaymentStatus.HOLD_PENDING
    clock.advance(seconds=5.1)
    await sweep(payments)

    clock.advance(seconds=30.1)
    await sweep(payments)

    assert await held_of(payments, rides) == 16


@pytest.mark.parametrize("fault", FAILED)
@pytest.mark.parametrize("operation", ["authorize", "capture", "void"])
async def test_failure_that_the_psp_replays_is_looked_up(
    payments: Payments, psp: FakePsp, fault: Fault, operation: str
) -> None:
    ride_id = uuid4()
    psp.fail(operation, fault)
    held = await payments.hold(ride_id)
    act = {"authorize": payments.hold, "capture": payments.capture, "void": payments.void}[operation]
    if operation != "authorize":
        held = await act(ride_id)
    assert held.status.is_pending

    # The replay proves nothing; the look does. Without an effect a new key is sent.
    await act(ride_id)
    settled = await act(ride_id)

    assert settled.status.value == {"authorize": "held", "capture": "captured", "void": "voided"}[operation]
    assert [intent.authorizations for intent in psp.intents.values()] == [1]
    keys = {key for method, key in psp.calls if method == operation}
    assert len(keys) == (1 if fault is Fault.ERROR_AFTER_EFFECT else 2)


@pytest.mark.parametrize("fault", LOST)
async def test_lost_answer_of_a_capture_collects_once_and_posts_once(
    payments: Payments, psp: FakePsp, clock: StillClock, fault: Fault
) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    held = await payments.hold(ride_id)
    psp.fail("capture", fault, fault)

    pending = await payments.capture(ride_id, driver_id=driver_id)
    clock.advance(seconds=11)
    await sweep(payments)
    clock.advance(seconds=21)
    await sweep(payments)

    assert pending.status is PaymentStatus.CAPTURE_PENDING
    assert (await payments.capture(ride_id, driver_id=driver_id)).status is PaymentStatus.CAPTURED
    assert psp.intents[held.psp_payment_id].captures == 1
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1500),)
    assert await payments.events_of(held) == ["HoldPlaced", "PaymentCaptured"]


async def test_void_resolves_an_unknown_hold_first(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
    await payments.hold(ride_id)

    payment = await payments.void(ride_id)

    assert payment.status is PaymentStatus.VOIDED
    assert [method for method, _ in psp.calls][-3:] == ["authorize", "authorize", "void"]
    assert [intent.voided for intent in psp.intents.values()] == [True]


async def test_void_stays_pending_while_the_hold_is_unknown_and_does_nothing(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT, Fault.TIMEOUT_AFTER_EFFECT)
    await payments.hold(ride_id)

    assert (await payments.void(ride_id)).status is PaymentStatus.HOLD_PENDING
    assert not any(method == "void" for method, _ in psp.calls)
    assert (await payments.void(ride_id)).status is PaymentStatus.VOIDED


async def test_void_of_a_hold_that_was_declined_meanwhile_says_declined(payments: Payments, psp: FakePsp) -> None:
    payments.method_id = await payments.add_card("pm_card_chargeCustomerFail")
    ride_id = uuid4()
    psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
    await payments.hold(ride_id)

    assert (await payments.void(ride_id)).status is PaymentStatus.DECLINED


async def test_hold_that_the_psp_calls_pending_is_asked_about_not_sent_again(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.fail("authorize", Fault.PENDING)

    assert (await payments.hold(ride_id)).status is PaymentStatus.HOLD_PENDING
    assert (await payments.hold(ride_id)).status is PaymentStatus.HELD
    assert [method for method, _ in psp.calls].count("authorize") == 1


async def test_after_a_day_an_unknown_hold_is_looked_up_and_one_without_effect_is_given_up(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    effected, lost = uuid4(), uuid4()
    psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT, Fault.TIMEOUT_BEFORE_EFFECT)
    await payments.hold(effected)
    await payments.hold(lost)
    sent = len(psp.calls)

    clock.advance(hours=25)
    await sweep(payments)

    assert len(psp.calls) == sent
    assert (await payments.core.use_cases.get_payment(effected, None)).status is PaymentStatus.HELD
    given_up = await payments.core.use_cases.get_payment(lost, None)
    assert (given_up.status, given_up.decline_reason) == (PaymentStatus.DECLINED, "abandoned")


async def test_after_a_day_a_capture_without_effect_is_sent_with_a_new_key(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id)
    psp.fail("capture", Fault.TIMEOUT_BEFORE_EFFECT)
    assert (await payments.capture(ride_id)).status is PaymentStatus.CAPTURE_PENDING

    clock.advance(hours=25)
    await sweep(payments)
    clock.advance(hours=1)
    await sweep(payments)

    keys = {key for method, key in psp.calls if method == "capture"}
    assert {key.rsplit(":", 1)[1] for key in keys} == {"1", "2"}
    assert psp.intents[held.psp_payment_id].captures == 1
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.CAPTURED


async def test_process_that_died_before_its_answer_is_taken_over_after_the_lease(
    payments: Payments, payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id)
    psp.fail("capture", Fault.CALLER_DIES)
    with pytest.raises(CallerDiedError):
        await payments.capture(ride_id, fare(2000))
    assert psp.intents[held.psp_payment_id].captures == 1

    clock.advance(seconds=payment_settings.payment_lease_seconds - 1)
    await sweep(payments)
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.CAPTURE_PENDING
    clock.advance(seconds=2)
    await asyncio.gather(sweep(payments), sweep(payments))

    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.CAPTURED
    assert psp.intents[held.psp_payment_id].captures == 1
    assert len(await payments.core.use_cases.list_journal_entries(ride_id, 100)) == 1


async def test_caller_that_goes_away_does_not_stop_the_record(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.gate = asyncio.Event()
    asked = asyncio.create_task(payments.hold(ride_id))
    await asyncio.wait_for(psp.asked.wait(), timeout=10)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    psp.gate.set()
    await payments.core.settle.drain()

    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HELD


async def test_hold_asked_with_another_key_while_its_capture_is_unknown_is_not_pending_for_ever(
    payments: Payments, psp: FakePsp
) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    psp.fail("capture", Fault.TIMEOUT_AFTER_EFFECT, Fault.TIMEOUT_BEFORE_EFFECT)
    await payments.capture(ride_id)

    assert (await payments.hold(ride_id, key="another")).status is PaymentStatus.CAPTURE_PENDING
    assert (await payments.hold(ride_id, key="another")).status is PaymentStatus.CAPTURED


async def test_request_that_could_not_begin_is_not_answered_with_the_payment_as_it_stands(
    payments: Payments, psp: FakePsp
) -> None:
    await payments.grant_credit(600)
    ride_id = uuid4()
    await payments.hold(ride_id, 2500)
    await payments.capture(ride_id, fare(500))
    # Credit covers the charge, so the card's hold is being let go of: an operation on a captured payment.
    psp.gate = asyncio.Event()
    sweeping = asyncio.create_task(payments.core.sweep())
    await asyncio.wait_for(psp.asked.wait(), timeout=10)

    with pytest.raises(InFlight):
        await payments.void(ride_id)
    psp.gate.set()
    await sweeping

    with pytest.raises(Conflict) as caught:
        await payments.void(ride_id)
    assert caught.value.reason == "invalid_transition"


async def test_sweeps_of_two_replicas_ask_once(payments: Payments, psp: FakePsp, clock: StillClock) -> None:
    ride_id = uuid4()
    psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
    await payments.hold(ride_id)
    clock.advance(seconds=11)
    before = len(psp.calls)

    await asyncio.gather(*(payments.core.sweep() for _ in range(4)))

    assert len(psp.calls) == before + 1


async def test_card_whose_answer_was_lost_is_told_by_the_same_request(payments: Payments, psp: FakePsp) -> None:
    rider_id = uuid4()
    psp.fail("attach_card", Fault.TIMEOUT_AFTER_EFFECT)

    with pytest.raises(Unknown):
        await payments.add_card("pm_card_visa", rider_id, key="k")
    added = await payments.add_card("pm_card_visa", rider_id, key="k")

    assert [card.id for card in await payments.core.use_cases.list_payment_methods(rider_id, 100)] == [added]
