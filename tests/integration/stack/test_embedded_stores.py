"""The embedded PostgreSQL and Redis."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from jitney.stack.databases import provision
from jitney.stack.launch import Launcher
from jitney.stack.postgres import new_password
from jitney.stack.redis import EmbeddedRedis
from tests.integration.embedded import TestPostgres, free_port, running


async def test_each_database_is_fresh_and_durable_statements_work(postgres_url: Callable[[str], str]) -> None:
    first, second = await asyncpg.connect(postgres_url("fresh")), await asyncpg.connect(postgres_url("fresh"))
    try:
        await first.execute("CREATE TABLE ride (id uuid PRIMARY KEY)")
        assert await second.fetchval("SELECT to_regclass('ride')") is None
        assert await first.fetchval("SHOW server_encoding") == "UTF8"
        assert str(await first.fetchval("SHOW server_version")).startswith("18.")
    finally:
        await first.close()
        await second.close()


async def test_a_role_cannot_connect_to_another_ones_database(postgres: TestPostgres) -> None:
    cluster = postgres.cluster
    passwords = {"svc_one": new_password(), "svc_two": new_password()}
    await provision(cluster.superuser_url(), passwords)
    await provision(cluster.superuser_url(), passwords)  # a second start finds all of it there

    own = await asyncpg.connect(cluster.url("svc_one", passwords["svc_one"], "svc_one"))
    await own.execute("CREATE TABLE mine (id int)")
    await own.close()
    for foreign in ("svc_two", "postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(cluster.url("svc_one", passwords["svc_one"], foreign))


async def test_a_wrong_password_is_refused(postgres: TestPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.cluster.url("postgres", "wrong", "postgres"))


async def test_redis_needs_its_password_and_keeps_what_it_was_given(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis", "127.0.0.1", free_port(), new_password())
    server.create()
    with Launcher() as launcher:
        for expected in (None, "there"):
            with running(launcher, server.spec(), tmp_path / "redis.log"):
                async with Redis.from_url(server.url(), decode_responses=True) as client:
                    assert await client.get("key") == expected
                    await client.set("key", "there")
