"""The lease of the dispatcher and its reservations of drivers, in Redis: both keep replicas from quarreling; the
database's indexes alone decide who gets an offer.

`dispatch:lease:{city}`  holder, with an expiry;  `dispatch:fence:{city}`  counter, one more for each new holder
`drv:{S}:<driver>`       the fence of the reservation, with an expiry
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from matching_service.adapters.redis_locations import RESOLUTION
from matching_service.domain.locations import DriverPosition
from shared_kernel.errors import Unavailable

_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(redis.call('GET', KEYS[2]) or redis.call('INCR', KEYS[2]))
end
if holder then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])
"""

_RELEASE_LEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

# Compare and set: free, or held under a lower fence (a holder that was replaced). The same fence does not take twice.
_RESERVE = """
local gained = {}
for index, key in ipairs(KEYS) do
  local fence = redis.call('GET', key)
  if not fence or tonumber(fence) < tonumber(ARGV[1]) then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    gained[#gained + 1] = 1
  else
    gained[#gained + 1] = 0
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


class RedisTickLease:
    """The TickLease of production, one a city. Raises Unavailable `dispatch_store_unavailable`."""

    def __init__(self, redis: Redis, city: str) -> None:
        self._keys = [f"dispatch:lease:{{{city}}}", f"dispatch:fence:{{{city}}}"]
        self._acquire = redis.register_script(_ACQUIRE)
        self._release = redis.register_script(_RELEASE_LEASE)

    async def acquire(self, holder: str, seconds: float) -> int | None:
        fence = await _answered(self._acquire(self._keys, [holder, int(seconds * 1000)]))
        return cast("int", fence) or None

    async def release(self, holder: str) -> None:
        await _answered(self._release(self._keys[:1], [holder]))


class RedisReservations:
    """The Reservations of production: one script a cell. Raises Unavailable `dispatch_store_unavailable`."""

    def __init__(self, redis: Redis) -> None:
        import h3  # noqa: PLC0415 (only the serving process needs it)

        self._cell_of = cast("Callable[[float, float, int], str]", h3.latlng_to_cell)
        self._redis = redis
        self._reserve = redis.register_script(_RESERVE)
        self._release = redis.register_script(_RELEASE)

    async def reserve(self, positions: Sequence[DriverPosition], fence: int, seconds: float) -> frozenset[UUID]:
        gained: set[UUID] = set()
        by_cell = self._by_cell(positions)
        if not by_cell:
            return frozenset()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell, drivers in by_cell.items():
                await self._reserve(_keys(cell, drivers), [fence, int(seconds * 1000)], pipeline)
            answers: list[list[int]] = await _answered(pipeline.execute())
        for drivers, answer in zip(by_cell.values(), answers, strict=True):
            gained.update(driver for driver, one in zip(drivers, answer, strict=True) if one)
        return frozenset(gained)

    async def release(self, positions: Sequence[DriverPosition], fence: int) -> None:
        by_cell = self._by_cell(positions)
        if not by_cell:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell, drivers in by_cell.items():
                await self._release(_keys(cell, drivers), [fence], pipeline)
            await _answered(pipeline.execute())

    def _by_cell(self, positions: Sequence[DriverPosition]) -> dict[str, list[UUID]]:
        by_cell: dict[str, list[UUID]] = {}
        for position in positions:
            cell = self._cell_of(position.latitude, position.longitude, RESOLUTION)
            by_cell.setdefault(cell, []).append(position.driver_id)
        return by_cell


def _keys(cell: str, drivers: Sequence[UUID]) -> list[str]:
    return [f"drv:{{{cell}}}:{driver}" for driver in drivers]


async def _answered(call: Any) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise Unavailable("dispatch_store_unavailable", "the dispatch store is not reachable") from error
