"""Riders who are asked for stars, on a real database: once a ride, and not in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres_after_rides import PostgresRatings, owe_rating_reminder
from matching_service.adapters.postgres_reads import PostgresRideReader
from matching_service.domain.delivery import ProofKind
from matching_service.domain.rating import ASKED_AFTER, RATE_WITHIN
from matching_service.domain.ride import Ride
from matching_service.use_cases.hand_over_order import HandOver
from matching_service.use_cases.rate_rides import RateRide
from matching_service.use_cases.remind_of_ratings import RemindOfRatings
from ridesharing.matching.v1.events_pb2 import RideRatingDue
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import stage_on

MOST = 1_000


@pytest.fixture
def stage(database: Database) -> Stage:
    return stage_on(database, FakePayments())


@pytest.fixture
def remind(stage: Stage) -> Callable[[], RemindOfRatings]:
    """Each call is another process."""
    return lambda: RemindOfRatings(stage.store, stage.reader, stage.clock)


class Listed(PostgresRideReader):
    """Rides whose rating was due at a time."""

    def __init__(self, database: Database, ride_ids: list[UUID]) -> None:
        super().__init__(database)
        self._ride_ids = ride_ids

    async def due_ratings(self, now: datetime, limit: int) -> list[UUID]:
        del now, limit
        return self._ride_ids


async def asked_for_stars(database: Database, ride: Ride) -> list[str]:
    """The riders who were asked for stars."""
    told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%.RideRatingDue' ORDER BY seq")
    async with database.connect() as connection:
        events = [RideRatingDue.FromString(each) for each in await connection.scalars(told, {"id": ride.id})]
    return [event.ride.rider_id for event in events]


async def owed(database: Database, ride: Ride) -> list[datetime]:
    """When the rider is to be asked."""
    row = tables.ratings_due.c
    async with database.connect() as connection:
        return list(await connection.scalars(select(row.due_at).where(row.ride_id == ride.id)))


async def completed(stage: Stage) -> tuple[Ride, UUID]:
    ride, driver_id = await stage.under_way()
    return await stage.complete(stage.key(), driver_id, ride.id), driver_id


async def test_a_rider_who_has_not_rated_is_asked_once_an_hour_after_the_ride(
    stage: Stage, database: Database, remind: Callable[[], RemindOfRatings]
) -> None:
    ride, _ = await completed(stage)
    assert await owed(database, ride) == [stage.clock.now() + ASKED_AFTER]
    stage.clock.advance(ASKED_AFTER.total_seconds() - 1)
    await remind()(MOST)
    assert await asked_for_stars(database, ride) == []
    stage.clock.advance(1)
    # Both have the same list in their hands before either tells.
    listed = Listed(database, await stage.reader.due_ratings(stage.clock.now(), MOST))
    replicas = [RemindOfRatings(stage.store, listed, stage.clock) for _ in range(2)]
    await asyncio.gather(*(replica(MOST) for replica in replicas))
    await remind()(MOST)
    assert await asked_for_stars(database, ride) == [str(ride.rider_id)]
    assert await owed(database, ride) == []


async def test_who_sent_for_goods_is_asked_once_they_are_handed_over(
    stage: Stage, database: Database, remind: Callable[[], RemindOfRatings]
) -> None:
    ride, driver_id = await stage.carrying()
    by_pin = HandOver(ProofKind.PIN, pin=ride.carried.hand_over_pin)
    await stage.hand_over(stage.key(), driver_id, ride.id, by_pin)
    stage.clock.advance(ASKED_AFTER.total_seconds())
    await remind()(MOST)
    assert await asked_for_stars(database, ride) == [str(ride.rider_id)]


async def test_a_rider_who_has_rated_is_not_asked_and_whom_the_driver_rated_is(
    stage: Stage, database: Database, remind: Callable[[], RemindOfRatings]
) -> None:
    rate = RateRide(stage.reader, PostgresRatings(database), stage.clock)
    rated, _ = await completed(stage)
    await rate(rated.id, 5, "", rider_id=rated.rider_id)
    unrated, driver_id = await completed(stage)
    await rate(unrated.id, 5, "", driver_id=driver_id)
    stage.clock.advance(ASKED_AFTER.total_seconds())
    await remind()(MOST)
    assert await asked_for_stars(database, rated) == []
    assert await asked_for_stars(database, unrated) == [str(unrated.rider_id)]
    assert await owed(database, rated) == []


async def test_nobody_is_asked_after_the_rating_window_after_a_cancel_or_after_the_erasure(
    stage: Stage, database: Database, remind: Callable[[], RemindOfRatings]
) -> None:
    canceled, _ = await stage.under_way()
    await stage.force_cancel(stage.key(), stage.new_id(), canceled.id, "")
    erased, _ = await completed(stage)
    await stage.settle()
    await MatchingPersonalData(database).erase(erased.rider_id, "erasure")
    stage.clock.advance(ASKED_AFTER.total_seconds())
    await remind()(MOST)
    late, _ = await completed(stage)
    stage.clock.advance((RATE_WITHIN + timedelta(seconds=1)).total_seconds())
    await remind()(MOST)
    assert [await asked_for_stars(database, ride) for ride in (canceled, erased, late)] == [[], [], []]
    assert await owed(database, late) == []


async def test_the_database_refuses_to_owe_a_rider_two_reminders(stage: Stage, database: Database) -> None:
    ride, _ = await completed(stage)
    with pytest.raises(IntegrityError, match="pk_rating_due"):
        async with database.transaction() as connection:
            await owe_rating_reminder(connection, ride.id, stage.clock.now())
