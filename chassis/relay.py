"""The relay: drains a service's outbox into its Redis stream, and fills the stream again when Redis lost it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Row, Table

from chassis import outbox
from chassis.database import Database
from chassis.metrics import OUTBOX_OLDEST_AGE_SECONDS, OUTBOX_PUBLISHED, OUTBOX_REFILLED, STREAM_HELD_BACK
from chassis.redis_client import awaited
from chassis.redis_scripts import Script
from chassis.runtime import Backoff, Wakeup
from shared_kernel.clock import Clock, SystemClock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

BATCH_EVENTS = 500
MAX_STREAM_ENTRIES = 100_000
_POLL_SECONDS = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS_PER_EVENT = 7

# All or nothing, and only on a stream that still holds what was published before: a flush that comes between looking
# and publishing would else be covered up by the new mark.
_PUBLISH = """
local stream, mark = KEYS[1], KEYS[2]
local published_before, new_mark, width = ARGV[1], ARGV[2], tonumber(ARGV[3]) * 2
if published_before ~= '' then
  local current = redis.call('GET', mark)
  if not current or tonumber(current) < tonumber(published_before) or redis.call('EXISTS', stream) == 0 then
    return 0
  end
end
for first = 4, #ARGV, width do
  redis.call('XADD', stream, '*', unpack(ARGV, first, first + width - 1))
end
redis.call('SET', mark, new_mark)
return 1
"""


class _StreamLostError(Exception):
    """Redis no longer has what was published; the batch must be rolled back."""


class OutboxRelay:
    """Publishes the outbox of one service to one stream; run one in every replica, they take turns.

    The stream is bounded to 100,000 entries without losing any that a consumer group still needs: what all groups have
    taken in is trimmed, and if that does not suffice, publishing waits and the events stay in Postgres. `groups` are
    those that must be: one that is not there yet (its service was down when Redis was lost) needs all.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        redis: Redis,
        stream: str,
        wakeup: Wakeup,
        *,
        groups: Collection[str] = (),
        poll_seconds: float = _POLL_SECONDS,
        max_stream_entries: int = MAX_STREAM_ENTRIES,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._table = table
        self._redis = redis
        self._stream = stream
        self._groups = frozenset(groups)
        # The braces put the mark into the stream's slot of a Redis Cluster.
        self._mark_key = f"outbox:{{{stream}}}:mark"
        self._wakeup = wakeup
        self._poll_seconds = poll_seconds
        self._max_stream_entries = max_stream_entries
        self._clock = clock or SystemClock()
        self._publish = Script(redis, _PUBLISH)
        self._last_published: datetime | None = None
        self._held_back = False
        self._published_since_trim = 0

    async def run(self) -> None:
        """Publish for ever; outages of Postgres or Redis leave the rows where they are and are waited out."""
        backoff = Backoff(0.05, 5.0)
        woken = False
        while True:
            try:
                # Whoever woke us wrote events, and publishing them finds a lost stream by itself.
                await self.drain(look_first=not woken)
                backoff.reset()
                OUTBOX_OLDEST_AGE_SECONDS.labels(self._stream).set(
                    await self._oldest_age_seconds() if self._held_back else 0.0
                )
            except (RedisError, DomainError, OSError) as error:
                _log.warning("publishing failed", extra={"stream": self._stream, "cause": type(error).__name__})
                await self._wakeup.wait(backoff.next_seconds())
                await self._report_age()
                continue
            woken = await self._wakeup.wait(self._poll_seconds)

    async def drain(self, *, look_first: bool = True) -> int:
        """Publish what waits, batch by batch; look first whether Redis still has what was published before."""
        published = 0
        if self._last_published is None or (look_first and await self._looks_lost()):
            await self._refill_if_lost()
        while await self._has_room():
            try:
                count = await self._publish_batch()
            except _StreamLostError:
                if await self._refill_if_lost():
                    continue
                break  # another replica is at it
            published += count
            if count < BATCH_EVENTS:
                break
        return published

    async def _publish_batch(self) -> int:
        async with self._database.transaction() as connection:
            batch = await outbox.take_batch(connection, self._table, BATCH_EVENTS)
            if batch is None:
                return 0
            # What any replica published must still be there: our mark covers up theirs, and none would notice later.
            before = max(self._last_published or _EPOCH, batch.last_published_at or _EPOCH)
            arguments: list[str | bytes | int] = [
                "" if before == _EPOCH else _to_micros(before),
                _to_micros(batch.published_at),
                _FIELDS_PER_EVENT,
            ]
            for row in batch.rows:
                arguments += _fields(row)
            # The one network call within a transaction: XADD before the commit makes "at least once" true. It is
            # bounded by the client's time-out, and only relays wait for each other here.
            if not await self._publish(keys=[self._stream, self._mark_key], args=arguments):
                raise _StreamLostError
        self._last_published = batch.published_at
        self._published_since_trim += len(batch.rows)
        OUTBOX_PUBLISHED.labels(self._stream).inc(len(batch.rows))
        return len(batch.rows)

    async def _looks_lost(self) -> bool:
        mark, exists = await self._read_mark()
        return self._lost(mark, exists, self._last_published)

    async def _refill_if_lost(self) -> bool:
        """Put lost events back into the outbox's queue; False if another relay holds the lock just now."""
        async with self._database.transaction() as connection:
            if not await outbox.try_lock(connection, self._table):
                return False
            # Under the lock, and from Postgres: another replica may have published or refilled meanwhile.
            last = await outbox.last_published_at(connection, self._table)
            mark, exists = await self._read_mark()
            if self._lost(mark, exists, last):
                count = await outbox.unpublish(connection, self._table, mark if exists else None)
                OUTBOX_REFILLED.labels(self._stream).inc(count)
                _log.warning(
                    "events were lost from the stream: publishing them again",
                    extra={"stream": self._stream, "count": count},
                )
                last = None
        self._last_published = last or _EPOCH
        return True

    @staticmethod
    def _lost(mark: datetime | None, exists: bool, last: datetime | None) -> bool:
        return last is not None and last > _EPOCH and (not exists or mark is None or mark < last)

    async def _read_mark(self) -> tuple[datetime | None, bool]:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.get(self._mark_key)
        pipeline.exists(self._stream)
        raw, exists = cast("tuple[bytes | None, int]", await pipeline.execute())
        return (None if raw is None else _EPOCH + timedelta(microseconds=int(raw))), bool(exists)

    async def _has_room(self) -> bool:
        """Tell whether a batch may be published; looks once in a while, trimming what every group has taken in."""
        if not self._held_back and self._published_since_trim < self._max_stream_entries // 10:
            return True
        self._published_since_trim = 0
        length = await awaited(cast("Any", self._redis.xlen(self._stream)))
        if length > self._max_stream_entries // 2:
            needed_from = await self._needed_from()
            if needed_from is None:
                await awaited(cast("Any", self._redis.xtrim(self._stream, maxlen=self._max_stream_entries // 2)))
            else:
                await awaited(cast("Any", self._redis.xtrim(self._stream, minid=needed_from)))
            length = await awaited(cast("Any", self._redis.xlen(self._stream)))
        held_back = length >= self._max_stream_entries
        if held_back and not self._held_back:
            _log.warning("publishing waits for slow consumers", extra={"stream": self._stream, "entries": length})
        self._held_back = held_back
        STREAM_HELD_BACK.labels(self._stream).set(int(held_back))
        return not held_back

    async def _needed_from(self) -> str | None:
        """Return the first entry that some group has not finished; None where no group reads, nor must."""
        firsts: list[tuple[int, int]] = []
        groups = cast("list[dict[str, Any]]", await awaited(cast("Any", self._redis.xinfo_groups(self._stream))))
        if not self._groups <= {bytes(group["name"]).decode() for group in groups}:
            return "0-0"
        for group in groups:
            first = group["last-delivered-id"]
            if group["pending"]:
                summary = cast(
                    "dict[str, Any]", await awaited(cast("Any", self._redis.xpending(self._stream, group["name"])))
                )
                first = summary["min"] or first
            millis, _, number = bytes(first).decode().partition("-")
            firsts.append((int(millis), int(number)))
        return "{}-{}".format(*min(firsts)) if firsts else None

    async def _oldest_age_seconds(self) -> float:
        async with self._database.connect() as connection:
            at = await outbox.oldest_unpublished_at(connection, self._table)
        return 0.0 if at is None else max(0.0, (self._clock.now() - at).total_seconds())

    async def _report_age(self) -> None:
        try:
            OUTBOX_OLDEST_AGE_SECONDS.labels(self._stream).set(await self._oldest_age_seconds())
        except DomainError:
            return  # the gauge keeps its last value while Postgres is away; readiness tells


def _fields(row: Row[tuple[object, ...]]) -> tuple[str | bytes | int, ...]:
    event = cast("Any", row)
    occurred_at = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return (
        *("id", str(event.id)),
        *("type", event.type),
        *("aggregate_id", str(event.aggregate_id)),
        *("aggregate_version", event.aggregate_version),
        *("occurred_at", occurred_at),
        *("traceparent", event.traceparent),
        *("payload", event.payload),
    )


def _to_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
