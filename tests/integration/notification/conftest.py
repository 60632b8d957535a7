"""The store of notifications on a real Postgres, the live streams on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from chassis.database import Database
from chassis.redis_client import open_redis
from notification_service.adapters.postgres import PostgresStore
from notification_service.use_cases.owe_messages import OweMessages
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.embedded import TestPostgres
from tests.integration.notification.lanes import Town


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


async def all_kept(database: Database) -> str:
    """Return all that is kept of messages and their deliveries."""
    query = "SELECT n.*::text, d.*::text FROM notification n, delivery d"
    async with database.connect() as connection:
        # Tuples: a row's own text is cut short.
        return str([tuple(row) for row in await connection.exec_driver_sql(query)])


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="module")
async def shared_database(
    postgres: TestPostgres, migrated_postgres_url: Callable[[str], str]
) -> AsyncGenerator[tuple[Database, Callable[[], Awaitable[None]]]]:
    """One database for the tests of a file, and what empties it."""
    url = migrated_postgres_url("notification")
    # Twenty at once wait for its connections, on a busy machine for as long as it takes.
    database = Database(url, pool_timeout_seconds=60)
    async with postgres.emptying(url) as empty:
        yield database, empty
    await database.dispose()


@pytest.fixture
async def database(shared_database: tuple[Database, Callable[[], Awaitable[None]]]) -> Database:
    """A database with nothing in it."""
    database, empty = shared_database
    await empty()
    return database


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Redis]:
    client = open_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def store(database: Database) -> PostgresStore:
    return PostgresStore(database, Uuid7Source())


@pytest.fixture
def owe_messages(store: PostgresStore, clock: SetClock) -> OweMessages:
    return OweMessages(store, TEMPLATES, clock, Uuid7Source())


@pytest.fixture
def town(database: Database, store: PostgresStore, clock: SetClock) -> Town:
    """One person's messages and no senders yet."""
    return Town(database, store, clock)
