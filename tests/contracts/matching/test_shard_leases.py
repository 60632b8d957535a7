"""What any ShardLeases does: the one in memory and the one in Postgres."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from matching_service.adapters.postgres_shards import PostgresShardLeases
from matching_service.use_cases.shard_ports import GainedShard, ShardLeases
from tests.fakes.matching_dispatch import FakeShardLeases, HandClock
from tests.integration.matching.stage import open_database


@dataclass
class Ground:
    """Leases, and a way to let time pass for all of them and the matchers."""

    leases: ShardLeases
    pass_time: Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", "postgres"])
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    if request.param == "memory":
        clock = HandClock()

        async def advance() -> None:
            clock.advance(60)

        yield Ground(FakeShardLeases(clock), advance)
        return
    url_of: Callable[[str], str] = request.getfixturevalue("migrated_postgres_url")
    async with open_database(url_of("matching")) as database:

        async def backdate() -> None:
            async with database.transaction() as connection:
                await connection.execute(text("UPDATE shard_lease SET expires_at = expires_at - interval '60 s'"))
                await connection.execute(text("UPDATE matcher SET expires_at = expires_at - interval '60 s'"))

        yield Ground(PostgresShardLeases(database), backdate)


A, B = UUID(int=1), UUID(int=2)


async def test_a_lease_is_one_matchers_until_it_runs_out(ground: Ground) -> None:
    leases = ground.leases
    assert await leases.claim(A, ["x", "y"], 30) == {"x": GainedShard(1, False), "y": GainedShard(1, False)}
    assert await leases.claim(B, ["x", "y", "z"], 30) == {"z": GainedShard(1, False)}
    assert await leases.renew(A, ["x", "y", "z"], 30) == {"x": 1, "y": 1}
    await ground.pass_time()
    assert await leases.renew(A, ["x"], 30) == {}
    assert await leases.claim(B, ["x"], 30) == {"x": GainedShard(2, True)}
    assert await leases.claim(A, ["x", "y"], 30) == {"y": GainedShard(2, False)}


async def test_what_is_given_back_is_vacant_at_once_under_a_higher_fence(ground: Ground) -> None:
    leases = ground.leases
    await leases.claim(A, ["x", "y"], 30)
    await leases.give_back(B, ["x"])
    assert await leases.claim(B, ["x"], 30) == {}
    await leases.give_back(A, ["x"])
    assert await leases.renew(A, ["x"], 30) == {}
    assert await leases.claim(B, ["x", "y"], 30) == {"x": GainedShard(2, False)}


async def test_who_claims_its_own_gets_a_new_fence(ground: Ground) -> None:
    # The answer to the first claim was lost.
    await ground.leases.claim(A, ["x"], 30)
    assert await ground.leases.claim(A, ["x"], 30) == {"x": GainedShard(2, False)}


async def test_matchers_are_seen_until_their_time_is_over_or_they_leave(ground: Ground) -> None:
    leases, c = ground.leases, uuid4()
    await leases.look(c, "c", 30)
    await ground.pass_time()
    await leases.look(A, "a", 30)
    assert (await leases.look(B, "b", 30)).matcher_ids >= {A}
    assert c not in (await leases.look(A, "a", 30)).matcher_ids
    await leases.claim(B, ["x"], 30)
    await leases.leave(B)
    assert (await leases.look(A, "a", 30)).matcher_ids - {A} == frozenset()
    assert await leases.claim(A, ["x"], 30) == {"x": GainedShard(2, False)}


async def test_nothing_is_asked_for_nothing(ground: Ground) -> None:
    assert await ground.leases.renew(A, [], 30) == {}
    assert await ground.leases.claim(A, [], 30) == {}
    await ground.leases.give_back(A, [])
