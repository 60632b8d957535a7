"""How long the outcome of an operation was unknown, as the rows of payment's database come to tell it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import asyncpg
import pytest

from jitney.chaos.watch_operations import resolved_seconds, told_of, watch_operations

_BEGIN = """
    INSERT INTO psp_operation (
        id, kind, instruction, state, attempt, tries, due_at, psp_object_id, created_at, keyed_at
    ) VALUES ($1, 'void', '{}', 'sending', 1, 1, now(), '', now(), now())
"""


class Databases:
    """Payment's alone."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def database(self, service: str) -> AsyncGenerator[asyncpg.Connection]:
        assert service == "payment"
        connection = await asyncpg.connect(self._url)
        try:
            yield connection
        finally:
            await connection.close()

    async def begin(self) -> UUID:
        operation_id = uuid4()
        async with self.database("payment") as connection:
            await connection.execute(_BEGIN, operation_id)
        return operation_id

    async def move(self, operation_id: UUID, state: str, *, finished_at: datetime | None = None) -> None:
        statement = "UPDATE psp_operation SET state = $2, finished_at = $3 WHERE id = $1"
        async with self.database("payment") as connection:
            await connection.execute(statement, operation_id, state, finished_at)

    async def now(self) -> datetime:
        """The time by the clock that notes when an outcome became unknown."""
        async with self.database("payment") as connection:
            return cast("datetime", await connection.fetchval("SELECT clock_timestamp()"))


@pytest.fixture
async def databases(migrated_postgres_url: Callable[[str], str]) -> Databases:
    made = Databases(migrated_postgres_url("payment"))
    await watch_operations(made)
    return made


async def test_an_outcome_is_unknown_from_the_first_time_on_however_often_it_is_asked_for(databases: Databases) -> None:
    operation_id = await databases.begin()
    before = await databases.now()
    await databases.move(operation_id, "unknown")
    after = await databases.now()
    for state in ("sending", "unknown", "sending"):
        await databases.move(operation_id, state)
    await databases.move(operation_id, "succeeded", finished_at=after + timedelta(seconds=40))
    [seconds] = await resolved_seconds(databases)
    assert 40 <= seconds <= 40 + (after - before).total_seconds()


async def test_what_was_answered_at_once_or_is_still_unknown_is_not_told_of(databases: Databases) -> None:
    at_once, still = await databases.begin(), await databases.begin()
    await databases.move(at_once, "refused", finished_at=await databases.now())
    await databases.move(still, "unknown")
    assert await resolved_seconds(databases) == []


def test_what_was_unknown_is_told_with_its_mean_and_its_slowest() -> None:
    assert told_of([]) == "none was unknown"
    assert told_of([2.0, 4.0, 30.0]) == "3 were unknown, and known after mean 12.0 s, p50 4.0 s, slowest 30.0 s"
