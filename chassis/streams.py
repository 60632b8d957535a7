"""Consuming events: a consumer group on Redis Streams, acknowledged after the effect, retried in order, then parked.

An event that fails is tried again with growing pauses. Until it succeeds or is parked, later events of the same
aggregate wait behind it, and those of other aggregates go on. Tries are counted by Redis (the delivery counter), so
that an event that kills its process is parked as well, and it alone of those that were read with it. A handler takes
its effect and the event's id (inbox) in one transaction: delivery is at least once, and again after a reclaim or a
refill.

Replicas of a service share a group: order is kept within a replica. Across replicas an aggregate's events can be in
work at once, so a handler judges by `aggregate_version` or by its own state, never by arrival alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from google.protobuf.message import Message
from redis.asyncio import Redis

from chassis.consumer_group import ConsumerGroup
from chassis.dead_letters import DeadLetter, DeadLetters
from chassis.deadlines import deadline
from chassis.events import EventTypes, IncomingEvent
from chassis.stream_reader import StreamReader
from chassis.telemetry import span_from, traceparent_of

__all__ = ["EventConsumer", "IncomingEvent"]

_log = logging.getLogger(__name__)
Handler = Callable[[IncomingEvent], Awaitable[None]]

HANDLER_SECONDS = 20.0
"""How long one event may take; less than the idle time after which another replica would claim it."""


class EventConsumer:
    """Takes the events of several streams in, one stream after its own order."""

    def __init__(
        self,
        redis: Redis,
        streams: Sequence[str],
        group: str,
        consumer: str,
        handler: Handler,
        dead_letters: DeadLetters,
        types: Iterable[type[Message]],
        *,
        claim_idle_seconds: float = 30.0,
        first_retry_seconds: float = 0.1,
        handle_together: Callable[[Sequence[IncomingEvent]], Awaitable[None]] | None = None,
    ) -> None:
        """Make a consumer.

        Args:
            redis: a client that answers in bytes.
            streams: for example `events:payment`; each is read by a task of its own.
            group: the consuming service's name.
            consumer: this replica's name, best the same after a restart (the pod's or host's name).
            handler: has the effect; raises to be tried again. Never called twice at once for events of one stream.
            dead_letters: where events are parked after eight tries.
            types: the messages to be handled; events of other types are acknowledged unread.
            claim_idle_seconds: after which a silent replica's events are taken over.
            first_retry_seconds: the first pause after a failure; it doubles up to five seconds.
            handle_together: has the effect of several new events, in their order and in one transaction; where it
                raises, none had any, and each goes to `handler`.
        """
        self._together = handle_together
        self._handler = handler
        self._types = EventTypes(types)
        self._group = group
        self._dead_letters = dead_letters
        self._readers = [
            StreamReader(
                ConsumerGroup(redis, stream, group, consumer),
                types=self._types,
                handle=self._handle,
                dead_letters=dead_letters,
                claim_idle_seconds=claim_idle_seconds,
                first_retry_seconds=first_retry_seconds,
                handle_together=None if handle_together is None else self._handle_together,
            )
            for stream in streams
        ]
        for stream in streams:
            dead_letters.bind(group, stream, self._replay)

    async def run(self) -> None:
        """Consume for ever."""
        await self._dead_letters.count(self._group)
        async with asyncio.TaskGroup() as group:
            for reader in self._readers:
                group.create_task(reader.run(), name=f"read {reader.stream}")
            group.create_task(self._dead_letters.count_forever(self._group), name="count dead letters")

    async def _handle(self, event: IncomingEvent) -> None:
        with _taking(event) as taken, deadline(HANDLER_SECONDS):
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._handler(taken)

    async def _handle_together(self, events: Sequence[IncomingEvent]) -> None:
        if self._together is None:
            return
        # Each event goes on with its own trace; what is done for all of them shows in the last one's.
        with ExitStack() as spans, deadline(HANDLER_SECONDS):
            taken = [spans.enter_context(_taking(event, together=len(events))) for event in events]
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._together(taken)

    async def _replay(self, letter: DeadLetter) -> None:
        await self._handle(self._types.open(letter))


@contextmanager
def _taking(event: IncomingEvent, together: int = 1) -> Generator[IncomingEvent]:
    """Show the taking in of an event; what comes of it later goes on from here."""
    attributes: dict[str, str | int] = {
        "messaging.message.id": str(event.id),
        "messaging.batch.message_count": together,
        "jitney.aggregate_id": str(event.aggregate_id),
    }
    with span_from(event.traceparent, f"consume {event.type.rpartition('.')[2]}", attributes=attributes) as span:
        yield replace(event, traceparent=traceparent_of(span.get_span_context())) if span.is_recording() else event
