"""The PSP's events: twice, out of order, early, late, never, badly signed, about nothing known, and in floods."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from jitney.sandbox.settings import HANDLED_EVENTS
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.psp_event import MAX_TRIES, PspEventState
from payment_service.use_cases.receive_psp_event import MAX_WAITING
from shared_kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from tests.fakes.payment_psp import Fault
from tests.integration.payment.conftest import fare
from tests.integration.payment.psp_stage import Stage, signed, stage

__all__ = ["stage"]


async def test_event_that_comes_twice_is_kept_once(stage: Stage) -> None:
    name = f"evt_{uuid4().hex}"
    payload, signature = stage.event("payment_intent.succeeded", {"id": f"pi_{stage.psp.prefix}_9"}, name)
    receive = stage.payments.core.refunds.psp_events.receive

    assert await receive(payload, signature)
    assert not await receive(payload, signature)

    rows = await stage.payments.rows("SELECT payload FROM psp_event WHERE id = :id", id=name)
    assert [row["payload"] for row in rows] == [payload]


async def test_badly_signed_or_old_events_are_refused_and_not_kept(stage: Stage) -> None:
    payload, signature = stage.event("payment_intent.succeeded", {"id": f"pi_{stage.psp.prefix}_9"})
    now = stage.clock.now().timestamp()
    bad = [
        (payload + b" ", signature),
        (payload, signed(payload, now, "another")),
        (payload, signed(payload, now - 301)),
        (payload, signed(payload, now + 301)),
        (payload, ""),
        (payload, "t=,v1="),
        (payload, "v1=00"),
        (payload, "t=\u0661,v1=\u00e9"),
        (payload, signature.replace("v1", "v0")),
    ]

    for body, header in bad:
        with pytest.raises(InvalidInput) as refused:
            await stage.payments.core.refunds.psp_events.receive(body, header)
        assert refused.value.reason == "invalid_signature"
    assert await stage.states() == []


@pytest.mark.parametrize("body", [b"{}", b"[]", b"\xff", b'{"id":"evt_1","type":"x","data":{"object":{"id":5}}}', b"1"])
async def test_signed_nonsense_is_refused_by_name(stage: Stage, body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        await stage.payments.core.refunds.psp_events.receive(body, signed(body, stage.clock.now().timestamp()))

    assert refused.value.reason == "invalid_psp_event"


async def test_event_of_a_type_that_matters_not_is_kept_and_left_alone(stage: Stage) -> None:
    await stage.tell("customer.updated", {"id": f"cus_{stage.psp.prefix}_1"})
    await stage.apply()

    assert await stage.states() == [("customer.updated", "ignored", "")]


async def test_hold_that_the_psp_let_go_of_expires(stage: Stage) -> None:
    ride_id = uuid4()
    held = await stage.payments.hold(ride_id)
    stage.psp.intents[held.psp_payment_id].voided = True

    await stage.tell_of_intent("payment_intent.canceled", held)
    await stage.tell_of_intent("payment_intent.canceled", held)
    await stage.apply()

    assert (await stage.payment_now(held)).status is PaymentStatus.EXPIRED
    assert await stage.payments.events_of(held) == ["HoldPlaced", "HoldExpired"]
    assert [state for _, state, _ in await stage.states()] == ["applied", "applied"]


async def test_ride_after_an_expired_hold_is_charged_all_the_same(stage: Stage) -> None:
    ride_id = uuid4()
    held = await stage.payments.hold(ride_id)
    stage.psp.intents[held.psp_payment_id].voided = True
    await stage.tell_of_intent("payment_intent.canceled", held)
    await stage.apply()

    captured = await stage.payments.capture(ride_id, fare(2000), driver_id=stage.driver_id)

    assert (captured.status, captured.receivable_minor) == (PaymentStatus.CAPTURED, 2000)


async def test_event_about_a_void_of_ours_changes_nothing(stage: Stage) -> None:
    ride_id = uuid4()
    await stage.payments.hold(ride_id)
    voided = await stage.payments.void(ride_id)

    await stage.tell_of_intent("payment_intent.canceled", voided)
    await stage.apply()

    assert await stage.payments.events_of(voided) == ["HoldPlaced", "HoldVoided"]


@pytest.mark.parametrize("event_type", HANDLED_EVENTS)
async def test_every_type_that_the_sandbox_posts_is_taken_in(stage: Stage, event_type: str) -> None:
    object_id = f"obj_{stage.psp.prefix}_{event_type}"
    await stage.tell(event_type, {"id": object_id})

    # Taken out again: it is about nothing, and others' events are applied from the same table.
    rows = await stage.payments.rows("DELETE FROM psp_event WHERE object_id = :id RETURNING state", id=object_id)
    assert [row["state"] for row in rows] == ["received"]


@pytest.mark.parametrize("status", ["requires_capture", "succeeded"])
async def test_event_that_tells_what_is_written_already_asks_the_psp_nothing(stage: Stage, status: str) -> None:
    captured = await stage.captured()

    await stage.tell_of_intent("payment_intent.succeeded", captured, status=status)
    await stage.apply()

    assert [state for _, state, _ in await stage.states()] == ["applied"]
    assert stage.psp.looks == []


async def test_event_that_tells_of_a_release_is_believed_only_once_the_psp_shows_it(stage: Stage) -> None:
    held = await stage.payments.hold(uuid4())

    await stage.tell_of_intent("payment_intent.canceled", held, status="canceled")
    await stage.apply()

    assert (await stage.payment_now(held)).status is PaymentStatus.HELD
    assert stage.psp.looks == [held.psp_payment_id]


@pytest.mark.parametrize("statuses", [("requires_capture", "canceled"), ("canceled", "requires_capture")])
async def test_event_without_news_does_not_stand_for_one_that_has_some(stage: Stage, statuses: tuple[str, str]) -> None:
    held = await stage.payments.hold(uuid4())
    stage.psp.intents[held.psp_payment_id].voided = True
    for status in statuses:
        await stage.tell_of_intent("payment_intent.told", held, status=status)

    await stage.apply()

    assert (await stage.payment_now(held)).status is PaymentStatus.EXPIRED
    assert [state for _, state, _ in await stage.states()] == ["applied", "applied"]
    assert stage.psp.looks == [held.psp_payment_id]


async def test_event_before_the_response_settles_the_operation_once(stage: Stage) -> None:
    ride_id = uuid4()
    stage.psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
    pending = await stage.payments.hold(ride_id)
    assert pending.status is PaymentStatus.HOLD_PENDING

    await stage.tell_of_intent("payment_intent.amount_capturable_updated", pending, next(iter(stage.psp.intents)))
    await stage.apply()

    assert (await stage.payment_now(pending)).status is PaymentStatus.HELD
    assert (await stage.payments.hold(ride_id)).status is PaymentStatus.HELD
    assert await stage.payments.events_of(pending) == ["HoldPlaced"]
    assert [intent.authorizations for intent in stage.psp.intents.values()] == [1]


async def test_event_while_the_call_is_under_way_waits_for_its_answer(stage: Stage) -> None:
    ride_id = uuid4()
    held = await stage.payments.hold(ride_id)
    stage.psp.gate = asyncio.Event()
    capture = asyncio.create_task(stage.payments.capture(ride_id, fare(2000), driver_id=stage.driver_id))
    await asyncio.wait_for(stage.psp.asked.wait(), timeout=10)

    await stage.tell_of_intent("payment_intent.succeeded", held)
    await stage.apply()
    assert [state[1:] for state in await stage.states()] == [("received", "operation_open")]
    stage.psp.gate.set()
    await capture
    stage.clock.advance(seconds=2)
    await stage.apply()

    assert [state for _, state, _ in await stage.states()] == ["applied"]
    assert await stage.entries(held) == ["capture"]


async def test_event_about_nothing_known_is_kept_tried_for_a_while_and_parked(stage: Stage) -> None:
    await stage.tell("payment_intent.succeeded", {"id": f"pi_{stage.psp.prefix}_9", "object": "payment_intent"})
    await stage.apply()
    assert await stage.states() == [("payment_intent.succeeded", "unmatched", "unmatched")]

    for _ in range(MAX_TRIES):
        stage.clock.advance(hours=1)
        await stage.apply()

    assert await stage.states() == [("payment_intent.succeeded", "parked", "unmatched")]


async def test_parked_event_is_listed_and_replayed(stage: Stage) -> None:
    held = await stage.payments.hold(uuid4())
    intent = stage.psp.intents.pop(held.psp_payment_id)
    await stage.tell_of_intent("payment_intent.canceled", held)
    await stage.apply()
    assert [state[1:] for state in await stage.states()] == [("parked", "not_found_at_psp")]
    events = stage.payments.core.refunds.psp_events
    name = (await stage.payments.rows("SELECT id FROM psp_event WHERE object_id = :id", id=held.psp_payment_id))[0][
        "id"
    ]
    assert name in [event.id for event in await events.list_page(PspEventState.PARKED, 100, None)]

    intent.voided = True
    stage.psp.intents[intent.id] = intent
    await events.replay(name)
    await stage.apply()

    assert (await stage.payment_now(held)).status is PaymentStatus.EXPIRED
    with pytest.raises(Conflict, match="only a parked"):
        await events.replay(name)
    with pytest.raises(NotFound):
        await events.replay("evt_none")


async def test_psp_that_does_not_answer_costs_tries_and_nothing_else(stage: Stage) -> None:
    held = await stage.payments.hold(uuid4())
    stage.psp.intents[held.psp_payment_id].voided = True
    stage.psp.silent = True
    await stage.tell_of_intent("payment_intent.canceled", held)
    for _ in range(5):
        await stage.apply()
        stage.clock.advance(minutes=1)
    assert [state[1:] for state in await stage.states()] == [("received", "ReadTimeout")]

    stage.psp.silent = False
    await stage.apply()

    assert (await stage.payment_now(held)).status is PaymentStatus.EXPIRED


async def test_capture_that_we_did_not_ask_for_is_for_an_operator(stage: Stage) -> None:
    held = await stage.payments.hold(uuid4())
    intent = stage.psp.intents[held.psp_payment_id]
    intent.captures, intent.captured_minor = 1, 2500

    await stage.tell_of_intent("payment_intent.succeeded", held)
    await stage.apply()

    assert [state[1:] for state in await stage.states()] == [("parked", "captured_elsewhere")]
    assert await stage.entries(held) == []


async def test_hold_whose_event_never_came_expires_by_a_look(stage: Stage) -> None:
    gone, stands = await stage.payments.hold(uuid4()), await stage.payments.hold(uuid4())
    async with stage.payments.database.transaction() as connection:
        past = "UPDATE payment SET capture_before = :at, version = version + 1 WHERE id IN (:a, :b)"
        await connection.execute(text(past), {"at": stage.clock.now(), "a": gone.id, "b": stands.id})
    stage.psp.intents[gone.psp_payment_id].voided = True

    await stage.look_at_holds()

    assert (await stage.payment_now(gone)).status is PaymentStatus.EXPIRED
    assert (await stage.payment_now(stands)).status is PaymentStatus.HELD


async def test_events_about_one_object_cost_one_look(stage: Stage) -> None:
    held = await stage.payments.hold(uuid4())
    for event_type in ("payment_intent.created", "payment_intent.processing", "payment_intent.succeeded"):
        await stage.tell_of_intent(event_type, held)

    await stage.apply()

    assert stage.psp.looks.count(held.psp_payment_id) == 1
    assert [state for _, state, _ in await stage.states()] == ["applied"] * 3


async def test_two_workers_take_each_event_once(stage: Stage) -> None:
    held = [await stage.payments.hold(uuid4()) for _ in range(6)]
    for payment in held:
        await stage.tell_of_intent("payment_intent.amount_capturable_updated", payment)

    await asyncio.gather(*(stage.payments.core.refunds.apply_psp_events() for _ in range(4)))
    await stage.apply()

    assert [stage.psp.looks.count(payment.psp_payment_id) for payment in held] == [1] * 6


async def test_flood_of_events_is_kept_whole_and_leaves_room_for_the_api(stage: Stage) -> None:
    """Ten thousand events, a third of them duplicates, sent at once; every one that is turned away is sent again."""
    held = [await stage.payments.hold(uuid4()) for _ in range(5)]
    receive = stage.payments.core.refunds.psp_events.receive
    sent: list[tuple[bytes, str]] = []
    for number in range(6_667):
        payment = held[number % len(held)]
        subject = {"id": payment.psp_payment_id, "object": "payment_intent"}
        sent.append(
            stage.event("payment_intent.amount_capturable_updated", subject, f"evt_{stage.psp.prefix}_{number}")
        )
    turned_away: list[str] = []

    async def send(payload: bytes, signature: str) -> None:
        while True:
            try:
                await receive(payload, signature)
            except Unavailable as busy:
                turned_away.append(busy.reason)
                await asyncio.sleep(0.01)
            else:
                return

    async def pour() -> None:
        flood = sent + sent[:3_333]
        for start in range(0, len(flood), 1_000):
            await asyncio.gather(*(send(*one) for one in flood[start : start + 1_000]))

    pouring = asyncio.create_task(pour())
    rides = 0
    while not pouring.done():
        ride_id = uuid4()
        await stage.payments.hold(ride_id)
        await stage.payments.capture(ride_id, fare(2000), driver_id=stage.driver_id)
        rides += 1
    await pouring

    assert rides > 0
    assert set(turned_away) == {"psp_events_busy"}, f"more than {MAX_WAITING} at once are to be turned away"
    kept = await stage.payments.rows(
        "SELECT count(*) AS n FROM psp_event WHERE id LIKE :name", name=f"evt\\_{stage.psp.prefix}\\_%"
    )
    assert kept[0]["n"] == len(sent)
    await stage.apply()
    assert {state for _, state, _ in await stage.states()} == {"applied"}
