"""What shifts come to, and where drivers wait how long, on a real database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.h3_cells import DESTINATION_RESOLUTION, H3Cells
from matching_service.adapters.postgres_destinations import PostgresDestinations
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.domain.delivery import DeliveryFailure
from matching_service.domain.destination_values import MIN_DROPS, MOST_SECONDS
from matching_service.domain.driver_record import DriverRecord
from matching_service.use_cases.learn_destination_values import LEARN_EVERY, LearnDestinationValues
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, DROPOFF, Stage
from tests.integration.matching.stage import open_database, stage_on


@pytest.fixture
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    return stage_on(database, FakePayments())


async def record_of(database: Database, stage: Stage, driver_id: UUID) -> DriverRecord:
    return (await PostgresDispatchReads(database).records(stage.clock.now()))[driver_id]


async def drive(stage: Stage, driver_id: UUID) -> int:
    """A ride of this driver's to its end, ten minutes long; what it brings them."""
    ride = await stage.ride()
    await stage.accept(stage.key(), driver_id, (await stage.offer(ride, driver_id)).id)
    await stage.arrive(stage.key(), driver_id, ride.id)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    stage.clock.advance(600)
    done = await stage.complete(stage.key(), driver_id, ride.id)
    return done.terms.earnings(done.fare).amount_minor


async def test_a_shift_counts_what_it_earned_and_how_offers_were_answered(database: Database, stage: Stage) -> None:
    driver_id = await stage.driver()
    assert await record_of(database, stage, driver_id) == DriverRecord(0, None, 0.0, 0, 0)
    earned_minor = await drive(stage, driver_id) + await drive(stage, driver_id)
    await stage.decline(stage.key(), driver_id, (await stage.offer(await stage.ride(), driver_id)).id)
    await stage.offer(await stage.ride(), driver_id)
    stage.clock.advance(60)
    assert await stage.expire_offers() == 1
    assert await record_of(database, stage, driver_id) == DriverRecord(earned_minor, "USD", 1_260.0, 2, 2)


async def test_an_order_that_is_brought_back_counts_with_the_fee_of_the_return(
    database: Database, stage: Stage
) -> None:
    ride, driver_id = await stage.carrying()
    await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
    back = await stage.return_order(stage.key(), driver_id, ride.id, "Kim")
    earned = back.terms.earnings(back.owed)
    assert earned.amount_minor > back.terms.earnings(back.fare).amount_minor
    assert (await record_of(database, stage, driver_id)).earned_minor == earned.amount_minor


async def test_an_answer_that_is_sent_twice_counts_once(database: Database, stage: Stage) -> None:
    driver_id = await stage.driver()
    offer, key = await stage.offer(await stage.ride(), driver_id), stage.key()
    await stage.accept(key, driver_id, offer.id)
    await stage.accept(key, driver_id, offer.id)
    assert (await record_of(database, stage, driver_id)).accepted == 1


async def test_an_offer_that_is_accepted_a_little_late_was_not_missed(database: Database, stage: Stage) -> None:
    driver_id = await stage.driver()
    offer = await stage.offer(await stage.ride(), driver_id)
    stage.clock.advance(CITY.dispatch.offer_seconds)
    await stage.expire_offers()
    assert (await record_of(database, stage, driver_id)).missed == 1
    await stage.accept(stage.key(), driver_id, offer.id)
    record = await record_of(database, stage, driver_id)
    assert (record.accepted, record.missed) == (1, 0)


async def test_what_the_shift_before_has_missed_is_not_taken_from_the_next(database: Database, stage: Stage) -> None:
    driver_id = await stage.driver()
    offer = await stage.offer(await stage.ride(), driver_id)
    stage.clock.advance(CITY.dispatch.offer_seconds)
    await stage.expire_offers()
    stage.clock.advance(1)
    await stage.end_shift(stage.key(), driver_id)
    await stage.start_shift(stage.key(), driver_id)
    await stage.accept(stage.key(), driver_id, offer.id)
    record = await record_of(database, stage, driver_id)
    assert (record.accepted, record.missed) == (1, 0)


async def test_breaks_are_no_active_time_and_the_next_shift_begins_anew(database: Database, stage: Stage) -> None:
    driver_id = await stage.driver()
    await drive(stage, driver_id)
    await stage.take_break(stage.key(), driver_id, 1_800)
    stage.clock.advance(900)
    assert (await record_of(database, stage, driver_id)).active_seconds == 600
    await stage.change_shift.end_break(stage.key(), driver_id)
    stage.clock.advance(100)
    assert (await record_of(database, stage, driver_id)).active_seconds == 700
    await stage.end_shift(stage.key(), driver_id)
    await stage.start_shift(stage.key(), driver_id)
    assert await record_of(database, stage, driver_id) == DriverRecord(0, None, 0.0, 0, 0)


@pytest.mark.parametrize(
    "attack", ["earned_minor = 5", "offers_missed = -1", "paused_seconds = -1", "earned_minor = -1"]
)
async def test_a_hand_at_the_console_is_refused(database: Database, stage: Stage, attack: str) -> None:
    await stage.driver()
    with pytest.raises(IntegrityError, match="ck_shift"):
        async with database.transaction() as connection:
            await connection.execute(text(f"UPDATE shift SET {attack}"))  # noqa: S608 (of the list above)


def learning_on(database: Database, stage: Stage) -> LearnDestinationValues:
    store = PostgresDestinations(database)
    return LearnDestinationValues(stage.cities, store, store, H3Cells(DESTINATION_RESOLUTION), stage.clock)


async def copy_drives(database: Database, pattern: UUID, count: int, latitude: float, idle_seconds: float) -> None:
    """Two completed rides like the pattern for so many drivers: the second begins so long after the first's end."""
    statement = text(
        """
        INSERT INTO ride SELECT (json_populate_record(ride, json_build_object(
            'id', gen_random_uuid(), 'quote_id', gen_random_uuid(), 'rider_id', gen_random_uuid(),
            'driver_id', d.id, 'run_id', NULL, 'run_slot', NULL, 'dropoff_latitude', CAST(:latitude AS float),
            'started_at', ride.started_at + leg * (600 + :idle) * interval '1 second',
            'ended_at', ride.started_at + (leg * (600 + :idle) + 600) * interval '1 second'))).*
        FROM ride, (SELECT gen_random_uuid() AS id FROM generate_series(1, :count)) d, generate_series(0, 1) leg
        WHERE ride.id = :pattern
        """
    )
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE ride DISABLE TRIGGER USER"))  # no ride begins completed
        await connection.execute(
            statement, {"pattern": pattern, "count": count, "latitude": latitude, "idle": idle_seconds}
        )


async def test_where_drivers_waited_long_is_learned_from_completed_rides(database: Database, stage: Stage) -> None:
    await drive(stage, driver_id := await stage.driver())
    async with database.connect() as connection:
        mine = select(tables.rides.c.id).where(tables.rides.c.driver_id == driver_id)
        pattern = (await connection.scalars(mine)).one()
    learning = learning_on(database, stage)
    assert await learning() == 0
    assert learning.extra_idle_seconds(CITY, stage.clock.now()) is None
    busy = DROPOFF.point
    quiet = GeoPoint(busy.latitude + 0.1, busy.longitude)
    await copy_drives(database, pattern, MIN_DROPS, busy.latitude, 60)
    await copy_drives(database, pattern, MIN_DROPS, quiet.latitude, 1_800)
    assert await learning() == 8
    extra = learning.extra_idle_seconds(CITY, stage.clock.now())
    assert extra is not None
    assert (extra(quiet), extra(busy)) == (MOST_SECONDS, -MOST_SECONDS)
    assert extra(GeoPoint(busy.latitude - 0.3, busy.longitude)) == 0.0

    # Another replica reads what this one has learned, and learns nothing anew before it is due.
    other = learning_on(database, stage)
    await other.refresh()
    assert other.extra_idle_seconds(CITY, stage.clock.now()) is not None
    async with database.transaction() as connection:
        await connection.execute(tables.rides.delete().where(tables.rides.c.id != pattern))
    assert await other() == 8
    stage.clock.advance(LEARN_EVERY / timedelta(seconds=1))
    assert await other() == 8, "from too few rides nothing is learned, and what was in force stays"
