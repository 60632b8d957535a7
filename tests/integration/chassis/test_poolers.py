"""A service's database through a pgbouncer in transaction mode: what changes connections between two statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from sqlalchemy import Uuid, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.database import Database
from chassis.migrations import check, migrate
from chassis.poolers import Pooler
from shared_kernel.errors import Unavailable
from tests.integration.chassis.stores import INBOX, METADATA, new_id
from tests.integration.embedded import TestPostgres
from tests.integration.pgbouncer import pgbouncer

_CALLERS = 12


@pytest.fixture(params=[Pooler.TRANSACTION, Pooler.PREPARED])
async def pooled(request: pytest.FixtureRequest, postgres_url: Callable[[str], str]) -> AsyncIterator[Database]:
    """A database whose every statement may come to another connection of the server."""
    direct = postgres_url("pooled")
    pooler: Pooler = request.param
    with pgbouncer({"one": direct}, pooler) as urls:
        database = Database(urls["one"], _CALLERS, name="pooled", pooler=pooler, pool_timeout_seconds=30)
        async with database.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        yield database
        await database.dispose()


async def test_the_same_statements_work_on_whichever_connection_they_come_to(pooled: Database) -> None:
    servers: set[int] = set()
    mine = select(func.count()).where(INBOX.c.event_id == bindparam("event_id"))

    async def caller() -> None:
        for _ in range(10):
            event_id = new_id()
            async with pooled.connect() as connection:
                servers.add(int(await connection.scalar(select(func.pg_backend_pid())) or 0))
                await connection.execute(insert(INBOX).values(event_id=event_id, consumer="alone"))
                assert await connection.scalar(mine, {"event_id": event_id}) == 1
            async with pooled.transaction() as connection:
                await connection.execute(insert(INBOX).values(event_id=event_id, consumer="in a transaction"))
                assert await connection.scalar(mine, {"event_id": event_id}) == 2

    await asyncio.gather(*(caller() for _ in range(_CALLERS)))

    assert len(servers) > 1
    async with pooled.snapshot() as connection:
        assert await connection.scalar(select(func.count()).select_from(INBOX)) == _CALLERS * 20


async def test_many_rows_arrays_and_json_go_through_as_they_do_without_a_pooler(pooled: Database) -> None:
    ids = [new_id() for _ in range(300)]
    async with pooled.connect() as connection:
        await connection.execute(insert(INBOX), [{"event_id": each, "consumer": "many"} for each in ids])
    async with pooled.connect() as connection:
        found = select(INBOX.c.event_id).where(INBOX.c.event_id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
        rows: set[UUID] = set((await connection.scalars(found, {"ids": ids[:50]})).all())
        assert rows == set(ids[:50])
        assert await connection.scalar(text("SELECT jsonb_build_object('a', CAST(:a AS int))"), {"a": 1}) == {"a": 1}


async def test_a_mistake_in_a_transaction_leaves_the_connections_as_they_were(pooled: Database) -> None:
    twice = [{"event_id": new_id(), "consumer": "twice"}] * 2
    for _ in range(5):
        with pytest.raises(Exception, match="duplicate key"):
            async with pooled.transaction() as connection:
                await connection.execute(insert(INBOX).values(twice))
    async with pooled.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(INBOX)) == 0


async def test_migrations_run_through_the_pooler_and_the_limits_of_the_role_hold_afterwards(
    postgres: TestPostgres, postgres_url: Callable[[str], str]
) -> None:
    direct = postgres_url("limited")
    role, name = direct.split("//")[1].split(":")[0], direct.rsplit("/", 1)[1]
    owner = Database(postgres.cluster.superuser_url(name), 1)
    async with owner.connect() as connection:
        await connection.execute(text(f"ALTER ROLE {role} IN DATABASE {name} SET statement_timeout = 1000"))
    await owner.dispose()
    with pgbouncer({"one": direct}, Pooler.TRANSACTION) as urls:
        await asyncio.to_thread(migrate, "identity_service", urls["one"])
        await asyncio.to_thread(check, "identity_service", urls["one"])
        database = Database(urls["one"], 2, name="limited", pooler=Pooler.TRANSACTION)
        with pytest.raises(Unavailable) as caught:
            async with database.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))
        assert caught.value.reason == "database_timeout"
        await database.dispose()
