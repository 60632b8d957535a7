"""What any EtaProvider does: by the great circle, by the streets, by an OSRM server."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from matching_service.adapters import osrm_eta
from matching_service.adapters.city_file import load_city
from matching_service.adapters.city_travel import CityTravelEta
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.adapters.osm_reader import read_streets
from matching_service.adapters.osrm_eta import OsrmEta
from matching_service.adapters.street_builder import build_street_map
from matching_service.adapters.street_eta import StreetEta, steady
from matching_service.adapters.street_graph import StreetGraph
from matching_service.domain.city import TravelPolicy
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.travel_times import AS_ESTIMATED, Timing
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.geo import GeoPoint, haversine_meters
from tests.fakes.matching_osrm_process import osrm_server
from tests.fakes.matching_streets import POINTS, write_town

TRAVEL = TravelPolicy(circuity=1.2, speed_kmh=36.0)
FAR_AWAY = GeoPoint(0.5, 0.5)
"""77 km from town."""


class HandTiming:
    """A timing that a test sets."""

    def __init__(self) -> None:
        self.timing = AS_ESTIMATED

    def __call__(self) -> Timing:
        return self.timing


@pytest.fixture
def timing() -> HandTiming:
    return HandTiming()


@pytest.fixture(scope="module")
def osrm_url() -> Iterator[str]:
    with osrm_server() as url:
        yield url


@pytest.fixture(params=["crow_flies", "cities", "street", "osrm"])
async def eta(
    request: pytest.FixtureRequest, tmp_path: Path, timing: HandTiming, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EtaProvider]:
    crow_flies = CrowFliesEta(TRAVEL, timing)
    if request.param == "crow_flies":
        yield crow_flies
    elif request.param == "cities":
        city = replace(load_city(None), travel=TRAVEL)
        yield CityTravelEta(FixedCities(city), [city], timing)
    elif request.param == "osrm":
        # What is not answered in time another provider tells: not here, however busy the machine is.
        monkeypatch.setattr(osrm_eta, "TIMEOUT_SECONDS", 60.0)
        async with httpx.AsyncClient(base_url=request.getfixturevalue("osrm_url")) as client:
            yield OsrmEta(client, crow_flies, timing, time.monotonic)
    else:
        street_map = build_street_map(read_streets(write_town(tmp_path / "town.osm.pbf"))).street_map
        yield StreetEta(StreetGraph(street_map), crow_flies, timing, steady(1500))


async def test_a_way_is_no_shorter_than_the_great_circle(eta: EtaProvider) -> None:
    trip = await eta.trip(POINTS["A"], POINTS["F"])
    assert trip.meters >= haversine_meters(POINTS["A"], POINTS["F"])
    assert 60 < trip.seconds < 600
    assert isinstance(trip.meters, int)


async def test_legs_are_answered_in_their_order(eta: EtaProvider) -> None:
    legs = [(POINTS[a], POINTS[b]) for a, b in ("AF", "AA", "AB", "CF", "AF")]
    first, spot, block, side, again = await eta.seconds(legs)
    assert first > block > side > spot
    assert again == first


async def test_a_driver_on_the_spot_takes_a_second(eta: EtaProvider) -> None:
    assert await eta.seconds([(POINTS["A"], POINTS["A"])]) == [1]


async def test_no_legs_are_no_seconds(eta: EtaProvider) -> None:
    assert await eta.seconds([]) == []


async def test_places_that_no_map_holds_are_told_all_the_same(eta: EtaProvider) -> None:
    trip = await eta.trip(POINTS["A"], FAR_AWAY)
    assert trip.meters >= haversine_meters(POINTS["A"], FAR_AWAY)
    near, far = await eta.seconds([(POINTS["A"], POINTS["B"]), (POINTS["A"], FAR_AWAY)])
    assert near < 300
    assert far > 1500


async def test_nobody_gets_farther_than_the_reach(eta: EtaProvider) -> None:
    for destination in "ABCDEF":
        [seconds] = await eta.seconds([(POINTS["A"], POINTS[destination])])
        assert haversine_meters(POINTS["A"], POINTS[destination]) <= eta.reach_meters(seconds) * 1.001


async def test_the_hour_stretches_ways_and_legs_alike(eta: EtaProvider, timing: HandTiming) -> None:
    leg = (POINTS["A"], POINTS["F"])
    free = await eta.trip(POINTS["A"], POINTS["F"])
    timing.timing = Timing(start_seconds=60, factor=2.0)
    slow = await eta.trip(POINTS["A"], POINTS["F"])
    assert slow.meters == free.meters
    assert slow.seconds == pytest.approx(2 * free.seconds + 60, abs=2)
    assert await eta.seconds([leg]) == [pytest.approx(slow.seconds, abs=1)]
    assert haversine_meters(*leg) <= eta.reach_meters(slow.seconds)
