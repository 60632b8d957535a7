"""The use cases of rides on a real database."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select

from chassis.database import Database
from chassis.runtime import Wakeup
from matching_service.adapters import tables
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_edits import PostgresEditQueue
from matching_service.adapters.postgres_quotes import PostgresQuotes
from matching_service.adapters.postgres_reads import PostgresRideReader
from matching_service.adapters.postgres_saga import PostgresSagaQueue
from matching_service.adapters.postgres_shifts import PostgresShiftReader
from matching_service.entrypoints import wire_events
from matching_service.use_cases.service_ports import Payments
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_dispatch import HandClock
from tests.fakes.matching_stage import Stage


def stage_on(
    database: Database, payments: Payments, clock: HandClock | None = None, *, payment_seconds: float = 2.0
) -> Stage:
    """All use cases of rides on a migrated database; several on one are replicas."""
    clock = clock or HandClock()

    async def told() -> list[tuple[UUID, int]]:
        row = tables.outbox.c
        async with database.connect() as connection:
            rows = await connection.execute(select(row.aggregate_id, row.aggregate_version).order_by(row.seq))
            return [(aggregate_id, version) for aggregate_id, version in rows]

    return Stage(
        PostgresStore(database, wire_events.event_message, clock, Uuid7Source(), Wakeup()),
        PostgresRideReader(database),
        PostgresSagaQueue(database),
        PostgresQuotes(database),
        payments,
        PostgresShiftReader(database),
        PostgresEditQueue(database),
        told,
        clock,
        payment_seconds,
    )


@asynccontextmanager
async def open_database(url: str, pool_size: int = 8) -> AsyncGenerator[Database]:
    """A pool on the database, closed afterwards."""
    database = Database(url, pool_size=pool_size, name="matching test", pool_timeout_seconds=30)
    try:
        yield database
    finally:
        await database.dispose()
