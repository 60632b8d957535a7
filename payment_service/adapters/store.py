"""The service's database as the use cases see it: one transaction, and what may be done in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.outbox import OutgoingEvent, append_events
from chassis.runtime import Wakeup
from payment_service.adapters.ledger import PostgresLedger
from payment_service.adapters.operations import PostgresOperations
from payment_service.adapters.payment_methods import PostgresPaymentMethods
from payment_service.adapters.payments import PostgresPayments
from payment_service.adapters.requests import PostgresRequests
from payment_service.adapters.tables import outbox
from payment_service.domain.events import PaymentEvent
from shared_kernel.ids import IdSource

EventEncoder = Callable[[PaymentEvent], Message]


class PostgresWork:
    """See `ports.Work`."""

    def __init__(self, connection: AsyncConnection, encode: EventEncoder, ids: IdSource) -> None:
        self.requests = PostgresRequests(connection)
        self.payment_methods = PostgresPaymentMethods(connection)
        self.payments = PostgresPayments(connection)
        self.operations = PostgresOperations(connection)
        self.ledger = PostgresLedger(connection)
        self.told = False
        self._connection = connection
        self._encode = encode
        self._ids = ids

    async def tell(self, event: PaymentEvent, at: datetime) -> None:
        outgoing = OutgoingEvent(
            id=self._ids(),
            aggregate_id=event.aggregate_id,
            aggregate_version=event.aggregate_version,
            occurred_at=at,
            message=self._encode(event),
        )
        await append_events(self._connection, outbox, [outgoing])
        self.told = True


class PostgresStore:
    """See `ports.Store`. Wakes the relay after a commit that wrote an event."""

    def __init__(self, database: Database, encode: EventEncoder, ids: IdSource, relay: Wakeup) -> None:
        self._database = database
        self._encode = encode
        self._ids = ids
        self._relay = relay

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresWork]:
        async with self._database.transaction() as connection:
            work = PostgresWork(connection, self._encode, self._ids)
            yield work
        if work.told:
            self._relay.wake()

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[PostgresWork]:
        async with self._database.transaction() as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield PostgresWork(connection, self._encode, self._ids)
