"""Surge in Redis, so that a price needs no database for it.

`surge:{city}`   hash: cell -> "permille:mean", `at` -> when it was computed, `control` -> "frozen:cap"; with an expiry
`surge:lead`     who computes, with an expiry
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.redis_scripts import Script
from matching_service.domain.surge import NONE_PERMILLE, CellSurge, SurgeControl
from matching_service.use_cases.surge_ports import Cells
from shared_kernel.errors import Unavailable
from shared_kernel.geo import GeoPoint

_LEAD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# As a whole, so that nobody reads half a city.
_WRITE = """
redis.call('DEL', KEYS[1])
for index = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""
_LEAD_KEY = "surge:lead"
_AT, _CONTROL = "at", "control"


class RedisSurge:
    """The SurgeBoard and the SurgeReader of production. The board raises Unavailable `surge_store_unavailable`."""

    def __init__(self, redis: Redis, cells: Cells) -> None:
        self._redis = redis
        self._cells = cells
        self._lead = Script(redis, _LEAD)
        self._write = Script(redis, _WRITE)

    async def permille_at(self, city: str, point: GeoPoint) -> int:
        """Return the multiplier at a place; none where the store does not answer: better that than no price."""
        try:
            value, control = await self._redis.hmget(_key(city), [self._cells.cell_of(point), _CONTROL])
        except (RedisError, OSError):
            return NONE_PERMILLE
        if value is None:
            return NONE_PERMILLE
        return max(NONE_PERMILLE, _control(control).applied(_cell(value).permille))

    async def lead(self, holder: str, seconds: float) -> bool:
        return bool(await _answered(self._lead([_LEAD_KEY], [holder, int(seconds * 1000)])))

    async def read(self, city: str) -> tuple[datetime | None, SurgeControl, Mapping[str, CellSurge]]:
        fields: dict[Any, Any] = dict(await _answered(self._redis.hgetall(_key(city))))
        found = {_text(name): _text(value) for name, value in fields.items()}
        at, control = found.pop(_AT, None), found.pop(_CONTROL, None)
        computed_at = None if at is None else datetime.fromtimestamp(float(at), UTC)
        return computed_at, _control(control), {cell: _cell(value) for cell, value in found.items()}

    async def write(
        self, city: str, cells: Mapping[str, CellSurge], control: SurgeControl, now: datetime, keep_seconds: float
    ) -> None:
        fields = {cell: f"{surge.permille}:{surge.mean_permille:.3f}" for cell, surge in cells.items()}
        fields |= {_AT: str(now.timestamp()), _CONTROL: _control_text(control)}
        pairs = [word for field in fields.items() for word in field]
        await _answered(self._write([_key(city)], [int(keep_seconds * 1000), *pairs]))

    async def lay(self, city: str, control: SurgeControl) -> None:
        await _answered(self._redis.hset(_key(city), _CONTROL, _control_text(control)))


def _key(city: str) -> str:
    return f"surge:{city}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _cell(value: str | bytes) -> CellSurge:
    permille, _, mean = _text(value).partition(":")
    return CellSurge(int(permille), float(mean))


def _control(value: str | bytes | None) -> SurgeControl:
    if value is None:
        return SurgeControl()
    frozen, _, cap = _text(value).partition(":")
    return SurgeControl(frozen == "1", int(cap) if cap else None)


def _control_text(control: SurgeControl) -> str:
    return f"{int(control.frozen)}:{'' if control.cap_permille is None else control.cap_permille}"


async def _answered(call: Any) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise Unavailable("surge_store_unavailable", "the store of surge is not reachable") from error
