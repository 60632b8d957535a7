"""The commands of one consumer of one Redis Streams group, with the answers narrowed to what they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

BATCH_ENTRIES = 64
_FORGET_CONSUMER_MILLIS = 3_600_000

RawEntry = tuple[bytes, dict[bytes, bytes]]
"""An entry's id in the stream and its fields; without fields where it was trimmed meanwhile."""


class ConsumerGroup:
    """One stream, one group, one consumer. Errors are redis-py's; `NOGROUP` means that Redis was flushed."""

    def __init__(self, redis: Redis, stream: str, group: str, consumer: str) -> None:
        # Each command's result type depends on options; what comes back is narrowed here.
        self._redis = cast("Any", redis)
        self.stream = stream
        self.group = group
        self._consumer = consumer

    async def create(self) -> None:
        """Make the group, reading from the stream's beginning, if it is not there yet."""
        try:
            await self._redis.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def read_new(self, block_millis: int) -> list[RawEntry]:
        """Read what nobody has read, waiting for it if there is none."""
        answer = await self._redis.xreadgroup(
            self.group, self._consumer, {self.stream: ">"}, count=BATCH_ENTRIES, block=block_millis
        )
        return _entries_of(answer)

    async def own_pending(self) -> AsyncIterator[list[RawEntry]]:
        """Read, in batches, what this consumer has read and not acknowledged; counts as one more try of each."""
        after = "0"
        while True:
            answer = await self._redis.xreadgroup(self.group, self._consumer, {self.stream: after}, count=BATCH_ENTRIES)
            entries = _entries_of(answer)
            if not entries:
                return
            yield entries
            after = entries[-1][0].decode()

    async def claim_from_silent(self, idle_seconds: float) -> AsyncIterator[list[RawEntry]]:
        """Take over, in batches, what other consumers left idle for so long; forget consumers long gone."""
        cursor = b"0-0"
        while True:
            answer = await self._redis.xautoclaim(
                self.stream,
                self.group,
                self._consumer,
                min_idle_time=int(idle_seconds * 1000),
                start_id=cursor,
                count=BATCH_ENTRIES,
            )
            cursor = answer[0]
            yield [item for item in answer[1] if item and item[0] is not None]
            if cursor == b"0-0":
                break
        for consumer in await self._redis.xinfo_consumers(self.stream, self.group):
            name = consumer["name"].decode()
            if name != self._consumer and not consumer["pending"] and consumer["idle"] > _FORGET_CONSUMER_MILLIS:
                await self._redis.xgroup_delconsumer(self.stream, self.group, name)

    async def keep(self, counted: Sequence[bytes], uncounted: Sequence[bytes]) -> None:
        """Show other replicas that these entries are cared for; of the first, count one more try."""
        for ids, options in ((counted, {}), (uncounted, {"justid": True})):
            if ids:
                await self._redis.xclaim(
                    self.stream, self.group, self._consumer, min_idle_time=0, message_ids=list(ids), **options
                )

    async def tries(self, stream_id: bytes) -> int:
        """Return how often an entry was delivered, this time included."""
        pending = await self._redis.xpending_range(self.stream, self.group, min=stream_id, max=stream_id, count=1)
        return int(pending[0]["times_delivered"]) if pending else 1

    async def acknowledge(self, stream_ids: Sequence[bytes]) -> None:
        """Say that entries are done with."""
        await self._redis.xack(self.stream, self.group, *stream_ids)


def _entries_of(answer: Any) -> list[RawEntry]:
    """Return the entries of a read of one stream, whichever protocol the connection speaks."""
    if not answer:
        return []
    if isinstance(answer, dict):
        found: list[Any] = next(iter(cast("dict[Any, list[Any]]", answer).values()))
        return cast("list[RawEntry]", found[0] if found else [])
    return cast("list[RawEntry]", answer[0][1])
