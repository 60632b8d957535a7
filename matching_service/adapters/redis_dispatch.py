"""The reservations of drivers, in Redis: they keep matchers from quarreling; the database's indexes alone decide who
gets an offer.

`drv:{S}:<driver>`  `<fence> <shard>`, with an expiry: who wants the driver, who stands in S, for a ride of which shard.
Redis may lose all of it at any time, and matchers then meet in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
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
for index, key in ipairs(KEYS) do
  local claim = ARGV[index + 1]
  local held = redis.call('GET', key)
  local free = not held
  if held then
    local old, old_shard = string.match(held, '^(%d+) (.*)$')
    local new, new_shard = string.match(claim, '^(%d+) (.*)$')
    free = old_shard == new_shard and tonumber(old) < tonumber(new)
  end
  if free then
    redis.call('SET', key, claim, 'PX', ARGV[1])
    gained[index] = 1
  else
    gained[index] = 0
  end
end
return gained
"""

_RELEASE = """
for index, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[index] then redis.call('DEL', key) end
end
return 0
"""


class RedisReservations:
    """The Reservations of production: one script a cell. Raises Unavailable `dispatch_store_unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._reserve = Script(redis, _RESERVE)
        self._release = Script(redis, _RELEASE)

    async def reserve(self, claims: Sequence[Claim], seconds: float) -> frozenset[UUID]:
        gained: set[UUID] = set()
        by_cell = _by_cell(claims)
        if not by_cell:
            return frozenset()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell, some in by_cell.items():
                await self._reserve(_keys(cell, some), [int(seconds * 1000), *map(_value, some)], pipeline)
            answers: list[list[int]] = await _answered(pipeline.execute())
        for some, answer in zip(by_cell.values(), answers, strict=True):
            gained.update(claim.position.driver_id for claim, one in zip(some, answer, strict=True) if one)
        return frozenset(gained)

    async def release(self, claims: Sequence[Claim]) -> None:
        by_cell = _by_cell(claims)
        if not by_cell:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell, some in by_cell.items():
                await self._release(_keys(cell, some), [*map(_value, some)], pipeline)
            await _answered(pipeline.execute())


def _by_cell(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    by_cell: dict[str, list[Claim]] = {}
    for claim in claims:
        by_cell.setdefault(shard_at(claim.position.latitude, claim.position.longitude), []).append(claim)
    return by_cell


def _keys(cell: str, claims: Sequence[Claim]) -> list[str]:
    return [f"drv:{{{cell}}}:{claim.position.driver_id}" for claim in claims]


def _value(claim: Claim) -> str:
    return f"{claim.fence} {claim.shard}"


async def _answered(call: Any) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise Unavailable("dispatch_store_unavailable", "the dispatch store is not reachable") from error
