"""Events on their way out: none lost, none overtaking, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import func, select

from chassis.outbox import republish_since, take_batch
from chassis.retention import Keep, trim, trim_forever
from chassis.telemetry import install_tracing, shutdown_telemetry, span_from
from shared_kernel.clock import SystemClock
from tests.integration.chassis.stores import OUTBOX, STREAM, Stores, eventually, new_id, running


async def waiting(stores: Stores) -> int:
    async with stores.database.connect() as connection:
        query = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
        return int(await connection.scalar(query) or 0)


async def test_events_are_published_in_their_order_after_the_commit(stores: Stores) -> None:
    await stores.append("a", "b", "c")
    await stores.append("d")

    assert await stores.relay().drain() == 4
    assert await stores.published() == ["a", "b", "c", "d"]
    assert await waiting(stores) == 0


async def test_a_stream_entry_carries_all_that_a_consumer_needs(stores: Stores) -> None:
    install_tracing("test", 1.0, None)
    try:
        with span_from("", "a change") as span:
            aggregate_id = new_id()
            (event_id,) = await stores.append("a", aggregate_id=aggregate_id)
            trace_id = f"{span.get_span_context().trace_id:032x}"
    finally:
        shutdown_telemetry()
    await stores.relay().drain()

    ((_, fields),) = cast("Any", await stores.redis.xrange(STREAM))
    assert fields[b"id"].decode() == str(event_id)
    assert fields[b"type"] == b"google.protobuf.StringValue"
    assert fields[b"aggregate_id"].decode() == str(aggregate_id)
    assert fields[b"aggregate_version"] == b"1"
    assert datetime.fromisoformat(fields[b"occurred_at"].decode()).tzinfo is not None
    assert fields[b"traceparent"].decode().split("-")[1] == trace_id


async def test_an_event_of_a_rolled_back_transaction_is_never_published(stores: Stores) -> None:
    async def fail() -> None:
        async with stores.database.transaction():
            await stores.append("outer is another transaction")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await stores.relay().drain() == 1


async def test_a_commit_wakes_the_relay(stores: Stores) -> None:
    async def first_is_published() -> bool:
        return await stores.published() == ["a"]

    async def both_are_published() -> bool:
        return await stores.published() == ["a", "b"]

    # By then nothing would be looked for within an hour.
    async with running(stores.relay(poll_seconds=3_600.0).run()):
        await stores.append("a")
        await eventually(first_is_published)
        await stores.append("b")
        await eventually(both_are_published)


async def test_a_relay_that_dies_between_publishing_and_committing_loses_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.append("a", "b")
    relay = stores.relay()
    await relay.drain()
    await stores.append("c")

    real: Any = stores.redis.evalsha

    async def publish_and_die(*arguments: Any) -> Any:
        await real(*arguments)
        raise asyncio.CancelledError

    monkeypatch.setattr(stores.redis, "evalsha", publish_and_die)
    with pytest.raises(asyncio.CancelledError):
        await relay.drain()
    monkeypatch.undo()
    assert await waiting(stores) == 1

    await stores.relay().drain()
    assert await stores.published() == ["a", "b", "c", "c"]  # twice, under one id: the inbox drops the second
    entries: Any = await stores.redis.xrange(STREAM)
    assert entries[2][1][b"id"] == entries[3][1][b"id"]


async def test_a_flushed_redis_is_filled_again_in_order(stores: Stores) -> None:
    relay = stores.relay()
    await stores.append("a", "b")
    await relay.drain()
    await cast("Any", stores.redis.flushdb())
    await stores.append("c")

    await relay.drain()

    assert await stores.published() == ["a", "b", "c"]


async def test_a_relay_that_starts_after_the_loss_notices_as_well(stores: Stores) -> None:
    await stores.append("a", "b")
    await stores.relay().drain()
    await cast("Any", stores.redis.flushdb())

    await stores.relay().drain()

    assert await stores.published() == ["a", "b"]


async def snapshot(stores: Stores) -> Callable[[], Awaitable[None]]:
    """Keep what Redis has of the stream; what is returned brings it back."""
    mark_key = f"outbox:{{{STREAM}}}:mark"
    old: Any = await stores.redis.dump(STREAM)
    mark: Any = await stores.redis.get(mark_key)

    async def go_back() -> None:
        await stores.redis.restore(STREAM, 0, old, replace=True)
        await stores.redis.set(mark_key, mark)

    return go_back


async def test_a_redis_that_comes_back_from_an_old_snapshot_gets_what_it_missed(stores: Stores) -> None:
    relay = stores.relay()
    await stores.append("a")
    await relay.drain()
    go_back = await snapshot(stores)
    await stores.append("b")
    await relay.drain()
    await go_back()

    await relay.drain()

    assert (await stores.published())[-1] == "b"
    assert set(await stores.published()) == {"a", "b"}


async def test_what_another_relay_published_and_redis_lost_is_noticed_by_whoever_publishes_next(stores: Stores) -> None:
    relay, other = stores.relay(), stores.relay()
    await stores.append("a")
    await relay.drain()
    go_back = await snapshot(stores)
    await stores.append("b")
    await other.drain()
    await go_back()
    await stores.append("c")

    await relay.drain()
    await other.drain()

    assert (await stores.published())[-2:] == ["b", "c"]
    assert set(await stores.published()) == {"a", "b", "c"}


async def test_a_flush_between_looking_and_publishing_is_noticed(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = stores.relay()
    await stores.append("a", "b")
    await relay.drain()
    await stores.append("c")
    real: Any = stores.redis.evalsha
    flushed = False

    async def flush_first(*arguments: Any) -> Any:
        nonlocal flushed
        if not flushed:
            flushed = True
            await cast("Any", stores.redis.flushdb())
        return await real(*arguments)

    monkeypatch.setattr(stores.redis, "evalsha", flush_first)
    await relay.drain()

    assert await stores.published() == ["a", "b", "c"]


async def test_the_first_start_on_an_empty_redis_publishes_once(stores: Stores) -> None:
    await stores.append("a")
    relay = stores.relay()
    await relay.drain()
    await relay.drain()

    assert await stores.published() == ["a"]


async def test_two_relays_share_the_work_without_doubling_or_reordering(stores: Stores) -> None:
    texts = [f"{number:04d}" for number in range(1200)]
    for start in range(0, len(texts), 100):
        await stores.append(*texts[start : start + 100])

    async def all_out() -> bool:
        return await waiting(stores) == 0

    async with running(stores.relay().run(), stores.relay().run()):
        await eventually(all_out)

    assert await stores.published() == texts


async def test_while_one_relay_publishes_another_takes_nothing(stores: Stores) -> None:
    await stores.append("a", "b")

    async with stores.database.transaction() as first, stores.database.transaction() as second:
        taken = await take_batch(first, OUTBOX, 1)
        nothing = await take_batch(second, OUTBOX, 1)
    async with stores.database.transaction() as third:
        rest = await take_batch(third, OUTBOX, 5)

    assert taken is not None
    assert nothing is None
    assert rest is not None
    assert (len(taken.rows), len(rest.rows)) == (1, 1)
    assert taken.last_published_at is None
    assert rest.last_published_at == taken.published_at
    assert rest.published_at > taken.published_at


async def test_rows_wait_in_postgres_while_redis_is_away(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = stores.relay()
    away = True
    real = stores.redis.pipeline

    def pipeline(*arguments: Any, **options: Any) -> Any:
        if away:
            raise RedisConnectionError("away")
        return real(*arguments, **options)

    async def is_published() -> bool:
        # Also in PostgreSQL, which is told a moment after the stream.
        return await stores.published() == ["a"] and await waiting(stores) == 0

    monkeypatch.setattr(stores.redis, "pipeline", pipeline)
    await stores.append("a")
    async with running(relay.run()):
        assert await waiting(stores) == 1
        away = False
        await eventually(is_published)


async def test_an_operator_can_publish_a_time_span_again(stores: Stores) -> None:
    relay = stores.relay()
    await stores.append("a")
    await relay.drain()
    middle = datetime.now(UTC)
    await stores.append("b")
    await relay.drain()

    assert await republish_since(stores.database, OUTBOX, middle) == 1
    await relay.drain()

    assert await stores.published() == ["a", "b", "b"]


async def test_publishing_waits_while_a_group_needs_a_full_stream_and_goes_on_after(stores: Stores) -> None:
    redis: Any = stores.redis
    relay = stores.relay(max_stream_entries=200)
    await redis.xgroup_create(STREAM, "slow", id="0", mkstream=True)
    for _ in range(4):
        await stores.append(*(["x"] * 100))
        await relay.drain()
    held_back = await waiting(stores)
    assert held_back > 0
    assert await redis.xlen(STREAM) + held_back == 400  # nothing trimmed, nothing lost

    answer = await redis.xreadgroup("slow", "one", {STREAM: ">"}, count=1000)
    assert answer
    entries: Any = await redis.xrange(STREAM)
    await redis.xack(STREAM, "slow", *(entry_id for entry_id, _ in entries))
    await relay.drain()

    assert await waiting(stores) == 0
    assert await redis.xlen(STREAM) < 400


async def test_what_a_service_that_is_down_has_not_read_is_kept_when_redis_was_flushed(stores: Stores) -> None:
    redis: Any = stores.redis
    relay = stores.relay(max_stream_entries=200, groups=("quick", "down"))

    async def take_in(group: str) -> list[str]:
        answer = await redis.xreadgroup(group, "one", {STREAM: ">"}, count=1000)
        entries = answer[0][1] if answer else []
        if entries:
            await redis.xack(STREAM, group, *(entry_id for entry_id, _ in entries))
        return [StringValue.FromString(fields[b"payload"]).value for _, fields in entries]

    await stores.append("first")
    await relay.drain()
    await redis.flushdb()
    await relay.drain()
    await redis.xgroup_create(STREAM, "quick", id="0")
    for _ in range(4):
        await stores.append(*(["x"] * 100))
        await relay.drain()
        await take_in("quick")
    assert await redis.xlen(STREAM) + await waiting(stores) == 401  # nothing trimmed, nothing lost

    await redis.xgroup_create(STREAM, "down", id="0")
    assert (await take_in("down"))[0] == "first"
    await relay.drain()
    assert await waiting(stores) == 0


async def test_published_events_are_trimmed_after_their_time_and_others_never(stores: Stores) -> None:
    await stores.append("old")
    await stores.relay().drain()
    await stores.append("not yet published")

    async with stores.database.transaction() as connection:
        future = datetime.now(UTC) + timedelta(days=2)
        assert await trim(connection, OUTBOX, OUTBOX.c.published_at, future) == 1
    assert await waiting(stores) == 1


async def test_the_trimmer_leaves_what_is_young(stores: Stores) -> None:
    await stores.append("young")
    await stores.relay().drain()

    async def one_left() -> bool:
        async with stores.database.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(OUTBOX)) == 1

    async def none_left() -> bool:
        return not await one_left()

    async with running(trim_forever(stores.database, [Keep(OUTBOX, "published_at", 3600.0)], SystemClock())) as (task,):
        await eventually(one_left)
        assert not task.done()
    async with running(trim_forever(stores.database, [Keep(OUTBOX, "published_at", -3600.0)], SystemClock())):
        await eventually(none_left)
