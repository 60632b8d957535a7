"""Riders who are told that the driver is about to be there, on a real database: once a ride and driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters.postgres_pickups import PostgresPickups
from matching_service.domain.city import VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.locations import DriverPosition
from matching_service.domain.ride import Ride
from matching_service.domain.shift import LOST_SECONDS
from matching_service.use_cases.dispatch_ports import Proposal, Reroute
from matching_service.use_cases.quote_ride_edit import EditCommand
from matching_service.use_cases.watch_pickups import Pickup, WatchPickups
from ridesharing.matching.v1.events_pb2 import DriverArriving
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, PICKUP, Stage
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_edits import TEN_BLOCKS, edited

NEAR = GeoPoint(PICKUP.point.latitude + 0.002, PICKUP.point.longitude)
FAR = GeoPoint(PICKUP.point.latitude + 0.02, PICKUP.point.longitude)
MOST = 1_000


@pytest.fixture
def stage(database: Database) -> Stage:
    return stage_on(database, FakePayments())


@pytest.fixture
def watch(stage: Stage, database: Database) -> Callable[[], WatchPickups]:
    """Each call is another process."""
    eta = CrowFliesEta(CITY.travel)
    return lambda: WatchPickups(stage.store, PostgresPickups(database), stage.locations, eta, stage.clock)


class Listed:
    """Pickups as they were listed at a time."""

    def __init__(self, pickups: list[Pickup]) -> None:
        self._pickups = pickups

    async def ahead(self, beyond_seconds: int, after: UUID | None, limit: int) -> list[Pickup]:
        del beyond_seconds, after, limit
        return self._pickups


def at(stage: Stage, driver_id: UUID, point: GeoPoint) -> None:
    """The driver's device tells where it is."""
    stage.locations.positions[driver_id] = DriverPosition(
        driver_id, point.latitude, point.longitude, stage.clock.now().timestamp(), 1, VehicleClass.ECONOMY, 1
    )


async def arriving(database: Database, ride: Ride) -> list[str]:
    """The drivers of whom it was told that they are about to be there."""
    told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%.DriverArriving' ORDER BY seq")
    async with database.connect() as connection:
        events = [DriverArriving.FromString(each) for each in await connection.scalars(told, {"id": ride.id})]
    assert all(0 < event.pickup_eta_seconds <= 120 and event.ride.start_pin == ride.start_pin for event in events)
    return [event.ride.driver.driver_id for event in events]


async def test_a_driver_who_comes_near_is_told_of_once_however_many_watch(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    ride, driver_id = await stage.assigned()
    at(stage, driver_id, FAR)
    await watch()(MOST)
    assert await arriving(database, ride) == []
    at(stage, driver_id, NEAR)
    # Both have the same list in their hands before either tells.
    listed = Listed(await PostgresPickups(database).ahead(120, None, MOST))
    eta = CrowFliesEta(CITY.travel)
    replicas = [WatchPickups(stage.store, listed, stage.locations, eta, stage.clock) for _ in range(2)]
    await asyncio.gather(*(replica(MOST) for replica in replicas))
    await watch()(MOST)
    assert await arriving(database, ride) == [str(driver_id)]
    told = await stage.told_of(ride.id)
    assert told == sorted(set(told))
    assert (await stage.arrive(stage.key(), driver_id, ride.id)).version == told[-1] + 1


async def test_a_driver_who_is_there_was_near_from_the_first_or_is_silent_is_not_told_of(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    there, there_driver = await stage.arrived()
    at(stage, there_driver, NEAR)
    near, near_driver = await stage.ride(), await stage.driver()
    await stage.offers.make_offers([Proposal(near.id, near_driver, 90, 90.0)])
    offer = await stage.reader.open_offer(near_driver)
    assert offer is not None
    await stage.accept(stage.key(), near_driver, offer.id)
    at(stage, near_driver, NEAR)
    silent, silent_driver = await stage.assigned()
    at(stage, silent_driver, NEAR)
    stage.clock.advance(LOST_SECONDS)
    for driver_id in (there_driver, near_driver):
        at(stage, driver_id, NEAR)
    await watch()(MOST)
    assert [await arriving(database, ride) for ride in (there, near, silent)] == [[], [], []]


async def test_another_driver_is_told_of_anew_after_a_rematch_and_after_a_swap(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    watching = watch()
    ride, first = await stage.assigned()
    at(stage, first, NEAR)
    await watching(MOST)
    await stage.give_back(stage.key(), first, ride.id, "")
    second = await stage.driver()
    offer = await stage.offer(await stage.now(ride), second)
    await stage.accept(stage.key(), second, offer.id)
    at(stage, second, NEAR)
    await watching(MOST)
    assert await arriving(database, ride) == [str(first), str(second)]

    one, his = await stage.assigned()
    other, hers = await stage.assigned()
    at(stage, his, NEAR)
    await watching(MOST)
    assert await stage.reroute.reroute([Reroute(one.id, his, hers, 150), Reroute(other.id, hers, his, 150)])
    for driver_id in (his, hers):
        at(stage, driver_id, NEAR)
    await watching(MOST)
    assert await arriving(database, one) == [str(his), str(hers)]
    assert await arriving(database, other) == [str(his)]


async def test_a_driver_who_comes_again_to_a_pickup_that_moved_away_is_told_of_anew(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    ride, driver_id = await stage.assigned()
    at(stage, driver_id, NEAR)
    await watch()(MOST)
    stage.clock.advance(5)
    await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
    offer = await stage.offer(await stage.now(ride), driver_id)
    await stage.accept(stage.key(), driver_id, offer.id)
    at(stage, driver_id, PICKUP.point)
    await watch()(MOST)
    assert await arriving(database, ride) == [str(driver_id)]
    for _ in range(2):
        at(stage, driver_id, TEN_BLOCKS.point)
        await watch()(MOST)
    assert await arriving(database, ride) == [str(driver_id)] * 2


async def test_in_a_shared_vehicle_only_the_pickup_that_comes_next_is_told_of(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    (first, second), driver_id = await stage.shared()
    at(stage, driver_id, NEAR)
    await watch()(MOST)
    assert await arriving(database, first) == [str(driver_id)]
    assert await arriving(database, second) == []


async def test_pickups_beyond_the_limit_are_looked_at_next_and_without_the_turn_none_is(
    stage: Stage, database: Database, watch: Callable[[], WatchPickups]
) -> None:
    rides = [await stage.assigned() for _ in range(3)]
    for _, driver_id in rides:
        at(stage, driver_id, NEAR)
    idle = WatchPickups(
        stage.store,
        PostgresPickups(database),
        stage.locations,
        CrowFliesEta(CITY.travel),
        stage.clock,
        lambda: False,
    )
    assert await idle(MOST) == 0
    watching = watch()
    while await watching(2) == 2:
        pass
    assert [await arriving(database, ride) for ride, _ in rides] == [[str(driver_id)] for _, driver_id in rides]


async def test_the_database_refuses_a_driver_told_of_twice(stage: Stage, database: Database) -> None:
    ride, driver_id = await stage.assigned()
    values = {"ride": ride.id, "driver": driver_id, "now": stage.clock.now()}
    tell = text("INSERT INTO told_arrival (ride_id, driver_id, told_at) VALUES (:ride, :driver, :now)")
    async with database.transaction() as connection:
        await connection.execute(tell, values)
    with pytest.raises(IntegrityError, match="pk_told_arrival"):
        async with database.transaction() as connection:
            await connection.execute(tell, values)
