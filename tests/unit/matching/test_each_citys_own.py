"""A deployment of two cities: each has ticks, beliefs and travel times of its own."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.adapters.city_travel import CityTravelEta
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.city import CityPolicy, LocationPolicy, TravelPolicy, VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.locations import Ping, PingVerdict
from matching_service.domain.tick_pace import Supply, seconds_to_next_tick, supply_of
from matching_service.domain.travel_times import as_estimated
from matching_service.domain.zones import ServiceArea
from matching_service.use_cases.dispatch_ports import OpenShift
from matching_service.use_cases.pace_ticks import IDLE_SECONDS, PaceTicks
from matching_service.use_cases.report_locations import ReportLocations
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import NOON, FakeLiveLocations, FakeShifts, HandClock
from tests.fakes.matching_one_street import City, at, ride

BAY = load_city(None)
INN = GeoPoint(47.26, 11.39)
"""In the middle of the other city."""
NOBODY = Supply(0, 0)


def valley() -> CityPolicy:
    """Another city far away, with slower ticks, slower streets and slower drivers."""
    corners = [
        GeoPoint(INN.latitude + north, INN.longitude + east)
        for north, east in ((-0.1, -0.2), (-0.1, 0.2), (0.1, 0.2), (0.1, -0.2))
    ]
    return replace(
        BAY,
        city="valley",
        service_area=ServiceArea(tuple(corners)),
        dispatch=replace(BAY.dispatch, tick_seconds=3.0, most_tick_seconds=12.0),
        locations=LocationPolicy(max_speed_kmh=40.0, max_accuracy_meters=200.0),
        travel=TravelPolicy(circuity=2.0, speed_kmh=10.0),
    )


VALLEY = valley()
CITIES = FixedCities(BAY, VALLEY)


class TestTicks:
    """PaceTicks, and what a tick tells it."""

    def test_a_tick_grows_with_the_rides_a_driver_once_they_are_scarce(self):
        policy = replace(BAY.dispatch, tick_seconds=2.0, most_tick_seconds=5.0)
        assert seconds_to_next_tick(policy, NOBODY) == 2.0
        assert seconds_to_next_tick(policy, Supply(waiting=20, free_drivers=10)) == 2.0
        assert seconds_to_next_tick(policy, Supply(waiting=40, free_drivers=10)) == 4.0
        assert seconds_to_next_tick(policy, Supply(waiting=400, free_drivers=10)) == 5.0
        assert seconds_to_next_tick(policy, Supply(waiting=400, free_drivers=0)) == 5.0

    @given(st.integers(0, 3_000), st.integers(0, 20_000), st.floats(0.1, 30), st.floats(0.1, 60))
    def test_it_is_never_shorter_than_the_policys_nor_longer_than_its_most(
        self, waiting: int, free: int, tick: float, most: float
    ):
        policy = replace(BAY.dispatch, tick_seconds=tick, most_tick_seconds=most)
        assert tick <= seconds_to_next_tick(policy, Supply(waiting, free)) <= max(tick, most)

    async def test_each_city_is_due_at_its_own_tick(self):
        clock = HandClock()
        pace = PaceTicks(CITIES, clock.monotonic)
        assert pace.rest_seconds() == IDLE_SECONDS
        seen: list[tuple[float, list[str]]] = []
        begin = clock.monotonic()
        while clock.monotonic() - begin < 6.5:
            due = await pace.due()
            seen.append((round(clock.monotonic() - begin, 3), sorted(due)))
            pace.ticked(due, clock.monotonic(), {})
            clock.advance(pace.rest_seconds())
        bay, both = [BAY.city], sorted([BAY.city, "valley"])
        assert seen == [(0, both), (2, bay), (3, ["valley"]), (4, bay), (6, both)]

    async def test_a_scarce_city_waits_longer_and_the_other_does_not(self):
        clock = HandClock()
        pace = PaceTicks(CITIES, clock.monotonic)
        pace.ticked(await pace.due(), clock.monotonic(), {"valley": Supply(waiting=60, free_drivers=10)})
        clock.advance(2)
        assert await pace.due() == {BAY.city}
        pace.ticked({BAY.city}, clock.monotonic(), {})
        clock.advance(6.95)
        assert await pace.due() == {BAY.city, "valley"}  # 9 s, and so near that one look serves both

    async def test_a_shard_that_was_gained_is_not_waited_for(self):
        clock = HandClock()
        pace = PaceTicks(CITIES, clock.monotonic)
        due = await pace.due()
        pace.hurry()  # while the tick is under way
        pace.ticked(due, clock.monotonic(), {})
        assert pace.rest_seconds() == 0
        assert await pace.due() == {BAY.city, "valley"}
        pace.ticked(due, clock.monotonic(), {})
        assert await pace.due() == set()

    async def test_only_rides_of_the_cities_that_are_due_are_matched(self, city: City):
        city.board.rides = [ride(1)._replace(city=BAY.city), ride(2, 50)._replace(city="valley"), ride(3, 90)]
        for number in range(3):
            city.driver(number, 10)
        tick = city.made()
        report = await tick({"": 1}, {BAY.city})
        assert set(city.offered()) == {1, 3}  # also one of the time before cities had keys
        assert report.supplies == {BAY.city: Supply(1, 1)}

    async def test_drivers_are_counted_until_there_are_enough(self, city: City):
        drivers = [city.locations.positions[city.driver(number, number)] for number in range(500)]
        assert supply_of(BAY.service_area, 10, drivers) == Supply(10, 6)
        assert supply_of(BAY.service_area, 10, drivers[:4]) == Supply(10, 4)
        assert supply_of(VALLEY.service_area, 10, drivers) == Supply(10, 0)


def ignore(verdict: PingVerdict, count: int) -> None:
    """Nobody counts here."""


class TestPings:
    """ReportLocations."""

    @pytest.mark.parametrize(("place", "verdict"), [(at(0), PingVerdict.ACCEPTED), (INN, PingVerdict.TOO_FAST)])
    async def test_the_city_where_a_driver_is_says_how_fast_drivers_are(self, place: GeoPoint, verdict: PingVerdict):
        clock, driver_id = HandClock(), UUID(int=7)
        report = ReportLocations(
            cities=CITIES,
            on_shift=FakeShifts({driver_id: OpenShift(UUID(int=8), VehicleClass.ECONOMY)}),
            locations=FakeLiveLocations(),
            clock=clock,
            monotonic=clock.monotonic,
            max_pings_per_second=100,
            observe=ignore,
        )
        await report(driver_id, [Ping(place.latitude, place.longitude, NOON.timestamp(), 1)])
        clock.advance(30)
        moved = Ping(place.latitude + 0.0072, place.longitude, NOON.timestamp() + 30, 2)  # 800 m: 96 km/h
        assert list((await report(driver_id, [moved])).by_verdict) == [verdict]


class TestTravel:
    """CityTravelEta."""

    async def test_a_ride_takes_as_long_as_its_city_says(self):
        eta = CityTravelEta(CITIES, [BAY], as_estimated)
        here, there = at(0), at(3_000)
        inn, up = INN, GeoPoint(INN.latitude + 0.03, INN.longitude)
        own = {BAY.city: CrowFliesEta(BAY.travel), "valley": CrowFliesEta(VALLEY.travel)}
        legs = [(here, there), (inn, up), (there, here)]
        [bay] = await own[BAY.city].seconds(legs[:1])
        [valley] = await own["valley"].seconds(legs[1:2])
        assert await eta.seconds(legs) == [bay, valley, bay]
        assert await eta.trip(inn, up) == await own["valley"].trip(inn, up)
        assert eta.reach_meters(600) == own[BAY.city].reach_meters(600)
