"""The store of rides, offers and shifts in Postgres: one transaction, judged by the database's own indexes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.joined_traces import JoinedTraces
from chassis.runtime import Wakeup
from matching_service.adapters.postgres_transaction import EventMessage, PostgresTransaction
from matching_service.adapters.refusals import refusal_of
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

RIDE_ATTRIBUTE = "jitney.ride_id"


class PostgresStore:
    """The Store of production. After a commit that wrote events the relay is woken."""

    def __init__(
        self, database: Database, event_message: EventMessage, clock: Clock, new_id: IdSource, relay: Wakeup
    ) -> None:
        self._database = database
        self._event_message = event_message
        self._clock = clock
        self._new_id = new_id
        self._relay = relay

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresTransaction]:
        """Run a block in one transaction; what a unique index refuses is the Conflict it stands for."""
        traces = JoinedTraces("ride", RIDE_ATTRIBUTE)
        try:
            async with self._database.transaction() as connection:
                tx = PostgresTransaction(connection, self._event_message, self._clock, self._new_id, traces)
                yield tx
                await tx.flush()
        except IntegrityError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error
        finally:
            traces.end()
        tx.waits.observe()
        if tx.told:
            self._relay.wake()
