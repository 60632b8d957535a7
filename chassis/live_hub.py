"""The hub of live streams: one blocking read of Redis feeds all connections of this process.

Redis is asked for the streams of all connected accounts at once, each from the position of its connection, so nothing
is missed between replay and live: reading simply goes on. A new connection interrupts a read under way through the
process' control stream (`live_control`).

A Redis Cluster answers one read for streams of one slot alone: there each strand of accounts is read by itself, and an
outage of one node is one of its strands.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.live_control import LiveControl, superseded
from chassis.live_entries import (
    START,
    STRANDS,
    EntryId,
    LiveEvent,
    first_id,
    live_events,
    read_entry_id,
    strand_of,
    stream_key,
    streams_of,
    write_entry_id,
)
from chassis.live_metrics import (
    LIVE_TYPES,
    STREAM_CLOSED,
    STREAM_CONNECTIONS,
    STREAM_EVENTS,
    STREAM_LATENCY_SECONDS,
    STREAM_READ_FAILURES,
)
from chassis.live_subscription import Ending, Sign, Subscription
from chassis.redis_client import is_cluster
from chassis.runtime import Backoff
from chassis.telemetry import span_from
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)

_BLOCK_MILLIS = 2_000
_LAPSE_SECONDS = 0.5
"""How late who waits may hear that nothing came."""
_ENTRIES_A_READ = 100
_KEYS_A_PIPELINE = 500
OWN = "me"
"""The slot of an account's own live stream; the streams of its rides have slots of their own."""
# Asking for many streams costs with their number, also when one of them has news: events of a few milliseconds share
# a read.
_PAUSE_SECONDS_A_STREAM = 0.000_005
_PAUSE_SECONDS_MAX = 0.02


class _Strand:
    """The connections that one read feeds, and where the reading stands."""

    def __init__(self, number: int, control_key: str) -> None:
        self.number = number
        self.control_key = control_key
        self.control_position = START
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self.someone_listens = asyncio.Event()
        self.healthy = True
        self.waking: asyncio.Task[None] | None = None
        self.wake_again = False


class Hub:
    """Reads for all connections. `reader` is a client for the blocking read alone, without retries of its own."""

    def __init__(self, reader: Redis, redis: Redis, clock: Clock, process_id: UUID, queue_size: int) -> None:
        self._reader = reader
        self._control = LiveControl(redis, process_id)
        self._clock = clock
        self._queue_size = queue_size
        strands = range(STRANDS if is_cluster(reader) else 1)
        self._strands = [_Strand(number, self._control.key(number)) for number in strands]
        self._numbers = count(1)
        self._claims: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def healthy(self) -> bool:
        """Whether the last read of some strand succeeded."""
        return any(strand.healthy for strand in self._strands) and not self._closed

    def __len__(self) -> int:
        return sum(len(strand.subscriptions) for strand in self._strands)

    def subscribe(self, account: str, position: EntryId, slot: str | None = OWN) -> Subscription:
        """Begin to deliver what comes after a position to one slot of an account.

        An older connection of the slot ends (`superseded`): at once in this process, soon in another one. Without a
        slot it is one beside all others.
        """
        number = next(self._numbers)
        subscription = Subscription(account, slot or f"beside-{number}", number, position, self._queue_size)
        if self._closed:
            subscription.end(Ending.SHUTDOWN)
            return subscription
        strand = self._strand_of(account)
        older = strand.subscriptions.get((account, subscription.slot))
        if older is not None:
            self._end(older, Ending.SUPERSEDED)
        strand.subscriptions[account, subscription.slot] = subscription
        STREAM_CONNECTIONS.set(len(self))
        strand.someone_listens.set()
        self._wake(strand)
        if slot is not None:
            claim = asyncio.create_task(self._control.claim(strand.number, account, subscription.slot, number))
            self._claims.add(claim)
            claim.add_done_callback(self._claims.discard)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a connection that has ended."""
        strand = self._strand_of(subscription.account)
        if self._is_current(subscription):
            del strand.subscriptions[subscription.account, subscription.slot]
            STREAM_CONNECTIONS.set(len(self))
        if not strand.subscriptions:
            strand.someone_listens.clear()

    def close(self) -> None:
        """End all connections; their clients reconnect elsewhere with their Last-Event-ID."""
        self._closed = True
        for subscription in [each for strand in self._strands for each in strand.subscriptions.values()]:
            self._end(subscription, Ending.SHUTDOWN)
        # What they still had to say to Redis would open connections anew behind the closing of the client.
        for task in (*self._claims, *(strand.waking for strand in self._strands)):
            if task is not None:
                task.cancel()

    async def run(self) -> None:
        """Read for ever; survives Redis going away and coming back."""
        async with asyncio.TaskGroup() as group:
            for strand in self._strands:
                group.create_task(self._read(strand), name=f"read {strand.control_key}")
            group.create_task(self._lapse(), name="live streams without news")

    async def _lapse(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LAPSE_SECONDS)
            now = loop.time()
            for strand in self._strands:
                for subscription in strand.subscriptions.values():
                    subscription.lapse(now)

    async def _read(self, strand: _Strand) -> None:
        backoff = Backoff(first_seconds=0.05, cap_seconds=2.0)
        while True:
            await strand.someone_listens.wait()
            try:
                if not strand.healthy:
                    await self._find_lost_entries(strand)
                    strand.healthy = True
                    backoff.reset()
                await self._read_once(strand)
            except (RedisError, OSError) as error:
                STREAM_READ_FAILURES.inc()
                if strand.healthy:
                    _log.warning("live streams cannot be read", extra={"error_type": type(error).__name__})
                strand.healthy = False
                await asyncio.sleep(backoff.next_seconds())

    async def _read_once(self, strand: _Strand) -> None:
        asked: dict[str, list[Subscription]] = {}
        for subscription in strand.subscriptions.values():
            asked.setdefault(stream_key(subscription.account), []).append(subscription)
        positions = {key: write_entry_id(min(item.position for item in items)) for key, items in asked.items()}
        positions[strand.control_key] = write_entry_id(strand.control_position)
        answer = await self._reader.xread(cast("Any", positions), count=_ENTRIES_A_READ, block=_BLOCK_MILLIS)
        for raw_key, entries in streams_of(answer):
            key = raw_key.decode()
            last = read_entry_id(cast("tuple[bytes, object]", entries[-1])[0].decode()) if entries else None
            if last is None:
                continue
            if key == strand.control_key:
                strand.control_position = last
                self._obey(entries)
                continue
            events = live_events(entries)
            for subscription in asked[key]:
                # A connection that has ended or was superseded meanwhile is not fed any more; its successor reads anew.
                if self._is_current(subscription):
                    after, subscription.position = subscription.position, max(last, subscription.position)
                    self._deliver(subscription, [event for event in events if event.id > after])
        await asyncio.sleep(min(_PAUSE_SECONDS_MAX, len(asked) * _PAUSE_SECONDS_A_STREAM))

    def _deliver(self, subscription: Subscription, events: list[LiveEvent]) -> None:
        now = self._clock.now()
        for event in events:
            if not event.matters(now):
                STREAM_EVENTS.labels("expired").inc()
            elif subscription.offer(event):
                STREAM_EVENTS.labels("delivered").inc()
                _show(event, now)
            else:
                STREAM_EVENTS.labels("overrun").inc()
                self._end(subscription, Ending.SLOW, drop_waiting=True)
                return

    async def _find_lost_entries(self, strand: _Strand) -> None:
        """After an outage: whose stream ends before what was read already has lost entries, and is told so."""
        subscriptions = list(strand.subscriptions.values())
        for start in range(0, len(subscriptions), _KEYS_A_PIPELINE):
            batch = subscriptions[start : start + _KEYS_A_PIPELINE]
            pipeline = self._reader.pipeline(transaction=False)
            for subscription in batch:
                pipeline.xrevrange(stream_key(subscription.account), count=1)
            for subscription, entries in zip(batch, await pipeline.execute(), strict=True):
                last = first_id(entries)
                if last < subscription.position:
                    subscription.position = last
                    if not subscription.offer(Sign.RESYNC):
                        self._end(subscription, Ending.SLOW, drop_waiting=True)
        # The control stream may be gone as well, and its ids begin anew.
        strand.control_position = START

    def _end(self, subscription: Subscription, ending: Ending, *, drop_waiting: bool = False) -> None:
        if subscription.ending is None:
            STREAM_CLOSED.labels(ending.value).inc()
            subscription.end(ending, drop_waiting=drop_waiting)
        self.unsubscribe(subscription)

    def _is_current(self, subscription: Subscription) -> bool:
        standing = self._strand_of(subscription.account).subscriptions
        return standing.get((subscription.account, subscription.slot)) is subscription

    def _strand_of(self, account: str) -> _Strand:
        return self._strands[strand_of(account) % len(self._strands)]

    def _obey(self, entries: Sequence[object]) -> None:
        """End the connections that other processes have newer ones of."""
        for account, slot, number in superseded(entries):
            subscription = self._strand_of(account).subscriptions.get((account, slot))
            if subscription is not None and str(subscription.number) == number:
                self._end(subscription, Ending.SUPERSEDED)

    def _wake(self, strand: _Strand) -> None:
        strand.wake_again = True
        if strand.waking is None or strand.waking.done():
            strand.waking = asyncio.create_task(self._interrupt_read(strand))

    async def _interrupt_read(self, strand: _Strand) -> None:
        while strand.wake_again:
            strand.wake_again = False
            if not await self._control.wake(strand.number):
                # The read ends by itself within two seconds.
                return


def _show(event: LiveEvent, now: datetime) -> None:
    """Measure how old news are when a connection gets them, and show it in the trace of what happened."""
    if event.happened_at is not None:
        kind = event.type if event.type in LIVE_TYPES else "other"
        STREAM_LATENCY_SECONDS.labels(kind).observe(max(0.0, (now - event.happened_at).total_seconds()))
    if event.traceparent:
        with span_from(event.traceparent, f"stream {event.type}"):
            pass
