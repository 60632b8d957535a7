"""The database: transactions that keep their word, and outages told apart from mistakes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.database import Database
from shared_kernel.errors import Unavailable, Unknown
from tests.integration.chassis.stores import INBOX, Stores, new_id
from tests.integration.embedded import TestPostgres


async def count(stores: Stores) -> int:
    async with stores.database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(INBOX)) or 0)


async def add(stores: Stores) -> None:
    async with stores.database.transaction() as connection:
        await connection.execute(insert(INBOX).values(event_id=new_id(), consumer="one"))


async def test_a_transaction_commits_when_its_block_ends(stores: Stores) -> None:
    await add(stores)

    assert await count(stores) == 1


async def test_a_transaction_rolls_back_when_its_block_raises(stores: Stores) -> None:
    async def fail() -> None:
        async with stores.database.transaction() as connection:
            await connection.execute(insert(INBOX).values(event_id=new_id(), consumer="one"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await count(stores) == 0


async def test_a_snapshot_sees_one_moment_whatever_is_written_meanwhile(stores: Stores) -> None:
    number = select(func.count()).select_from(INBOX)
    async with stores.database.snapshot() as connection:
        before = await connection.scalar(number)
        await add(stores)
        assert (before, await connection.scalar(number)) == (0, 0)

    assert await count(stores) == 1


async def test_nothing_is_written_in_a_snapshot_and_its_connection_writes_afterwards(
    postgres_url: Callable[[str], str],
) -> None:
    database = Database(postgres_url("snapshot"), pool_size=1)
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE things (id int)"))

    with pytest.raises(DBAPIError, match="read-only"):
        async with database.snapshot() as connection:
            await connection.execute(text("INSERT INTO things VALUES (1)"))

    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO things VALUES (2)"))
        assert await connection.scalar(text("SHOW transaction_isolation")) == "read committed"
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT id FROM things")) == 2
    await database.dispose()


async def test_a_canceled_transaction_rolls_back_and_gives_its_connection_back(
    postgres_url: Callable[[str], str],
) -> None:
    database = Database(postgres_url("canceled"), pool_size=1)
    entered = asyncio.Event()
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE things (id int)"))

    async def hang() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO things VALUES (1)"))
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await asyncio.wait_for(entered.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM things")) == 0
    await database.dispose()


async def test_a_mistake_is_not_called_an_outage(stores: Stores) -> None:
    event_id = new_id()
    twice = [{"event_id": event_id, "consumer": "one"}] * 2
    with pytest.raises(IntegrityError):
        async with stores.database.transaction() as connection:
            await connection.execute(insert(INBOX).values(twice))


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")

    with pytest.raises(Unavailable) as caught:
        await database.ping()

    assert caught.value.reason == "database_unavailable"
    assert "secret" not in str(caught.value)
    await database.dispose()


async def test_a_used_up_pool_is_busy_after_a_bounded_wait(postgres_url: Callable[[str], str]) -> None:
    database = Database(postgres_url("busy"), pool_size=1, pool_timeout_seconds=0.05)
    async with database.connect():
        with pytest.raises(Unavailable) as caught:
            await database.ping()
    assert caught.value.reason == "database_busy"
    assert "connections" in caught.value.message
    await database.dispose()


async def test_a_statement_that_takes_too_long_is_stopped(postgres_url: Callable[[str], str]) -> None:
    database = Database(postgres_url("slow"), statement_timeout_seconds=0.05)
    with pytest.raises(Unavailable) as caught:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))
    assert caught.value.reason == "database_timeout"
    await database.dispose()


async def test_two_transactions_that_lock_each_other_out_are_busy_not_broken(
    postgres_url: Callable[[str], str],
) -> None:
    database = Database(postgres_url("deadlock"))
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE things (id int PRIMARY KEY)"))
        await connection.execute(text("INSERT INTO things VALUES (1), (2)"))
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT FROM things WHERE id = :id FOR UPDATE"), {"id": first})
            await both_hold_one.wait()
            await connection.execute(text("SELECT FROM things WHERE id = :id FOR UPDATE"), {"id": second})

    outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)

    (error,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(error, Unavailable)
    assert error.reason == "database_busy"
    assert "another change" in error.message
    await database.dispose()


async def kill(postgres: TestPostgres, application: str) -> None:
    connection = await asyncpg.connect(postgres.cluster.superuser_url())
    try:
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
            f"jitney {application}",
        )
        assert killed
    finally:
        await connection.close()


async def test_a_connection_lost_within_a_transaction_did_nothing(
    postgres: TestPostgres, postgres_url: Callable[[str], str]
) -> None:
    database = Database(postgres_url("lost"), name="lost")

    async def lose_it_midway() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            await kill(postgres, "lost")
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable) as caught:
        await lose_it_midway()

    assert caught.value.reason == "database_unavailable"
    await database.ping()  # the pool has forgotten the dead connection
    await database.dispose()


async def test_a_connection_lost_while_committing_leaves_the_outcome_unknown(
    postgres: TestPostgres, postgres_url: Callable[[str], str]
) -> None:
    database = Database(postgres_url("unknown"), name="unknown")

    async def lose_it_at_the_end() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE things (id int)"))
            await kill(postgres, "unknown")

    with pytest.raises(Unknown) as caught:
        await lose_it_at_the_end()

    assert caught.value.reason == "commit_unknown"
    await database.dispose()


async def test_a_deferred_constraint_that_fails_at_the_commit_is_a_mistake(postgres_url: Callable[[str], str]) -> None:
    database = Database(postgres_url("deferred"))
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE things (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO things VALUES (1), (1)"))
    await database.dispose()


async def test_a_database_without_a_schema_is_not_current(stores: Stores) -> None:
    assert not await stores.database.schema_suffices("0001")
