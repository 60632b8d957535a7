"""Travel times by the streets, and who tells them where the streets end."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from scipy.sparse.csgraph import dijkstra

from jitney.bench.streets import grid_map
from matching_service.adapters import street_graph
from matching_service.adapters.osm_reader import read_streets
from matching_service.adapters.street_builder import build_street_map
from matching_service.adapters.street_eta import StreetEta, steady
from matching_service.adapters.street_graph import StreetGraph
from matching_service.domain.city import TravelPolicy
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.polyline import decode_polyline
from matching_service.domain.travel_times import Timing, as_estimated
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_streets import BLOCK_METERS, POINTS, SIDE_METERS, write_town

CROW_FLIES = CrowFliesEta(TravelPolicy(1.2, 36.0))
OUT_OF_TOWN = GeoPoint(0.1, 0.1)


@pytest.fixture
def graph(tmp_path: Path) -> StreetGraph:
    return StreetGraph(build_street_map(read_streets(write_town(tmp_path / "town.osm.pbf"))).street_map)


def street(graph: StreetGraph, horizon_seconds: float = 1500) -> StreetEta:
    return StreetEta(graph, CROW_FLIES, as_estimated, steady(horizon_seconds))


def fallbacks(cause: str) -> float:
    return REGISTRY.get_sample_value("matching_eta_fallbacks_total", {"provider": "street", "cause": cause}) or 0.0


async def test_a_way_has_its_length_its_time_and_its_line(graph: StreetGraph) -> None:
    trip = await street(graph).trip(POINTS["A"], POINTS["E"])
    assert trip.meters == pytest.approx(BLOCK_METERS + SIDE_METERS, abs=2)
    assert trip.seconds == pytest.approx((BLOCK_METERS + SIDE_METERS) / (40 / 3.6), abs=1)
    line = decode_polyline(trip.polyline)
    assert line[0] == (0.0045, 0.0)
    assert line[-1] == (0.0, 0.009)
    assert len(line) >= 3


async def test_what_is_far_from_every_street_goes_by_the_great_circle_and_is_counted(graph: StreetGraph) -> None:
    before = fallbacks("off_map")
    legs = [(POINTS["A"], OUT_OF_TOWN), (POINTS["A"], POINTS["B"]), (OUT_OF_TOWN, POINTS["A"])]
    told = await street(graph).seconds(legs)
    by_crow = await CROW_FLIES.seconds(legs)
    assert [told[0], told[2]] == [by_crow[0], by_crow[2]]
    assert told[1] != by_crow[1]
    assert fallbacks("off_map") == before + 2
    assert await street(graph).trip(POINTS["A"], OUT_OF_TOWN) == await CROW_FLIES.trip(POINTS["A"], OUT_OF_TOWN)
    assert fallbacks("off_map") == before + 3


async def test_a_map_that_fails_leaves_it_to_the_great_circle(
    graph: StreetGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(graph, "nearest", broken)
    before = fallbacks("failed")
    legs = [(POINTS["A"], POINTS["B"])]
    assert await street(graph).seconds(legs) == await CROW_FLIES.seconds(legs)
    assert await street(graph).trip(POINTS["A"], POINTS["B"]) == await CROW_FLIES.trip(POINTS["A"], POINTS["B"])
    assert fallbacks("failed") == before + 2


async def test_beyond_the_horizon_a_leg_takes_the_horizon(graph: StreetGraph) -> None:
    assert await street(graph, horizon_seconds=60).seconds([(POINTS["A"], POINTS["F"])]) == [60]


async def test_what_is_far_from_the_curb_takes_longer(graph: StreetGraph) -> None:
    yard = GeoPoint(POINTS["A"].latitude + 0.0027, 0.0)  # 300 m north of A
    [seconds] = await street(graph).seconds([(yard, POINTS["A"])])
    assert seconds == pytest.approx(250 / 5, abs=1)


@given(st.floats(0, 300), st.floats(0.2, 5), st.floats(0, 10_000))
def test_a_timing_is_undone_by_its_inverse(start: float, factor: float, estimate: float) -> None:
    timing = Timing(start, factor)
    assert timing.estimate_seconds(timing.seconds(estimate)) == pytest.approx(estimate, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("limit", [60.0, 400.0, 5_000.0])
def test_times_by_tiles_are_those_of_a_search_over_all(monkeypatch: pytest.MonkeyPatch, limit: float) -> None:
    monkeypatch.setattr(street_graph, "_SMALL_MAP_NODES", 0)
    monkeypatch.setattr(street_graph, "_MAX_TILED_NODES", 3_000)  # so that tiles are dropped and made again
    graph = StreetGraph(grid_map(40))
    chance = np.random.default_rng(6)
    origins, destinations = chance.integers(0, 1600, (2, 400))
    whole = dijkstra(graph.forward, indices=origins, limit=limit)[np.arange(400), destinations]
    assert graph.times(origins, destinations, limit).tolist() == pytest.approx(whole.tolist())
    assert graph.times(origins, destinations, limit).tolist() == pytest.approx(whole.tolist())
