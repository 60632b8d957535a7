"""The tables every service has, in a database of their own, for the tests of what works on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from google.protobuf.wrappers_pb2 import StringValue
from redis.asyncio import Redis
from sqlalchemy import Table

from chassis.database import Database, new_metadata
from chassis.dead_letters import DeadLetters, dead_letter_table
from chassis.events import IncomingEvent
from chassis.idempotency import idempotency_table
from chassis.inbox import first_time, inbox_table
from chassis.outbox import OutgoingEvent, append_events, outbox_table
from chassis.relay import OutboxRelay
from chassis.runtime import Wakeup
from chassis.streams import EventConsumer
from shared_kernel.ids import Uuid7Source

METADATA = new_metadata()
OUTBOX: Table = outbox_table(METADATA)
INBOX: Table = inbox_table(METADATA)
DEAD_LETTERS: Table = dead_letter_table(METADATA)
KEYS: Table = idempotency_table(METADATA)
STREAM = "events:testing"

new_id = Uuid7Source()


async def eventually(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 60.0) -> None:
    """Wait until a condition holds, looking again and again; fails after a bound."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*coroutines: Any) -> AsyncGenerator[list[asyncio.Task[Any]]]:
    """Run coroutines beside a block and cancel them after it."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        _, still_running = await asyncio.wait(tasks, timeout=60)
        assert not still_running, "what was canceled goes on"


@dataclass
class Stores:
    """A database with the tables, a Redis of its own, and short ways to use them."""

    database: Database
    redis: Redis
    wakeup: Wakeup = field(default_factory=Wakeup)

    async def append(self, *texts: str, aggregate_id: UUID | None = None) -> list[UUID]:
        """Write one event for each text in one transaction; return their ids."""
        aggregate_id = aggregate_id or new_id()
        events = [
            OutgoingEvent(new_id(), aggregate_id, number, datetime.now(UTC), StringValue(value=text))
            for number, text in enumerate(texts, 1)
        ]
        async with self.database.transaction() as connection:
            await append_events(connection, OUTBOX, events)
        self.wakeup.wake()
        return [event.id for event in events]

    def relay(self, **options: Any) -> OutboxRelay:
        options = {"poll_seconds": 0.05, **options}
        return OutboxRelay(self.database, OUTBOX, self.redis, STREAM, self.wakeup, **options)

    async def published(self) -> list[str]:
        """The texts on the stream, in order."""
        entries: Any = await self.redis.xrange(STREAM)
        return [StringValue.FromString(fields[b"payload"]).value for _, fields in entries]

    async def pending(self, group: str = "testers") -> int:
        summary: Any = await self.redis.xpending(STREAM, group)
        return int(summary["pending"])

    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.database, DEAD_LETTERS)

    def consumer(
        self, handler: Callable[[IncomingEvent], Awaitable[None]], name: str = "one", **options: Any
    ) -> EventConsumer:
        letters = options.pop("dead_letters", None) or self.dead_letters()
        options = {"first_retry_seconds": 0.002, **options}
        return EventConsumer(self.redis, [STREAM], "testers", name, handler, letters, [StringValue], **options)


class Taker:
    """A handler with an inbox: an event's effect is a line in `taken`, once."""

    def __init__(self, stores: Stores) -> None:
        self._database = stores.database
        self.taken: list[str] = []
        self.calls = 0

    async def __call__(self, event: IncomingEvent) -> None:
        self.calls += 1
        assert isinstance(event.message, StringValue)
        async with self._database.transaction() as connection:
            if not await first_time(connection, INBOX, event.id, "testers"):
                return
        self.taken.append(event.message.value)
