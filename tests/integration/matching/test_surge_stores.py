"""Surge on real stores: counted in Postgres, standing in Redis, controlled by operators."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.adapters.h3_cells import H3Cells
from matching_service.adapters.postgres_surge import PostgresSurge
from matching_service.adapters.redis_surge import RedisSurge
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, shift_tag_of
from matching_service.domain.surge import CellSurge, SurgeControl
from matching_service.use_cases.compute_surge import ComputeSurge
from matching_service.use_cases.control_surge import ControlSurge, ReadSurge
from matching_service.use_cases.dispatch_ports import OpenShift
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import FakeLiveLocations, FakeRideBoard, FakeShifts
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import PICKUP, Stage
from tests.integration.matching.stage import stage_on

ROUNDS = 10
OPERATOR = UUID(int=9)
PACKAGED = load_city(None)
assert PACKAGED.surge is not None
CITY = replace(PACKAGED, surge=replace(PACKAGED.surge, least_requests=3, average_permille=1000))
FAR = GeoPoint(37.60, -122.40)


@dataclass
class Desk:
    """The surge of one city, on real stores."""

    stage: Stage
    database: Database
    redis: Redis

    def __post_init__(self) -> None:
        self.cells, self.cities = H3Cells(), FixedCities(CITY)
        self.reads, self.board = PostgresSurge(self.database), RedisSurge(self.redis, self.cells)
        self.locations, self.shifts = FakeLiveLocations(), FakeShifts()
        self.read = ReadSurge(self.cities, self.reads, self.board, self.cells)
        self.control = ControlSurge(self.cities, self.stage.store, self.reads, self.board, self.stage.clock)

    def computer(self, holder: str = "one") -> ComputeSurge:
        return ComputeSurge(
            cities=self.cities,
            demand=self.reads,
            controls=self.reads,
            locations=self.locations,
            busy=FakeRideBoard(),
            on_shift=self.shifts,
            board=self.board,
            cells=self.cells,
            clock=self.stage.clock,
            holder=holder,
        )

    async def lay(self, control: SurgeControl) -> None:
        await self.control(self.stage.key(), OPERATOR, CITY.city, control, "a note")

    async def at(self, point: GeoPoint) -> int:
        return await self.board.permille_at(CITY.city, point)

    async def driver(self, number: int, point: GeoPoint) -> None:
        """An idle driver on shift, at a place."""
        driver_id = UUID(int=number)
        self.shifts.shifts[driver_id] = OpenShift(driver_id, VehicleClass.ECONOMY)
        now = self.stage.clock.now().timestamp()
        tag = shift_tag_of(driver_id)
        position = DriverPosition(driver_id, point.latitude, point.longitude, now, 1, VehicleClass.ECONOMY, tag)
        await self.locations.record([position])


@pytest.fixture
async def desk(database: Database, redis_url_for: Callable[[int], str]) -> AsyncGenerator[Desk]:
    redis = Redis.from_url(redis_url_for(11))
    await redis.flushdb()
    yield Desk(stage_on(database, FakePayments()), database, redis)
    await redis.aclose()


async def test_riders_without_drivers_raise_prices_where_they_are(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    assert await desk.computer()(10) == 1
    assert await desk.at(PICKUP.point) == 2000
    assert await desk.at(FAR) == 1000
    picture = await desk.read(CITY.city, 100)
    assert picture.computed_at == desk.stage.clock.now()
    assert picture.cells[0].permille == 2000
    assert desk.cells.cell_of(PICKUP.point) in {cell.cell for cell in picture.cells}


async def test_a_ride_asked_for_ahead_is_no_demand_before_its_search(desk: Desk) -> None:
    ride = await desk.stage.scheduled(timedelta(seconds=CITY.schedule.search_lead_seconds))
    now = desk.stage.clock.now()
    before = await desk.reads.demand(CITY.city, now, 900, 60)
    assert (before.open_requests, before.recent_requests) == ([], [])
    assert await desk.stage.schedules() == 1
    searched = await desk.reads.demand(CITY.city, now, 900, 60)
    assert (searched.open_requests, searched.recent_requests) == ([ride.pickup.point], [])


async def test_idle_drivers_keep_prices_down(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    for number in range(1, 7):
        await desk.driver(number, PICKUP.point)
    await desk.computer()(10)
    assert await desk.at(PICKUP.point) == 1000


async def test_drivers_whose_shift_closed_keep_no_price_down(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    for number in range(1, 7):
        await desk.driver(number, PICKUP.point)
        desk.shifts.end(UUID(int=number))
    await desk.computer()(10)
    assert await desk.at(PICKUP.point) == 2000


async def test_a_trip_that_ends_soon_counts_as_a_driver_where_it_ends(desk: Desk) -> None:
    ride, _ = await desk.stage.under_way()
    demand = await desk.reads.demand(CITY.city, desk.stage.clock.now(), 900, 10_000)
    assert ride.dropoff.point in demand.soon_idle
    later = await desk.reads.demand(CITY.city, desk.stage.clock.now(), 900, 60)
    assert later.soon_idle == []


async def test_one_process_computes_at_a_time_and_each_city_once_a_period(desk: Desk) -> None:
    one, other = desk.computer("one"), desk.computer("other")
    assert (await one(10), await other(10), await one(10)) == (1, 0, 0)
    assert CITY.surge is not None
    desk.stage.clock.advance(CITY.surge.period_seconds)
    assert (await other(10), await one(10)) == (0, 1)


async def test_a_frozen_surge_stands_still_and_a_cap_holds_at_once(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    await desk.computer()(10)
    await desk.lay(SurgeControl(frozen=True, cap_permille=1300))
    assert await desk.at(PICKUP.point) == 1300
    for number in range(1, 9):
        await desk.driver(number, PICKUP.point)
    await desk.computer()(10)
    assert await desk.at(PICKUP.point) == 1300
    await desk.lay(SurgeControl())
    assert await desk.at(PICKUP.point) == 2000
    await desk.computer()(10)
    assert await desk.at(PICKUP.point) == 1000


async def test_a_cap_that_is_set_while_the_surge_is_computed_holds_at_once(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    computer = desk.computer()

    class Interrupted(RedisSurge):
        """The board, where an operator sets a cap just before the computation writes."""

        async def write(
            self, city: str, cells: Mapping[str, CellSurge], control: SurgeControl, now: datetime, keep_seconds: float
        ) -> None:
            await desk.lay(SurgeControl(cap_permille=1300))
            await super().write(city, cells, control, now, keep_seconds)

    computer.board = Interrupted(desk.redis, desk.cells)
    await computer(10)
    assert await desk.at(PICKUP.point) == 1300


async def test_an_older_control_that_is_asked_for_again_takes_no_newer_one_away(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    await desk.computer()(10)
    key, freed = desk.stage.key(), SurgeControl()
    await desk.control(key, OPERATOR, CITY.city, freed, "")
    await desk.lay(SurgeControl(cap_permille=1300))
    assert await desk.control(key, OPERATOR, CITY.city, freed, "") == freed
    assert await desk.at(PICKUP.point) == 1300


async def test_of_controls_that_are_set_at_once_the_board_has_the_one_that_was_set_last(desk: Desk) -> None:
    for number in range(ROUNDS):
        controls = [SurgeControl(cap_permille=1100 + 100 * cap + number) for cap in range(4)]
        await asyncio.gather(*map(desk.lay, controls))
        _, held, _ = await desk.board.read(CITY.city)
        assert held == await desk.reads.control_of(CITY.city)


async def test_a_control_is_laid_anew_when_redis_has_lost_it(desk: Desk) -> None:
    for _ in range(4):
        await desk.stage.ride()
    await desk.lay(SurgeControl(cap_permille=1100))
    await desk.redis.flushdb()
    assert await desk.at(PICKUP.point) == 1000
    await desk.computer()(10)
    assert await desk.at(PICKUP.point) == 1100


async def test_a_surge_that_is_not_computed_any_more_ends_by_itself(desk: Desk) -> None:
    await desk.computer()(10)
    assert CITY.surge is not None
    left = await desk.redis.pttl(f"surge:{CITY.city}")
    assert 0 < left <= CITY.surge.period_seconds * 10 * 1000


async def test_a_city_that_there_is_not_cannot_be_controlled(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.control(desk.stage.key(), OPERATOR, "atlantis", SurgeControl(), "")
    with pytest.raises(NotFound):
        await desk.read("atlantis", 10)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE surge_control SET frozen = false",
        "DELETE FROM surge_control",
        "INSERT INTO surge_control (city, frozen, cap_permille, made_by, made_at, note)"
        " VALUES ('x', false, 999, gen_random_uuid(), now(), '')",
    ],
)
async def test_the_database_keeps_who_laid_what(desk: Desk, attack: str) -> None:
    await desk.lay(SurgeControl(frozen=True))
    with pytest.raises(DBAPIError):
        async with desk.database.transaction() as connection:
            await connection.execute(text(attack))
