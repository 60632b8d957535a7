"""Live locations in Redis, sharded by H3 cell of resolution 5.

`loc:{S}`    hash: 16 bytes of the driver's id -> a packed position, with the id in it (see location_layout)
`seen:{S}`   sorted set: the same member, scored by the Unix second of the measurement: the time to live of the hash
`home:<driver>`  the cell S that holds the driver
`loc:cells`  sorted set of the cells in use, scored by the newest measurement

The hash tag keeps a cell's two keys in one slot of a cluster. All of it may be lost at any time: the next pings bring
it back. A driver who moves to another cell leaves the old one; should two processes race there, a driver stands in two
cells for a while and readers take the newer position.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.redis_scripts import Script
from matching_service.adapters.location_layout import (
    CELLS_KEY,
    LEAVE,
    RECORD,
    TRIM,
    UNLIST,
    home_key,
    location_key,
    pack,
    seen_key,
    unpack,
)
from matching_service.adapters.shard_cells import shard_at, with_halo
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.domain.positions import Positions
from shared_kernel.errors import LimitExceeded, Unavailable

_HOME_SECONDS = 120
_MAX_PENDING = 10_000
_MAX_BATCH = 512
_TRIM_BATCH = 1_000


class RedisLiveLocations:
    """The LiveLocations of production.

    Calls that come while a write is under way are gathered into the next one: one script a cell and one command a
    driver in a pipeline, whatever the number of streams. Raises Unavailable `locations_unavailable` when Redis does not
    answer, LimitExceeded `locations_overloaded` when too many wait.
    """

    def __init__(self, redis: Redis) -> None:
        """Take a client with `decode_responses` off."""
        self._redis = redis
        self._record = Script(redis, RECORD)
        self._leave = Script(redis, LEAVE)
        self._trim = Script(redis, TRIM)
        self._unlist = Script(redis, UNLIST)
        self._pending: list[tuple[Sequence[DriverPosition], asyncio.Future[list[RecordOutcome]]]] = []
        self._flush: asyncio.Task[None] | None = None

    async def record(self, positions: Sequence[DriverPosition]) -> list[RecordOutcome]:
        if len(self._pending) >= _MAX_PENDING:
            raise LimitExceeded("locations_overloaded", "too many locations wait to be written", retry_after_seconds=1)
        waiter: asyncio.Future[list[RecordOutcome]] = asyncio.get_running_loop().create_future()
        self._pending.append((positions, waiter))
        if self._flush is None:
            self._flush = asyncio.create_task(self._write_pending(), name="write locations")
        return await waiter

    async def last(self, driver_id: UUID) -> DriverPosition | None:
        home = await _answered(self._redis.get(home_key(driver_id)))
        if home is None:
            return None
        value = await _answered(self._redis.hget(location_key(home.decode()), cast("str", driver_id.bytes)))
        return None if value is None else unpack(value)

    async def snapshot(self) -> Positions:
        return await self._snapshot(await _answered(self._redis.zrange(CELLS_KEY, 0, -1)))

    async def snapshot_near(self, shards: Collection[str], reach_meters: float) -> Positions:
        near = with_halo(shards, reach_meters)
        known = await _answered(self._redis.zrange(CELLS_KEY, 0, -1))
        return await self._snapshot([cell for cell in known if cell.decode() in near])

    async def _snapshot(self, cells: Sequence[bytes]) -> Positions:
        if not cells:
            return Positions()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell in cells:
                pipeline.hvals(location_key(cell.decode()))
            held: list[list[bytes]] = await _answered(pipeline.execute())
        return await asyncio.to_thread(_positions, list(chain.from_iterable(held)))

    async def forget(self, driver_id: UUID) -> None:
        home = await _answered(self._redis.getdel(home_key(driver_id)))
        if home is not None:
            cell = home.decode()
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.hdel(location_key(cell), cast("str", driver_id.bytes))
                pipeline.zrem(seen_key(cell), driver_id.bytes)
                await _answered(pipeline.execute())

    async def trim(self, gone_before: datetime) -> int:
        cutoff = gone_before.timestamp()
        dropped = 0
        for cell in await _answered(self._redis.zrange(CELLS_KEY, 0, -1)):
            name = cell.decode()
            gone = _TRIM_BATCH
            left = 0
            while gone == _TRIM_BATCH:
                gone, left = await _answered(self._trim([location_key(name), seen_key(name)], [cutoff, _TRIM_BATCH]))
                dropped += gone
            if left == 0:
                await _answered(self._unlist([CELLS_KEY], [name, cutoff]))
        return dropped

    async def _write_pending(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:_MAX_BATCH], self._pending[_MAX_BATCH:]
                positions = [position for some, _ in batch for position in some]
                try:
                    outcomes = await self._write(positions)
                except Exception as error:
                    for _, waiter in batch:
                        if not waiter.done():
                            waiter.set_exception(error)
                    continue
                start = 0
                for some, waiter in batch:
                    if not waiter.done():
                        waiter.set_result(outcomes[start : start + len(some)])
                    start += len(some)
        finally:
            self._flush = None

    async def _write(self, positions: Sequence[DriverPosition]) -> list[RecordOutcome]:
        by_cell: dict[str, list[int]] = {}
        for index, position in enumerate(positions):
            by_cell.setdefault(shard_at(position.latitude, position.longitude), []).append(index)
        packed = [pack(position) for position in positions]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cell, indices in by_cell.items():
                arguments: list[Any] = []
                for index in indices:
                    arguments += (positions[index].driver_id.bytes, positions[index].measured_at, packed[index])
                await self._record([location_key(cell), seen_key(cell)], arguments, pipeline)
            newest = {cell: max(positions[index].measured_at for index in some) for cell, some in by_cell.items()}
            pipeline.zadd(CELLS_KEY, newest, gt=True)
            moves = [(index, cell) for cell, indices in by_cell.items() for index in indices]
            for index, cell in moves:
                pipeline.set(home_key(positions[index].driver_id), cell, ex=_HOME_SECONDS, get=True)
            answers: list[Any] = await _answered(pipeline.execute())
        outcomes = [RecordOutcome.OLDER] * len(positions)
        for indices, taken in zip(by_cell.values(), answers, strict=False):
            for index, one in zip(indices, taken, strict=True):
                if one:
                    outcomes[index] = RecordOutcome.RECORDED
        for (index, cell), old_home in zip(moves, answers[len(by_cell) + 1 :], strict=True):
            if old_home is not None and old_home.decode() != cell:
                moved = await self._move(positions[index], packed[index], old_home.decode(), cell)
                if not moved:
                    outcomes[index] = RecordOutcome.OLDER
        return outcomes

    async def _move(self, position: DriverPosition, value: bytes, old_cell: str, cell: str) -> bool:
        """Take a driver out of the cell it left. False when the position there is newer: then this one goes instead."""
        driver = position.driver_id.bytes
        if await _answered(self._leave([location_key(old_cell), seen_key(old_cell)], [driver, value])):
            return True
        await _answered(self._leave([location_key(cell), seen_key(cell)], [driver, value]))
        await _answered(self._redis.set(home_key(position.driver_id), old_cell, ex=_HOME_SECONDS))
        return False


def _positions(values: Sequence[bytes]) -> Positions:
    # numpy, a tenth of a second to import: only who reads all locations needs it
    from matching_service.adapters.packed_positions import PackedPositions  # noqa: PLC0415

    return PackedPositions.of_values(values)


async def _answered(call: Any) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise Unavailable("locations_unavailable", "live locations are not reachable", retry_after_seconds=1) from error
