"""A share of the races, and the broken variants that they must notice; the command runs them at length."""

from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from tests.fakes.matching_dispatch import NOON
from tests.races.ground import Ground, Lane, ground
from tests.races.reservations import contest_here, prepare
from tests.races.run import run, settle
from tests.races.scenes import RACES
from tests.races.variants import VARIANTS

ROUNDS = 3
LANES = 3
ROUNDS_TO_NOTICE = 300
"""The first violation ends it; the hardest to see took 10 to 50 rounds."""


@pytest.fixture(scope="module")
async def made(
    migrated_postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str]
) -> AsyncGenerator[Ground]:
    async with ground(migrated_postgres_url("matching"), redis_url_for(6), seed=7) as made:
        yield made


@pytest.fixture(scope="module")
def lanes(made: Ground) -> list[Lane]:
    return [Lane(made, number) for number in range(LANES)]


@pytest.mark.parametrize("name", RACES)
async def test_nothing_is_doubled_stuck_or_lost(lanes: Sequence[Lane], name: str):
    assert (await run(lanes, RACES[name], ROUNDS)).violations == []


async def test_every_ride_of_the_races_is_paid_for_or_released(lanes: Sequence[Lane]):
    assert (await run(lanes, RACES["complete_vs_cancel"], ROUNDS)).violations == []
    assert await settle(lanes) == 0
    assert (await lanes[0].one.read.summary(NOON.replace(year=2000))).double_assignment_count == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", VARIANTS)
async def test_a_broken_variant_is_noticed(
    migrated_postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str], name: str
):
    variant = VARIANTS[name]
    async with ground(migrated_postgres_url("matching"), redis_url_for(7), seed=11) as made, variant.broken(made):
        lanes = [Lane(made, number) for number in range(LANES)]
        assert (await run(lanes, RACES[variant.race], ROUNDS_TO_NOTICE, most_violations=1)).violations


@pytest.mark.parametrize("flushed", [False, True])
async def test_contested_reservations_assign_no_driver_twice(
    migrated_postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str], flushed: bool
):
    url = migrated_postgres_url("matching")
    await prepare(url)
    # Of other drivers than the ones that Redis still keeps for those who won them just before.
    rounds = range(4, 8) if flushed else range(4)
    found = await contest_here(url, redis_url_for(8), rounds, flushed=flushed)
    assert (found.bound, found.doubly_bound) == (found.drivers, 0)
    if flushed:
        # Were this zero, PostgreSQL would not have been asked.
        assert found.doubly_reserved > 0
    else:
        assert (found.won, found.doubly_reserved) == (found.drivers, 0)
