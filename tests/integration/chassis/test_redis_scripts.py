"""Lua scripts, on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from chassis.redis_client import open_redis
from chassis.redis_scripts import Script

_ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


@pytest.fixture
async def redis(redis_url_for: Callable[[int], str]) -> AsyncIterator[Redis]:
    client = open_redis(redis_url_for(11))
    await client.flushdb()
    yield client
    await client.aclose()


async def test_a_script_in_a_pipeline_takes_one_round_trip(redis: Redis) -> None:
    add = Script(redis, _ADD)
    before = await _asked(redis)
    async with redis.pipeline(transaction=False) as pipeline:
        await add(["sum"], [2], pipeline)
        await add(["sum"], [3], pipeline)
        assert await pipeline.execute() == [2, 5]
    assert await _asked(redis) == before


async def test_a_server_that_forgot_its_scripts_is_told_them_again(redis: Redis) -> None:
    add = Script(redis, _ADD)
    assert await add(["sum"], [2]) == 2
    await cast("Any", redis).script_flush()
    assert await add(["sum"], [2]) == 4
    await cast("Any", redis).script_flush()
    async with redis.pipeline(transaction=False) as pipeline:
        await add(["sum"], [2], pipeline)
        assert await pipeline.execute() == [6]


async def _asked(redis: Redis) -> int:
    """How often anybody asked for, or loaded, a script apart from running it."""
    stats = cast("dict[str, dict[str, int]]", await cast("Any", redis).info("commandstats"))
    return sum(seen["calls"] for name, seen in stats.items() if name.startswith("cmdstat_script"))
