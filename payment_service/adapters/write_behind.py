"""A connection on which writes that nobody reads back wait, and are sent together.

A use case writes row by row, as it thinks; what it writes is kept here and sent in a few set-based statements at the
end of the transaction, in an order that suits locks and foreign keys. Any other statement on this connection sends
first what waits, so nobody sees the difference: not a read, and not a write that depends on an earlier one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.domain.ledger import Account, JournalEntry
from payment_service.domain.operation import Operation
from payment_service.domain.payment import Payment
from payment_service.use_cases.answers import Answer
from payment_service.use_cases.repositories import RequestKey


@dataclass(slots=True)
class Writes:
    """What waits to be written.

    `set_aside` is what is held (released, below zero) of an account in a currency; `answered` has a request with the
    operation that will answer it, or its answer; `brought` the answer of all requests that wait for an operation;
    `events` are rows of the outbox.
    """

    payments: dict[UUID, Payment] = field(default_factory=dict[UUID, Payment])
    new_operations: list[Operation] = field(default_factory=list[Operation])
    finished_operations: list[tuple[Operation, datetime, str]] = field(
        default_factory=list[tuple[Operation, datetime, str]]
    )
    set_aside: dict[tuple[Account, str], int] = field(default_factory=dict[tuple[Account, str], int])
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])
    answered: list[tuple[RequestKey, UUID | None, Answer | None]] = field(
        default_factory=list[tuple[RequestKey, UUID | None, Answer | None]]
    )
    brought: list[tuple[UUID, Answer]] = field(default_factory=list[tuple[UUID, Answer]])
    events: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    def __bool__(self) -> bool:
        return bool(
            self.payments
            or self.new_operations
            or self.finished_operations
            or self.set_aside
            or self.entries
            or self.answered
            or self.brought
            or self.events
        )

    def add(self, more: Writes) -> None:
        """Take in what waits elsewhere; ValueError if both change one payment."""
        if not self.payments.keys().isdisjoint(more.payments):
            raise ValueError("two pieces of work change one payment")
        self.payments |= more.payments
        self.new_operations += more.new_operations
        self.finished_operations += more.finished_operations
        for key, amount_minor in more.set_aside.items():
            self.set_aside[key] = self.set_aside.get(key, 0) + amount_minor
        self.entries += more.entries
        self.answered += more.answered
        self.brought += more.brought
        self.events += more.events


Send = Callable[[AsyncConnection, Writes], Awaitable[None]]


class WriteBehind(AsyncConnection):
    """A connection in a transaction; `waiting` is sent before any other statement, and by `flush`."""

    def __init__(self, connection: AsyncConnection, send: Send, group: list[WriteBehind] | None = None) -> None:
        """Make one over a connection; a group of works that share its transaction sends what waits together."""
        super().__init__(connection.engine, connection.sync_connection)
        self.waiting = Writes()
        self.has_sent = False
        """Whether something was written that cannot be taken back but with the transaction."""
        self._plain = connection
        self._send = send
        self._group = [] if group is None else group
        self._group.append(self)

    async def execute(
        self, statement: Any, parameters: Any = None, *, execution_options: Any = None
    ) -> CursorResult[Any]:
        await self.flush()
        if not isinstance(statement, Select):
            self.has_sent = True
        return await self._plain.execute(statement, parameters, execution_options=execution_options)

    async def read_apart(self, statement: Select[Any]) -> CursorResult[Any]:
        """Read what no write that waits can change."""
        return await self._plain.execute(statement)

    async def flush(self) -> None:
        """Send what waits, here and in the works of the group: they were done before this one."""
        writes = Writes()
        for connection in self._group:
            if connection.waiting:
                writes.add(connection.waiting)
                connection.waiting, connection.has_sent = Writes(), True
        if writes:
            await self._send(self._plain, writes)

    def forget(self) -> None:
        """Drop what waits."""
        self.waiting = Writes()
