"""Events on their way in: each has its effect once, in order, and one that cannot is parked."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from google.protobuf.wrappers_pb2 import Int32Value, StringValue
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.dead_letters import DeadLetter
from chassis.events import IncomingEvent
from chassis.outbox import OutgoingEvent, append_events
from chassis.telemetry import install_tracing, shutdown_telemetry, span_from
from shared_kernel.errors import Conflict, NotFound, Unavailable
from tests.integration.chassis.stores import OUTBOX, STREAM, Stores, Taker, eventually, new_id, running


def text_of(event: IncomingEvent) -> str:
    assert isinstance(event.message, StringValue)
    return event.message.value


async def test_events_are_taken_in_once_and_acknowledged(stores: Stores) -> None:
    await stores.append("a", "b")
    await stores.relay().drain()
    taker = Taker(stores)

    async def all_done() -> bool:
        return len(taker.taken) == 2 and await stores.pending() == 0

    async with running(stores.consumer(taker).run()):
        await eventually(all_done)

    assert taker.taken == ["a", "b"]


async def test_a_redelivered_event_has_its_effect_once(stores: Stores) -> None:
    await stores.append("a")
    await stores.relay().drain()
    await stores.append("b")
    ((_, fields),) = cast("Any", await stores.redis.xrange(STREAM))
    await stores.redis.xadd(STREAM, fields)
    await stores.relay().drain()
    taker = Taker(stores)

    async with running(stores.consumer(taker).run()):
        await eventually(lambda: taker.calls == 3 and len(taker.taken) == 2)

    assert taker.taken == ["a", "b"]


async def test_a_consumer_that_died_before_acknowledging_takes_up_its_own_again(stores: Stores) -> None:
    await stores.append("a", "b")
    await stores.relay().drain()
    entered = asyncio.Event()

    async def hang(event: IncomingEvent) -> None:
        entered.set()
        await asyncio.Event().wait()

    async with running(stores.consumer(hang).run()):
        await asyncio.wait_for(entered.wait(), 60)
    taker = Taker(stores)

    async with running(stores.consumer(taker).run()):
        await eventually(lambda: taker.taken == ["a", "b"])


async def test_a_dead_replicas_events_are_claimed_by_another(stores: Stores) -> None:
    await stores.append("a", "b")
    await stores.relay().drain()
    entered = asyncio.Event()

    async def hang(event: IncomingEvent) -> None:
        entered.set()
        await asyncio.Event().wait()

    async with running(stores.consumer(hang, "one").run()):
        await asyncio.wait_for(entered.wait(), 60)
    taker = Taker(stores)

    async def all_done() -> bool:
        return taker.taken == ["a", "b"] and await stores.pending() == 0

    async with running(stores.consumer(taker, "two", claim_idle_seconds=0.1).run()):
        await eventually(all_done)


async def test_a_later_event_of_the_same_aggregate_waits_for_the_failed_one_and_others_do_not(stores: Stores) -> None:
    stuck, free = new_id(), new_id()
    await stores.append("first", "second", aggregate_id=stuck)
    await stores.append("other", aggregate_id=free)
    await stores.relay().drain()
    order: list[str] = []
    well = asyncio.Event()

    async def handle(event: IncomingEvent) -> None:
        text = text_of(event)
        if text == "first" and not well.is_set():
            raise Conflict("not_yet", "not yet")
        order.append(text)
        if text == "other":
            well.set()

    async with running(stores.consumer(handle).run()):
        await eventually(lambda: len(order) == 3)

    assert order == ["other", "first", "second"]


async def test_a_poison_event_is_parked_after_eight_tries_and_what_follows_goes_on(stores: Stores) -> None:
    aggregate_id = new_id()
    poison_id, _ = await stores.append("poison", "next", aggregate_id=aggregate_id)
    await stores.relay().drain()
    tries: Counter[str] = Counter()
    letters = stores.dead_letters()

    async def handle(event: IncomingEvent) -> None:
        tries[text_of(event)] += 1
        if text_of(event) == "poison":
            raise ValueError("+15551234567 is not to be seen")

    async def next_done() -> bool:
        return tries["next"] == 1 and await stores.pending() == 0

    async with running(stores.consumer(handle, dead_letters=letters).run()):
        await eventually(next_done)

    assert tries["poison"] == 8
    (letter,) = await letters.list_page()
    assert (letter.event_id, letter.aggregate_id, letter.attempts) == (poison_id, aggregate_id, 8)
    assert letter.error == "ValueError"


async def test_a_parked_event_is_replayed_through_its_handler(stores: Stores) -> None:
    (poison_id,) = await stores.append("poison")
    await stores.relay().drain()
    letters = stores.dead_letters()
    cured = False
    taken: list[UUID] = []

    async def handle(event: IncomingEvent) -> None:
        if not cured:
            raise Conflict("still_ill", "still ill")
        taken.append(event.id)

    async def is_parked() -> bool:
        return len(await letters.list_page()) == 1

    async with running(stores.consumer(handle, dead_letters=letters).run()):
        await eventually(is_parked)
        with pytest.raises(Conflict, match="still ill"):
            await letters.replay(poison_id)
        assert (await letters.list_page())[0].attempts == 9
        cured = True
        await letters.replay(poison_id)

    assert taken == [poison_id]
    assert await letters.list_page() == []
    with pytest.raises(NotFound):
        await letters.replay(poison_id)


async def test_an_event_that_kills_its_process_each_time_is_parked(stores: Stores) -> None:
    """Tries are counted by Redis, so a crash counts although no code of the consumer runs after it."""
    await stores.append("deadly")
    await stores.relay().drain()
    letters = stores.dead_letters()
    deaths = 0

    async def one_life() -> None:
        entered = asyncio.Event()

        async def die(event: IncomingEvent) -> None:
            nonlocal deaths
            deaths += 1
            entered.set()
            await asyncio.Event().wait()

        async with running(stores.consumer(die, dead_letters=letters).run(), entered.wait()) as (_, death):

            async def over() -> bool:
                return death.done() or len(await letters.list_page()) == 1

            await eventually(over)

    async def parked() -> bool:
        return len(await letters.list_page()) == 1

    for _ in range(20):
        if await parked():
            break
        await one_life()

    assert await parked()
    assert deaths <= 16


async def test_of_what_was_read_with_a_deadly_event_all_else_is_taken_in(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.append("before")
    (deadly_id,) = await stores.append("deadly")
    await stores.append("after")
    await stores.relay().drain()
    letters = stores.dead_letters()
    taken: set[str] = set()
    real: Any = stores.redis.xack
    deaths = 0

    async def one_life() -> None:
        dead = asyncio.Event()

        async def take_or_die(event: IncomingEvent) -> None:
            nonlocal deaths
            if text_of(event) == "deadly":
                deaths += 1
                dead.set()
                await asyncio.Event().wait()
            taken.add(text_of(event))

        async def acknowledge(*arguments: Any) -> Any:
            if dead.is_set():
                raise RedisConnectionError("the dead say nothing")
            return await real(*arguments)

        async def over() -> bool:
            return dead.is_set() or ("after" in taken and await stores.pending() == 0)

        monkeypatch.setattr(stores.redis, "xack", acknowledge)
        async with running(stores.consumer(take_or_die, dead_letters=letters).run()):
            await eventually(over)

    await one_life()
    while await stores.pending():
        await one_life()

    assert taken == {"before", "after"}
    assert [letter.event_id for letter in await letters.list_page()] == [deadly_id]
    assert deaths == 8


async def test_an_outage_does_not_park_what_is_not_at_fault(stores: Stores) -> None:
    await stores.append("a")
    await stores.relay().drain()
    letters = stores.dead_letters()
    tries = 0

    async def handle(event: IncomingEvent) -> None:
        nonlocal tries
        tries += 1
        if tries <= 9:
            raise Unavailable("provider_away", "away")

    async def done() -> bool:
        return tries == 10 and await stores.pending() == 0

    async with running(stores.consumer(handle, dead_letters=letters, first_retry_seconds=0.0005).run()):
        await eventually(done)

    assert await letters.list_page() == []


async def test_a_poison_event_keeps_its_place_while_the_database_cannot_park_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    aggregate_id = new_id()
    await stores.append("poison", "next", aggregate_id=aggregate_id)
    await stores.relay().drain()
    letters = stores.dead_letters()
    park = letters.park
    refusals = 0
    order: list[str] = []

    async def park_at_the_third_time(letter: DeadLetter) -> None:
        nonlocal refusals
        if refusals < 2:
            refusals += 1
            raise Unavailable("database_unavailable", "away")
        order.append("parked")
        await park(letter)

    async def handle(event: IncomingEvent) -> None:
        if text_of(event) == "poison":
            raise ValueError
        order.append(text_of(event))

    async def done() -> bool:
        return order == ["parked", "next"] and await stores.pending() == 0

    monkeypatch.setattr(letters, "park", park_at_the_third_time)
    async with running(stores.consumer(handle, dead_letters=letters).run()):
        await eventually(done)

    assert len(await letters.list_page()) == 1


async def test_a_redis_that_fails_midway_neither_loses_nor_reorders(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledging fails again and again; what was taken in is acknowledged later, in place."""
    texts = [str(number) for number in range(20)]
    await stores.append(*texts)
    await stores.relay().drain()
    taker = Taker(stores)
    real: Any = stores.redis.xack
    failures = 0

    async def fail_thrice(*arguments: Any) -> Any:
        nonlocal failures
        if failures < 3:
            failures += 1
            raise RedisConnectionError("away")
        return await real(*arguments)

    async def done() -> bool:
        return taker.taken == texts and await stores.pending() == 0

    monkeypatch.setattr(stores.redis, "xack", fail_thrice)
    async with running(stores.consumer(taker).run()):
        await eventually(done)

    assert failures == 3


async def test_events_of_other_types_are_acknowledged_unread(stores: Stores) -> None:
    event = OutgoingEvent(new_id(), new_id(), 1, datetime.now(UTC), Int32Value(value=1))
    async with stores.database.transaction() as connection:
        await append_events(connection, OUTBOX, [event])
    await stores.append("mine")
    await stores.relay().drain()
    taker = Taker(stores)

    async def done() -> bool:
        return taker.taken == ["mine"] and await stores.pending() == 0

    async with running(stores.consumer(taker).run()):
        await eventually(done)
    assert taker.calls == 1


async def test_an_entry_that_is_no_event_does_not_stop_the_stream(stores: Stores) -> None:
    await stores.redis.xadd(STREAM, {"hello": "world"})
    taker = Taker(stores)

    async def done() -> bool:
        return taker.taken == ["a"] and await stores.pending() == 0

    async with running(stores.consumer(taker).run(), stores.relay().run()):
        await stores.append("a")
        await eventually(done)


async def test_a_flushed_redis_costs_the_consumer_nothing_but_time(stores: Stores) -> None:
    """The group is made again, the relay refills the stream, the inbox drops what was known."""
    taker = Taker(stores)
    async with running(stores.consumer(taker).run(), stores.relay().run()):
        await stores.append("a", "b")
        await eventually(lambda: taker.taken == ["a", "b"])
        await cast("Any", stores.redis.flushdb())
        await stores.append("c")
        await eventually(lambda: taker.taken == ["a", "b", "c"])
        await eventually(lambda: taker.calls >= 5)

    assert taker.taken == ["a", "b", "c"]


async def test_a_trace_goes_on_from_the_change_to_the_consumer(stores: Stores) -> None:
    exporter = InMemorySpanExporter()
    install_tracing("test", 1.0, SimpleSpanProcessor(exporter))
    try:
        with span_from("", "the change"):
            await stores.append("a")
        await stores.relay().drain()
        taker = Taker(stores)
        async with running(stores.consumer(taker).run()):
            await eventually(lambda: taker.taken == ["a"])
        spans = {span.name: span for span in exporter.get_finished_spans()}
    finally:
        shutdown_telemetry()

    change, consumed = spans["the change"], spans["consume StringValue"]
    assert consumed.parent is not None
    assert change.context is not None
    assert consumed.parent.span_id == change.context.span_id
