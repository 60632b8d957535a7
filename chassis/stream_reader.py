"""Reading one stream for a consumer group: new entries, those of a former life, and those of replicas that died."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from redis.exceptions import RedisError, ResponseError

from chassis.consumer_group import ConsumerGroup, RawEntry
from chassis.dead_letters import DeadLetters, describe
from chassis.events import Envelope, EventTypes, IncomingEvent
from chassis.metrics import CONSUMER_HANDLED
from chassis.runtime import Backoff
from shared_kernel.errors import DomainError, Unavailable

_log = logging.getLogger(__name__)

MAX_TRIES = 8
MAX_OUTAGES = 200
"""An outage (Unavailable) is not the event's fault and not counted as a try, up to this many in a row: with pauses of
five seconds, a quarter of an hour."""
_MAX_HELD_ENTRIES = 1_000
_BLOCK_SECONDS = 1.0


@dataclass(slots=True)
class _Entry:
    stream_id: bytes
    event: Envelope


@dataclass(slots=True)
class _Held:
    """Events of one aggregate that wait for the first of them to succeed."""

    entries: deque[_Entry]
    backoff: Backoff
    retry_at: float
    outages: int
    """How often in a row the first of them met an outage; 0 after a failure of its own."""


class _Outcome(Enum):
    DONE = auto()
    FAILED = auto()
    OUTAGE = auto()


class StreamReader:
    """One stream, one group, one consumer: everything in one task, so the order of handling is the order of reading."""

    def __init__(
        self,
        group: ConsumerGroup,
        *,
        types: EventTypes,
        handle: Callable[[IncomingEvent], Awaitable[None]],
        dead_letters: DeadLetters,
        claim_idle_seconds: float,
        first_retry_seconds: float,
        handle_together: Callable[[Sequence[IncomingEvent]], Awaitable[None]] | None = None,
    ) -> None:
        self.stream = group.stream
        self._handle_together = handle_together
        self._group = group
        self._types = types
        self._handle = handle
        self._dead_letters = dead_letters
        self._claim_idle_seconds = claim_idle_seconds
        self._first_retry_seconds = first_retry_seconds
        self._held: dict[UUID, _Held] = {}
        self._held_ids: set[bytes] = set()
        self._done: list[bytes] = []

    async def run(self) -> None:
        """Read for ever; a Redis that is away is waited for, a group that is gone is made again."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(0.05, 5.0)
        claim_at, own_pending_read = loop.time(), False
        while True:
            try:
                if not own_pending_read:
                    await self._group.create()
                    async for entries in self._group.own_pending():
                        await self._take_again(entries)
                    own_pending_read = True
                if loop.time() >= claim_at:
                    async for entries in self._group.claim_from_silent(self._claim_idle_seconds):
                        await self._take_again(entries)
                    claim_at = loop.time() + self._claim_idle_seconds / 2
                await self._retry_due()
                await self._read_new(claim_at - loop.time())
                backoff.reset()
            except (RedisError, OSError, DomainError) as error:
                if isinstance(error, ResponseError) and str(error).startswith("NOGROUP"):
                    # Redis was flushed: the relay fills the stream again, and this group reads it from its beginning.
                    own_pending_read = False
                    self._forget_held()
                    continue
                _log.warning("reading failed", extra={"stream": self.stream, "cause": describe(error)})
                # What was read or claimed just before may be in nobody's hands: look through our own again.
                own_pending_read = False
                await asyncio.sleep(backoff.next_seconds())
            except asyncio.CancelledError:
                await self._acknowledge_quietly()
                raise

    async def _read_new(self, at_most_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        wait = min([_BLOCK_SECONDS, at_most_seconds, *(held.retry_at - loop.time() for held in self._held.values())])
        if len(self._held_ids) >= _MAX_HELD_ENTRIES:
            await asyncio.sleep(max(0.0, wait))
            return
        entries = await self._group.read_new(max(1, int(wait * 1000)))
        for stream_id, fields in await self._take_together(entries):
            await self._take(stream_id, fields)
        await self._acknowledge()

    async def _take_together(self, entries: Sequence[RawEntry]) -> Sequence[RawEntry]:
        """Try several new events as one; return those that are to be taken one by one: all, if that failed.

        Whether it did is told by its transaction: then none of them had an effect, and each is tried by itself, so that
        one bad event harms no other.
        """
        if self._handle_together is None or len(entries) < 2:
            return entries
        apart: list[RawEntry] = []
        together: list[tuple[bytes, IncomingEvent]] = []
        try:
            for stream_id, fields in entries:
                event = Envelope.read(fields)
                if event.type not in self._types or event.aggregate_id in self._held:
                    apart.append((stream_id, fields))
                else:
                    together.append((stream_id, self._types.open(event)))
            if together:
                await self._handle_together([event for _, event in together])
        except Exception as error:
            _log.info("events are taken in one by one", extra={"stream": self.stream, "cause": describe(error)})
            return entries
        for stream_id, event in together:
            CONSUMER_HANDLED.labels(event.type, "handled").inc()
            self._done.append(stream_id)
        return apart

    async def _take_again(self, entries: Sequence[RawEntry]) -> None:
        """Take entries in that were delivered before, one by one, each counted as tried when it is.

        One of them may be what took the process down. It must not be counted against the others: those before it are
        acknowledged by then, those after it are not counted yet. Should Redis fail in between, the rest is read again.
        """
        known = self._held_ids.union(self._done)
        for stream_id, fields in [entry for entry in entries if entry[0] not in known]:
            if fields:
                await self._take(stream_id, fields, again=True)
            else:  # trimmed meanwhile
                self._done.append(stream_id)
            await self._acknowledge()

    async def _take(self, stream_id: bytes, fields: dict[bytes, bytes], *, again: bool = False) -> None:
        try:
            event = Envelope.read(fields)
        except ValueError:
            _log.exception("an entry is not an event", extra={"stream": self.stream, "entry": stream_id.decode()})
            CONSUMER_HANDLED.labels("", "malformed").inc()
            self._done.append(stream_id)
            return
        if event.type not in self._types:
            # Not counted by type: names of others are not this consumer's to choose labels from.
            CONSUMER_HANDLED.labels("", "ignored").inc()
            self._done.append(stream_id)
            return
        entry = _Entry(stream_id, event)
        held = self._held.get(event.aggregate_id)
        if held is not None:
            held.entries.append(entry)
            self._held_ids.add(stream_id)
            return
        tries = 1  # what is new was counted when it was read
        if again:
            await self._group.keep((stream_id,), ())
            tries = await self._group.tries(stream_id)
        outcome = await self._attempt(entry, tries, outages=0)
        if outcome is not _Outcome.DONE:
            backoff = Backoff(self._first_retry_seconds, 5.0)
            retry_at = asyncio.get_running_loop().time() + backoff.next_seconds()
            outages = int(outcome is _Outcome.OUTAGE)
            self._held[event.aggregate_id] = _Held(deque([entry]), backoff, retry_at, outages)
            self._held_ids.add(stream_id)

    async def _retry_due(self) -> None:
        now = asyncio.get_running_loop().time()
        for aggregate_id, held in [item for item in self._held.items() if item[1].retry_at <= now]:
            first, *rest = [entry.stream_id for entry in held.entries]
            if held.outages:
                await self._group.keep((), (first, *rest))
            else:
                await self._group.keep((first,), rest)
            while held.entries:
                entry = held.entries[0]
                outcome = await self._attempt(entry, await self._group.tries(entry.stream_id), held.outages)
                if outcome is not _Outcome.DONE:
                    held.outages = held.outages + 1 if outcome is _Outcome.OUTAGE else 0
                    held.retry_at = asyncio.get_running_loop().time() + held.backoff.next_seconds()
                    break
                held.entries.popleft()
                self._held_ids.discard(entry.stream_id)
                held.outages = 0
                held.backoff.reset()
            else:
                del self._held[aggregate_id]
        await self._acknowledge()

    async def _attempt(self, entry: _Entry, tries: int, outages: int) -> _Outcome:
        """Try an event once; DONE also where it was parked after too many tries."""
        event = entry.event
        if tries > MAX_TRIES:  # it never came as far as failing: it takes the process down each time
            return await self._park(entry, tries - 1, "it was never finished")
        try:
            await self._handle(self._types.open(event))
        except Exception as error:
            outage = isinstance(error, Unavailable)
            CONSUMER_HANDLED.labels(event.type, "failed").inc()
            _log.warning(
                "an event was not taken in",
                extra={"event_id": str(event.id), "type": event.type, "tries": tries, "cause": describe(error)},
                exc_info=not isinstance(error, DomainError),
            )
            if outage and outages < MAX_OUTAGES:
                return _Outcome.OUTAGE
            if not outage and tries < MAX_TRIES:
                return _Outcome.FAILED
            return await self._park(entry, tries, describe(error))
        CONSUMER_HANDLED.labels(event.type, "handled").inc()
        self._done.append(entry.stream_id)
        return _Outcome.DONE

    async def _park(self, entry: _Entry, tries: int, cause: str) -> _Outcome:
        try:
            await self._dead_letters.park(entry.event.parked(self.stream, self._group.group, tries, cause))
        except DomainError:
            return _Outcome.OUTAGE  # the database is away: it keeps its place in the order and is parked later
        CONSUMER_HANDLED.labels(entry.event.type, "parked").inc()
        _log.error(
            "an event was parked", extra={"event_id": str(entry.event.id), "type": entry.event.type, "cause": cause}
        )
        self._done.append(entry.stream_id)
        return _Outcome.DONE

    async def _acknowledge(self) -> None:
        if self._done:
            done, self._done = self._done, []
            try:
                await self._group.acknowledge(done)
            except BaseException:
                self._done = done + self._done
                raise

    async def _acknowledge_quietly(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._acknowledge()
        except (RedisError, OSError, TimeoutError):
            return  # they come again, and the inbox knows them

    def _forget_held(self) -> None:
        self._held.clear()
        self._held_ids.clear()
        self._done.clear()
