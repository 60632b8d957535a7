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
        """Read, in batches, what this consumer has read and not acknowledged; no try is counted (see `keep`)."""
        async for entries in self._take_over(consumer=self._consumer):
            yield entries

    async def claim_from_silent(self, idle_seconds: float) -> AsyncIterator[list[RawEntry]]:
        """Take over so, in batches, what other consumers left idle for so long; forget consumers long gone."""
        async for entries in self._take_over(int(idle_seconds * 1000)):
            yield entries
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

    async def _take_over(self, idle_millis: int = 0, consumer: str | None = None) -> AsyncIterator[list[RawEntry]]:
        # XAUTOCLAIM, and to read one's own again, count a try of each that is listed: an entry that takes the process
        # down each time would have all those that were read with it counted up to the bound, and parked untried.
        after = "-"
        while True:
            pending = await self._redis.xpending_range(
                self.stream,
                self.group,
                min=after,
                max="+",
                count=BATCH_ENTRIES,
                consumername=consumer,
                idle=idle_millis or None,
            )
            if not pending:
                return
            listed = [entry["message_id"] for entry in pending]
            claimed = await self._redis.xclaim(
                self.stream, self.group, self._consumer, min_idle_time=idle_millis, message_ids=listed, justid=True
            )
            if claimed:
                yield await self._read(claimed)
            after = f"({listed[-1].decode()}"

    async def _read(self, stream_ids: Sequence[bytes]) -> list[RawEntry]:
        pipeline = self._redis.pipeline(transaction=False)
        for stream_id in stream_ids:
            pipeline.xrange(self.stream, min=stream_id, max=stream_id)
        found = await pipeline.execute()
        return [
            (stream_id, entries[0][1] if entries else {}) for stream_id, entries in zip(stream_ids, found, strict=True)
        ]


def _entries_of(answer: Any) -> list[RawEntry]:
    """Return the entries of a read of one stream, whichever protocol the connection speaks."""
    if not answer:
        return []
    if isinstance(answer, dict):
        found: list[Any] = next(iter(cast("dict[Any, list[Any]]", answer).values()))
        return cast("list[RawEntry]", found[0] if found else [])
    return cast("list[RawEntry]", answer[0][1])
