"""What the benchmark of a tick compares with: the best of all pairs there are."""

import random
from uuid import UUID

import pytest

from jitney.bench.contested import measure_contested
from jitney.bench.street_city import CityStreets
from jitney.bench.streets import grid_map
from matching_service.adapters.city_file import load_city
from matching_service.domain.candidates import Seeker
from matching_service.domain.city import VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.locations import DriverPosition


@pytest.fixture
def streets() -> CityStreets:
    city = load_city(None)
    return CityStreets(grid_map(12), city, CrowFliesEta(city.travel))


async def test_the_times_of_all_pairs_are_those_that_dispatch_is_told(streets: CityStreets) -> None:
    chance = random.Random(5)
    pickups, places = streets.draw_points(7, chance), streets.draw_points(9, chance)
    seekers = [Seeker(UUID(int=1), point, frozenset({VehicleClass.ECONOMY}), frozenset(), 0.0) for point in pickups]
    drivers = [
        DriverPosition(UUID(int=2), point.latitude, point.longitude, 0.0, 1, VehicleClass.ECONOMY, 0)
        for point in places
    ]
    told = await streets.eta.seconds([(place, pickup) for pickup in pickups for place in places])
    assert streets.all_seconds(seekers, drivers).astype(int).ravel().tolist() == told


def test_people_stand_where_the_city_serves(streets: CityStreets) -> None:
    assert all(map(streets.city.service_area.contains, streets.draw_points(50, random.Random(1))))


def test_riders_at_few_places_are_served_at_no_less_than_the_least_cost() -> None:
    told = {detail.what: detail.value for detail in measure_contested(rides=80, more=120)}
    [served] = [value for name, value in told.items() if name.endswith("served")]
    [cost] = [value for name, value in told.items() if name.endswith("least cost of all pairs")]
    assert 50 < served <= 100
    assert cost >= 1
