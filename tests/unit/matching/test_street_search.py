"""Candidates by the streets, where those who are nearest as the crow flies are not those who come soonest."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

from jitney.bench.streets import grid_map
from matching_service.adapters import street_search
from matching_service.adapters.city_file import load_city
from matching_service.adapters.osm_reader import read_streets
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.adapters.street_builder import build_street_map
from matching_service.adapters.street_eta import StreetEta, steady
from matching_service.adapters.street_graph import StreetGraph
from matching_service.adapters.street_search import StreetSearch
from matching_service.domain.city import TravelPolicy, VehicleClass
from matching_service.domain.eta import CrowFliesEta, Search
from matching_service.domain.locations import DriverPosition
from matching_service.domain.positions import Positions
from matching_service.domain.terms import Funding
from matching_service.domain.travel_times import Timing, as_estimated
from matching_service.use_cases.dispatch_choice import CANDIDATES
from matching_service.use_cases.dispatch_ports import OpenShift, WaitingRide
from matching_service.use_cases.search_streets import SearchStreets
from shared_kernel.geo import GeoPoint, haversine_meters
from tests.fakes.matching_dispatch import (
    NOON,
    FakeLiveLocations,
    FakeReservations,
    FakeRideBoard,
    FakeShifts,
    HandClock,
)
from tests.fakes.matching_streets import write_town
from tests.fakes.matching_tick import make_tick

SIDE = 30
MIDDLE = GeoPoint(37.77, -122.42)
ACROSS, DOWN = GeoPoint(0.0045, 0.0), GeoPoint(0.0, 0.018)
"""From D, the south-western corner of the town: A across the river, and F two kilometers along the bank."""
RIVER = {"north": "ABC", "south": "DEF", "bridge": "CF"}


def driver_at(number: int, point: GeoPoint, vehicle_class: VehicleClass = VehicleClass.ECONOMY) -> DriverPosition:
    return DriverPosition(
        UUID(int=number), point.latitude, point.longitude, NOON.timestamp(), 1, vehicle_class, shift_tag=0
    )


def place_of(graph: StreetGraph, node: int) -> GeoPoint:
    return GeoPoint(float(graph.latitude[node]), float(graph.longitude[node]))


@pytest.mark.parametrize("limit", [45.0, 200.0, 3_000.0])
@pytest.mark.parametrize("factor", [1.0, 1.7])
async def test_the_quickest_by_the_streets_are_named_soonest_first(limit: float, factor: float) -> None:
    graph = StreetGraph(grid_map(SIDE))
    chance = np.random.default_rng(4)
    pickups, stands = chance.integers(0, SIDE * SIDE, 12), chance.integers(0, SIDE * SIDE, 300)
    places = [place_of(graph, node) for node in range(SIDE * SIDE)]
    drivers = [driver_at(number, places[node]) for number, node in enumerate(stands.tolist())]
    found = await StreetSearch(graph, lambda: Timing(0.0, factor)).quickest(
        [Search(places[node], limit) for node in pickups.tolist()], Positions(drivers), 10
    )
    seconds = dijkstra(graph.forward.T.tocsr(), indices=pickups)[:, stands] * factor
    named = [row[ranks].tolist() for row, ranks in zip(seconds, found, strict=True)]
    assert named == [pytest.approx(sorted(row[row < limit].tolist())[:10]) for row in seconds]
    assert any(named)


async def test_of_a_crowd_of_drivers_those_nearest_as_the_crow_flies_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(street_search, "NEAREST", 40)
    graph = StreetGraph(grid_map(SIDE))
    chance = np.random.default_rng(5)
    pickups, stands = chance.integers(0, SIDE * SIDE, 8), chance.integers(0, SIDE * SIDE, 300)
    places = [place_of(graph, node) for node in range(SIDE * SIDE)]
    # Some meters beside the nodes, so that no two of them are as far from a pickup.
    beside = (chance.random((300, 2)) * 1e-4).tolist()
    points = [
        GeoPoint(places[node].latitude + north, places[node].longitude + east)
        for node, (north, east) in zip(stands.tolist(), beside, strict=True)
    ]
    drivers = [driver_at(number, point) for number, point in enumerate(points)]
    found = await StreetSearch(graph, as_estimated).quickest(
        [Search(places[node], 3_000.0) for node in pickups.tolist()], Positions(drivers), 10
    )
    seconds = dijkstra(graph.forward.T.tocsr(), indices=pickups)[:, stands]
    for node, row, named in zip(pickups.tolist(), seconds, found, strict=True):
        near = sorted(range(300), key=lambda number: haversine_meters(places[node], points[number]))[:40]
        assert set(named) <= set(near)
        assert row[named].tolist() == pytest.approx(sorted(row[near].tolist())[:10])


async def test_who_is_on_no_street_is_not_named_and_is_not_found() -> None:
    graph = StreetGraph(grid_map(3))
    here, out_of_town = place_of(graph, 0), GeoPoint(0.1, 0.1)
    drivers = [driver_at(1, out_of_town), driver_at(2, here)]
    search = StreetSearch(graph, as_estimated)
    assert await search.quickest([Search(here, 60.0), Search(out_of_town, 60.0)], Positions(drivers), 5) == [[1], []]


async def test_a_map_that_fails_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = StreetGraph(grid_map(3))

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(graph, "nearest", broken)
    here = place_of(graph, 0)
    assert await StreetSearch(graph, as_estimated).quickest(
        [Search(here, 60.0)], Positions([driver_at(1, here)]), 5
    ) == [[]]


class Town:
    """Two streets with a river between them, and one bridge at the eastern end."""

    def __init__(self, graph: StreetGraph, matcher: ScipyMatcher) -> None:
        self.board, self.shifts, self.locations = FakeRideBoard(), FakeShifts(), FakeLiveLocations()
        eta = StreetEta(graph, CrowFliesEta(TravelPolicy(1.2, 36.0)), as_estimated, steady(1_500))
        search = SearchStreets(StreetSearch(graph, as_estimated))
        self.tick = make_tick(
            load_city(None),
            self.board,
            self.locations,
            self.shifts,
            matcher,
            FakeReservations(),
            HandClock(),
            eta,
            search,
        )
        for number in range(CANDIDATES):
            self.put(1_000 + number, ACROSS)

    def put(self, number: int, offset: GeoPoint, vehicle_class: VehicleClass = VehicleClass.ECONOMY) -> UUID:
        driver = driver_at(number, _from_corner(offset), vehicle_class)
        self.locations.positions[driver.driver_id] = driver
        self.shifts.shifts[driver.driver_id] = OpenShift(UUID(int=5), vehicle_class)
        return driver.driver_id

    async def offered(self, ride: WaitingRide) -> UUID:
        self.board.rides = [ride]
        await self.tick({"": 1})
        return self.board.offers[ride.ride_id].driver_id


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    extract = write_town(tmp_path / "town.osm.pbf", streets=RIVER, origin=MIDDLE)
    matcher = ScipyMatcher()
    yield Town(StreetGraph(build_street_map(read_streets(extract)).street_map), matcher)
    await matcher.close()


def _from_corner(offset: GeoPoint) -> GeoPoint:
    return GeoPoint(MIDDLE.latitude + offset.latitude, MIDDLE.longitude + offset.longitude)


def a_ride() -> WaitingRide:
    asked_at = NOON - timedelta(seconds=5)
    return WaitingRide(
        UUID(int=1), MIDDLE, MIDDLE, "economy", asked_at, frozenset(), returned=False, funding=Funding.CARD
    )


async def test_who_stands_across_the_river_is_not_asked_while_somebody_is_on_this_side(town: Town) -> None:
    on_this_side = town.put(1, DOWN)
    assert await town.offered(a_ride()) == on_this_side


async def test_who_refused_the_ride_is_not_named_again_by_the_streets(town: Town) -> None:
    refused = town.put(1, DOWN)
    assert (await town.offered(a_ride()._replace(excluded_driver_ids=frozenset({refused})))).int >= 1_000


async def test_who_cannot_carry_the_ride_is_not_named_by_the_streets(town: Town) -> None:
    town.put(1, DOWN, VehicleClass.WHEELCHAIR)
    assert (await town.offered(a_ride())).int >= 1_000
