"""The reservations of drivers, in Redis: they keep matchers from quarreling; the database's indexes alone decide who
gets an offer.

`drv:{S}:<driver>`  `<fence> <shard>`, with an expiry: who wants the driver, who stands in S, for a ride of which shard.
Redis may lose all of it at any time, and matchers then meet in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.redis_scripts import Script
from matching_service.adapters.shard_cells import shard_at
from matching_service.use_cases.dispatch_ports import Claim
from shared_kernel.errors import Unavailable

# Compare and set: free, or claimed for the same shard under a lower fence, by an owner who was replaced since. The same
# fence does not take twice, and fences of two shards say nothing of each other.
_RESERVE = """
local gained = {}
local new, new_shard = string.match(ARGV[2], '^(%d+) (.*)$')
for index, key in ipairs(KEYS) do
  local held = redis.call('GET', key)
  local free = not held
  if held then
    local old, old_shard = string.match(held, '^(%d+) (.*)$')
    free = old_shard == new_shard and tonumber(old) < tonumber(new)
  end
  if free then
    redis.call('SET', key, ARGV[2], 'PX', ARGV[1])
    gained[index] = 1
  else
    gained[index] = 0
  end
end
return gained
"""

_RELEASE = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 0
"""


class RedisReservations:
    """The Reservations of production: a script for the drivers of a cell who are wanted for rides of one shard.

    Raises Unavailable `dispatch_store_unavailable`.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._reserve = Script(redis, _RESERVE)
        self._release = Script(redis, _RELEASE)

    async def reserve(self, claims: Sequence[Claim], seconds: float) -> frozenset[UUID]:
        gained: set[UUID] = set()
        groups = _grouped(claims)
        if not groups:
            return frozenset()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for (cell, value), drivers in groups.items():
                await self._reserve(_keys(cell, drivers), [int(seconds * 1000), value], pipeline)
            answers: list[list[int]] = await _answered(pipeline.execute())
        for drivers, answer in zip(groups.values(), answers, strict=True):
            gained.update(compress(drivers, answer))
        return frozenset(gained)

    async def release(self, claims: Sequence[Claim]) -> None:
        groups = _grouped(claims)
        if not groups:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for (cell, value), drivers in groups.items():
                await self._release(_keys(cell, drivers), [value], pipeline)
            await _answered(pipeline.execute())


def _grouped(claims: Sequence[Claim]) -> dict[tuple[str, str], list[UUID]]:
    """Return the drivers by the cell they stand in and the value that claims them."""
    groups: dict[tuple[str, str], list[UUID]] = {}
    for position, shard, fence in claims:
        cell = shard_at(position.latitude, position.longitude)
        groups.setdefault((cell, f"{fence} {shard}"), []).append(position.driver_id)
    return groups


def _keys(cell: str, drivers: Sequence[UUID]) -> list[str]:
    return [f"drv:{{{cell}}}:{driver_id}" for driver_id in drivers]


async def _answered(call: Any) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise Unavailable("dispatch_store_unavailable", "the dispatch store is not reachable") from error
