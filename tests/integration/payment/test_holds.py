"""Placing and voiding holds."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.payment_moves import PaymentStatus
from payment_service.use_cases.mutate import payment_after
from shared_kernel.errors import AlreadyExists, Conflict, InFlight, InvalidInput, NotFound
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, request_key, store_over


async def test_hold_is_placed_and_told(payments: Payments, psp: FakePsp) -> None:
    payment = await payments.hold(uuid4(), 2500)

    assert (payment.status, payment.authorized_minor) == (PaymentStatus.HELD, 2500)
    assert psp.intents[payment.psp_payment_id].amount_minor == 2500
    assert await payments.events_of(payment) == ["HoldPlaced"]


async def test_declined_hold_is_an_answer_with_its_reason(payments: Payments) -> None:
    payments.method_id = await payments.add_card("pm_card_chargeCustomerFail")

    payment = await payments.hold(uuid4())

    assert (payment.status, payment.decline_reason, payment.authorized_minor) == (
        PaymentStatus.DECLINED,
        "generic_decline",
        0,
    )
    assert await payments.events_of(payment) == ["HoldDeclined"]


async def test_repeated_request_gets_the_stored_answer_and_calls_nobody(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    first = await payments.hold(ride_id)
    await payments.capture(ride_id)
    calls = len(psp.calls)

    assert await payments.hold(ride_id) == first
    assert len(psp.calls) == calls


async def test_request_key_with_other_fields_is_refused(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, 2500)

    with pytest.raises(Conflict) as caught:
        await payments.hold(ride_id, 2600)
    assert caught.value.reason == "idempotency_key_reused"


async def test_other_key_with_the_same_fields_gets_the_same_payment(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    first = await payments.hold(ride_id, key="a")

    assert (await payments.hold(ride_id, key="b")).id == first.id
    assert len(psp.intents) == 1


async def test_other_key_with_another_amount_is_refused(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, 2500, key="a")

    with pytest.raises(AlreadyExists) as caught:
        await payments.hold(ride_id, 2600, key="b")
    assert caught.value.reason == "payment_exists"


async def test_many_at_once_with_their_own_keys_place_one_hold(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.gate = asyncio.Event()
    asked = [asyncio.create_task(payments.hold(ride_id, key=str(n))) for n in range(8)]
    # The others find the first under way and do not wait for it.
    early, waiting = await asyncio.wait(asked, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    psp.gate.set()
    answers = await asyncio.gather(*asked)

    assert {task.result().status for task in early} == {PaymentStatus.HOLD_PENDING}
    assert waiting
    assert len({answer.id for answer in answers}) == 1
    assert len(psp.intents) == 1
    settled = [await payments.hold(ride_id, key=str(n)) for n in range(8)]
    assert {payment.status for payment in settled} == {PaymentStatus.HELD}


async def test_hold_that_ends_while_it_is_asked_for_is_answered_with_its_end(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, key="a")
    asked, other = (request_key("PlaceHold", f"{ride_id}:{key}", 2500) for key in ("a", "b"))

    store = store_over(payments.database)
    assert (await payment_after(store, asked, None, ride_id)).status is PaymentStatus.HELD
    with pytest.raises(InFlight):
        await payment_after(store, other, None, ride_id)


async def test_same_request_at_once_is_told_to_ask_again(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    psp.gate = asyncio.Event()
    asked = asyncio.as_completed([payments.hold(ride_id) for _ in range(4)], timeout=60)
    for _ in range(3):
        with pytest.raises(InFlight):
            await next(asked)
    psp.gate.set()
    assert (await next(asked)).status is PaymentStatus.HELD
    assert (await payments.hold(ride_id)).status is PaymentStatus.HELD
    assert len(psp.intents) == 1


async def test_card_of_somebody_else_is_not_found(payments: Payments) -> None:
    payments.method_id = await payments.add_card("pm_card_visa", rider_id=uuid4())

    with pytest.raises(NotFound):
        await payments.hold(uuid4())


async def test_amount_of_zero_is_refused(payments: Payments) -> None:
    with pytest.raises(InvalidInput) as caught:
        await payments.hold(uuid4(), 0)
    assert caught.value.reason == "invalid_amount"


async def test_void_releases_the_hold_and_tells(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id)

    payment = await payments.void(ride_id)

    assert payment.status is PaymentStatus.VOIDED
    assert psp.intents[held.psp_payment_id].voided
    assert await payments.events_of(payment) == ["HoldPlaced", "HoldVoided"]
    assert await payments.void(ride_id, key="again") == payment


async def test_void_without_a_payment_bars_a_later_hold(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()

    tombstone = await payments.void(ride_id)

    assert tombstone.status is PaymentStatus.VOIDED
    assert tombstone.is_tombstone
    with pytest.raises(Conflict) as caught:
        await payments.hold(ride_id)
    assert caught.value.reason == "ride_closed"
    assert not psp.intents
    assert await payments.void(ride_id) == tombstone
    assert await payments.events_of(tombstone) == []


async def test_hold_after_a_voided_hold_is_refused(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    await payments.void(ride_id)

    with pytest.raises(Conflict) as caught:
        await payments.hold(ride_id, key="another")
    assert caught.value.reason == "ride_closed"


async def test_hold_and_void_at_once_end_without_a_hold(payments: Payments, psp: FakePsp) -> None:
    for _ in range(10):
        ride_id = uuid4()
        await asyncio.gather(payments.hold(ride_id), payments.void(ride_id), return_exceptions=True)
        payment = await payments.void(ride_id)

        assert payment.status is PaymentStatus.VOIDED
        assert all(intent.voided for intent in psp.intents.values() if intent.ride_id == ride_id)


async def test_void_of_a_declined_hold_leaves_it_declined(payments: Payments) -> None:
    payments.method_id = await payments.add_card("pm_card_chargeCustomerFail")
    ride_id = uuid4()
    await payments.hold(ride_id)

    assert (await payments.void(ride_id)).status is PaymentStatus.DECLINED


async def test_void_of_a_captured_payment_is_refused(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    await payments.capture(ride_id)

    with pytest.raises(Conflict) as caught:
        await payments.void(ride_id)
    assert caught.value.reason == "invalid_transition"
