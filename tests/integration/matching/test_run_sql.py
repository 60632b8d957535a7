"""One open run a driver, one slot a party: what the database refuses, and what it keeps by itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters.postgres_runs import PostgresSharedRuns
from matching_service.domain.ride_states import RideState
from shared_kernel.errors import DomainError
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import open_database, stage_on

ROUNDS = 8


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database that the attacks share; riders and drivers are new each time."""
    async with open_database(migrated_postgres_url("matching"), pool_size=16) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


async def run_sql(database: Database, statement: str, **values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(statement), values)


async def run_of(database: Database, ride_id: UUID) -> UUID | None:
    async with database.connect() as connection:
        return await connection.scalar(text("SELECT run_id FROM ride WHERE id = :id"), {"id": ride_id})


async def open_runs(database: Database, driver_id: UUID) -> list[UUID]:
    statement = text("SELECT id FROM run WHERE driver_id = :driver AND closed_at IS NULL")
    async with database.connect() as connection:
        return list(await connection.scalars(statement, {"driver": driver_id}))


_BIND = """
    UPDATE ride SET state = 'driver_en_route', driver_id = :driver, run_id = :run, run_slot = :slot,
        version = version + 1 WHERE id = :ride
"""


async def test_a_private_ride_has_a_run_of_its_own_that_ends_with_it(stage: Stage, database: Database):
    ride, driver_id = await stage.under_way()
    assert await open_runs(database, driver_id) == [await run_of(database, ride.id)]
    await stage.complete(stage.key(), driver_id, ride.id)
    assert await open_runs(database, driver_id) == []
    assert await run_of(database, ride.id) is not None


async def test_whoever_binds_a_driver_without_a_run_opens_one(stage: Stage, database: Database):
    ride, driver_id = await stage.ride(), await stage.driver()
    await stage.offer(ride, driver_id)
    await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=None, slot=None)
    assert len(await open_runs(database, driver_id)) == 1


async def test_a_driver_has_one_open_run(stage: Stage, database: Database):
    _, driver_id = await stage.assigned()
    statement = "INSERT INTO run (id, driver_id, parties, seats, opened_at) VALUES (:id, :driver, 3, 4, now())"
    with pytest.raises(IntegrityError, match="uq_run_open_driver"):
        await run_sql(database, statement, id=stage.new_id(), driver=driver_id)


async def test_neither_a_private_nor_a_pooled_ride_is_bound_beside_a_private_one(stage: Stage, database: Database):
    bound, driver_id = await stage.assigned()
    run_id = await run_of(database, bound.id)
    for ride in (await stage.ride(), await stage.pooled()):
        await stage.offer(ride, await stage.driver())
        with pytest.raises(IntegrityError, match="uq_run_open_driver"):
            await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=None, slot=None)
        with pytest.raises(IntegrityError, match=r"uq_ride_live_run_slot|uq_ride_live_driver"):
            await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=run_id, slot=0)
        with pytest.raises(IntegrityError, match="no such slot"):
            await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=run_id, slot=1)


async def test_a_private_ride_joins_no_shared_run(stage: Stage, database: Database):
    [first, _], driver_id = await stage.shared()
    ride = await stage.ride()
    await stage.offer(ride, await stage.driver())
    with pytest.raises(IntegrityError, match="shares no vehicle"):
        await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=first.run_id, slot=0)


@pytest.mark.parametrize(
    ("slot", "constraint"),
    [(0, "uq_ride_live_run_slot"), (3, "no such slot"), (-1, "ck_ride_run_slot"), (None, "ck_ride_run_whole")],
)
async def test_a_party_takes_a_slot_that_is_there_and_free(
    stage: Stage, database: Database, slot: int | None, constraint: str
):
    [first, _], driver_id = await stage.shared()
    ride = await stage.pooled()
    await stage.offer(ride, await stage.driver())
    with pytest.raises(IntegrityError, match=constraint):
        await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=first.run_id, slot=slot)


async def test_a_run_of_another_driver_or_one_that_is_over_is_not_joined(stage: Stage, database: Database):
    [first], driver_id = await stage.shared(1)
    ride, other = await stage.pooled(), await stage.driver()
    await stage.offer(ride, other)
    with pytest.raises(IntegrityError, match="fk_ride_run"):
        await run_sql(database, _BIND, ride=ride.id, driver=other, run=first.run_id, slot=1)
    await stage.cancel(stage.key(), first.rider_id, first.id, "", "")
    with pytest.raises(IntegrityError, match="the run is over"):
        await run_sql(database, _BIND, ride=ride.id, driver=driver_id, run=first.run_id, slot=1)


async def test_a_party_does_not_change_over_to_another_driver(stage: Stage, database: Database):
    [first, _], _ = await stage.shared()
    with pytest.raises(IntegrityError, match="does not change over"):
        await run_sql(database, "UPDATE ride SET driver_id = :d WHERE id = :r", d=await stage.driver(), r=first.id)


async def test_nobody_is_driven_without_a_run(stage: Stage, database: Database):
    ride, _ = await stage.assigned()
    with pytest.raises(IntegrityError, match="ck_ride_run_whole"):
        await run_sql(database, "UPDATE ride SET run_slot = NULL WHERE id = :id", id=ride.id)
    with pytest.raises(IntegrityError, match="ck_ride_sharing_of_a_pooled_ride"):
        await run_sql(database, "UPDATE ride SET kind = 'pooled' WHERE id = :id", id=ride.id)


async def test_of_three_who_want_the_last_two_slots_one_is_refused(stage: Stage, database: Database):
    [first], driver_id = await stage.shared(1)
    rides = [await stage.pooled() for _ in range(3)]
    for ride in rides:
        await stage.offer(ride, await stage.driver())

    async def bind(ride_id: UUID, slot: int) -> bool:
        try:
            await run_sql(database, _BIND, ride=ride_id, driver=driver_id, run=first.run_id, slot=slot)
        except IntegrityError:
            return False
        return True

    bound = await asyncio.gather(*(bind(ride.id, slot) for ride, slot in zip(rides, (1, 2, 2), strict=True)))
    assert sorted(bound) == [False, True, True]
    assert (await stage.read.summary(stage.clock.now().replace(year=2000))).double_assignment_count == 0


async def test_two_parties_who_end_at_once_leave_no_run_open_and_let_the_driver_go(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        rides, driver_id = await stage.shared()
        await stage.end_shift(stage.key(), driver_id)
        for ride in rides:
            await stage.arrive(stage.key(), driver_id, ride.id)
            await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await asyncio.gather(*(stage.complete(stage.key(), driver_id, ride.id) for ride in rides))
        assert await open_runs(database, driver_id) == []
        assert await stage.reader.open_shift(driver_id) is None


async def test_a_party_that_joins_while_the_last_one_leaves_has_a_run_in_the_end(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        [first], driver_id = await stage.shared(1)
        second = await stage.pooled()
        offer = await stage.join(second, driver_id)
        await asyncio.gather(
            stage.cancel(stage.key(), first.rider_id, first.id, "", ""),
            stage.accept(stage.key(), driver_id, offer.id),
        )
        joined = await stage.now(second)
        assert joined.state is RideState.DRIVER_EN_ROUTE
        assert await open_runs(database, driver_id) == [joined.run_id]
        assert [planned.stop.ride_id for planned in await stage.read.plan(driver_id)] == [second.id, second.id]


async def test_a_join_and_a_give_back_at_once_leave_everybody_whole(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        [first], driver_id = await stage.shared(1)
        second = await stage.pooled()
        offer = await stage.join(second, driver_id)
        outcomes = await asyncio.gather(
            stage.give_back(stage.key(), driver_id, first.id, ""),
            stage.accept(stage.key(), driver_id, offer.id),
            stage.cancel(stage.key(), second.rider_id, second.id, "", ""),
            return_exceptions=True,
        )
        assert all(not isinstance(each, BaseException) or isinstance(each, DomainError) for each in outcomes)
        live = [ride for ride in (await stage.now(first), await stage.now(second)) if ride.has_driver]
        assert len(await open_runs(database, driver_id)) == (1 if live else 0)
    assert (await stage.read.summary(stage.clock.now().replace(year=2000))).double_assignment_count == 0


async def test_the_summary_finds_parties_who_had_the_same_slot(stage: Stage, database: Database):
    [first, second], driver_id = await stage.shared()
    since = stage.clock.now().replace(year=2000)
    before = (await stage.read.summary(since)).double_assignment_count
    await run_sql(
        database, "UPDATE assignment SET released_at = assigned_at + interval '1 hour' WHERE ride_id = :r", r=first.id
    )
    await run_sql(database, "UPDATE assignment SET run_slot = 0 WHERE ride_id = :r", r=second.id)
    assert (await stage.read.summary(since)).double_assignment_count == before + 1
    await run_sql(database, "DELETE FROM assignment WHERE driver_id = :d", d=driver_id)


async def test_of_the_runs_of_some_drivers_those_with_room_are_listed(stage: Stage, database: Database):
    drivers: list[UUID] = []
    for parties in ((1,), (1, 1, 1), (1,), (1,)):
        stage.clock.advance(1)
        drivers.append((await stage.shared(*parties))[1])
    with_room, full, asked, elsewhere = drivers
    await stage.join(await stage.pooled(), asked)
    runs, near = PostgresSharedRuns(database), [with_room, full, asked]
    # The latest opened come first, and those without room take nobody's place.
    assert [view.run.driver_id for view in await runs.with_room(near, 1)] == [with_room]
    assert [view.run.driver_id for view in await runs.with_room(drivers, 10)] == [elsewhere, with_room]
    assert await runs.with_room([], 10) == []
