"""Resuming: what a client that comes back has missed, or that this cannot be told any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.live_entries import (
    KEPT_ENTRIES,
    START,
    EntryId,
    LiveEvent,
    first_id,
    live_events,
    read_entry_id,
    stream_key,
    write_entry_id,
)
from chassis.redis_client import awaited
from shared_kernel.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a connection starts.

    `position` is where it stood before `missed`, `after` where it stands after it; with `gap`, entries may have been
    lost, none is replayed, and the client has to read the state anew.
    """

    position: EntryId
    missed: tuple[LiveEvent, ...]
    after: EntryId
    gap: bool


async def resume(redis: Redis, account: str, last_event_id: str) -> Resumption:
    """Find what came after an id; without one, start now.

    An id that is older than the oldest kept entry, or newer than the newest (Redis lost its memory), or 500 entries
    behind, is a gap.

    Raises:
        Unavailable: `streams_unavailable` if Redis does not answer.
    """
    key = stream_key(account)
    try:
        pipeline = redis.pipeline(transaction=False)
        pipeline.xrange(key, count=1)
        pipeline.xrevrange(key, count=1)
        pipeline.xlen(key)
        first_entries, last_entries, length = await pipeline.execute()
        first, last = first_id(first_entries), first_id(last_entries)
        if not last_event_id:
            return Resumption(last, (), last, gap=False)
        known = read_entry_id(last_event_id)
        # From the very start, nothing is lost while nothing had to be trimmed.
        whole = known == START and int(length) < KEPT_ENTRIES
        if known is None or known > last or (known < first and not whole):
            return Resumption(last, (), last, gap=True)
        command = redis.xrange(key, min=f"({write_entry_id(known)}", count=KEPT_ENTRIES + 1)
        entries = cast("list[object]", await awaited(cast("Any", command)))
    except (RedisError, OSError):
        raise Unavailable("streams_unavailable", "live streams are not available just now") from None
    if len(entries) > KEPT_ENTRIES:
        return Resumption(last, (), last, gap=True)
    after = first_id(entries[-1:]) if entries else known
    return Resumption(known, tuple(live_events(entries)), after, gap=False)
