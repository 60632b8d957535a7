"""Contested reservations: matchers want the same drivers at once, Redis gives each to one, and PostgreSQL binds them.

Processes stand for matchers. In a round each of them claims the same drivers, in an order of its own, for rides of its
own, and writes an assignment for each driver that it was given, where the unique indexes let it. What Redis gave twice
while it kept its memory is a double reservation; what PostgreSQL bound twice, a double assignment. Part of the rounds
runs while Redis is flushed again and again: there only PostgreSQL stands between two matchers.
"""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from uuid import UUID, uuid5

from redis.asyncio import Redis
from sqlalchemy import text

from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.use_cases.dispatch_ports import Claim
from tests.integration.matching.stage import open_database

MATCHERS = 4
DRIVERS = 500
"""A round has so many drivers, each wanted by all matchers: as many contests times the matchers."""
_HOLD_SECONDS = 60.0
_SPACE = UUID(int=0x5E5E)


@dataclass(frozen=True)
class Contest:
    """What came of a run."""

    contested: int
    """Claims made, each on a driver whom all other matchers claimed at the same time."""
    won: int
    drivers: int
    doubly_reserved: int
    """Drivers that Redis gave to two matchers; of rounds in which it was flushed, they are to be expected."""
    bound: int
    doubly_bound: int


@dataclass(frozen=True)
class _Part:
    postgres_url: str
    redis_url: str
    matcher: int
    rounds: range
    flushed: bool


def contest(postgres_url: str, redis_url: str, rounds: range, *, flushed: bool = False) -> Contest:
    """Run rounds, of numbers that were not run before, with a process for each matcher."""
    with ProcessPoolExecutor(MATCHERS, mp_context=get_context("spawn")) as pool:
        won = sum(pool.map(_take_part, _parts(postgres_url, redis_url, rounds, flushed)))
    return asyncio.run(_judge(postgres_url, rounds, won))


async def contest_here(postgres_url: str, redis_url: str, rounds: range, *, flushed: bool = False) -> Contest:
    """Do the same within this process."""
    won = await asyncio.gather(*map(_claim, _parts(postgres_url, redis_url, rounds, flushed)))
    return await _judge(postgres_url, rounds, sum(won))


def _parts(postgres_url: str, redis_url: str, rounds: range, flushed: bool) -> list[_Part]:
    return [_Part(postgres_url, redis_url, matcher, rounds, flushed) for matcher in range(MATCHERS)]


async def _judge(postgres_url: str, rounds: range, won: int) -> Contest:
    bound, doubly_bound, doubly_reserved = await _count(postgres_url, rounds)
    drivers = len(rounds) * DRIVERS
    return Contest(drivers * MATCHERS, won, drivers, doubly_reserved, bound, doubly_bound)


def _take_part(part: _Part) -> int:
    return asyncio.run(_claim(part))


async def _claim(part: _Part) -> int:
    chance, won = random.Random(part.matcher), 0
    async with (
        open_database(part.postgres_url, 2) as database,
        Redis.from_url(part.redis_url, socket_timeout=60, socket_connect_timeout=60) as redis,
    ):
        reservations = RedisReservations(redis)
        for number in part.rounds:
            await _meet(redis, number)
            claims = [_claim_of(number, driver, part.matcher) for driver in range(DRIVERS)]
            chance.shuffle(claims)
            gained: set[UUID] = set()
            for start in range(0, DRIVERS, 50):
                gained |= await reservations.reserve(claims[start : start + 50], _HOLD_SECONDS)
                if part.flushed and chance.random() < 0.1:
                    await redis.flushdb()
            won += len(gained)
            async with database.transaction() as connection:
                await connection.execute(_GRANT, {"matcher": part.matcher, "drivers": list(gained), "round": number})
                await connection.execute(_BIND, {"drivers": list(gained)})
    return won


async def _meet(redis: Redis, number: int) -> None:
    """Wait until all matchers have come to this round; a flush forgets who was there, and then nobody is waited for."""
    meeting = f"meeting:{number}"
    there = await redis.incr(meeting)
    for _ in range(2_000):
        if there >= MATCHERS:
            return
        await asyncio.sleep(0.001)
        there = int(await redis.get(meeting) or MATCHERS)


def _claim_of(number: int, driver: int, matcher: int) -> Claim:
    driver_id = uuid5(_SPACE, f"{number} {driver}")
    position = DriverPosition(driver_id, 37.77, -122.42, 0.0, 1, VehicleClass.ECONOMY, 0)
    # Neighbors want a driver of the halo for rides of their own shards, each under a fence of its own.
    return Claim(position, f"shard {matcher}", 1 + (number + matcher) % 5)


# The tables of the service judge as they are; only that a ride exists for each assignment is not asked for here.
_PREPARE = (
    "ALTER TABLE assignment DROP CONSTRAINT IF EXISTS fk_assignment_ride_id_ride",
    "CREATE TABLE IF NOT EXISTS granted (round int NOT NULL, driver_id uuid NOT NULL, matcher int NOT NULL)",
)
_GRANT = text(
    "INSERT INTO granted SELECT :round, driver_id, :matcher FROM unnest(CAST(:drivers AS uuid[])) AS driver_id"
)
# In one order, so that two matchers who were both given a driver wait for each other one way alone.
_BIND = text(
    "INSERT INTO assignment (ride_id, driver_id, assigned_at)"
    " SELECT gen_random_uuid(), driver_id, now() FROM unnest(CAST(:drivers AS uuid[])) AS driver_id ORDER BY driver_id"
    " ON CONFLICT DO NOTHING"
)
_COUNT = text("""
    WITH these AS (SELECT driver_id FROM granted WHERE round >= :first AND round < :last),
        bound AS (SELECT driver_id FROM assignment
            WHERE released_at IS NULL AND driver_id IN (SELECT driver_id FROM these))
    SELECT (SELECT count(*) FROM bound),
        (SELECT count(*) FROM (SELECT 1 FROM bound GROUP BY driver_id HAVING count(*) > 1) AS twice),
        (SELECT count(*) FROM (SELECT 1 FROM these GROUP BY driver_id HAVING count(*) > 1) AS twice)
""")


async def prepare(postgres_url: str) -> None:
    """Make a migrated database ready for contests."""
    async with open_database(postgres_url, 1) as database, database.transaction() as connection:
        for statement in _PREPARE:
            await connection.execute(text(statement))


async def _count(postgres_url: str, rounds: range) -> tuple[int, int, int]:
    async with open_database(postgres_url, 1) as database, database.connect() as connection:
        found = (await connection.execute(_COUNT, {"first": rounds.start, "last": rounds.stop})).one()
    return found[0], found[1], found[2]
