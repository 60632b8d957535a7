"""From an extract to a map, and back from its file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching_service.__main__ import main
from matching_service.adapters.osm_reader import MapError, read_streets
from matching_service.adapters.street_builder import BuiltMap, build_street_map
from matching_service.adapters.street_graph import StreetGraph
from matching_service.adapters.street_map import load_map, save_map
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_streets import BLOCK_METERS, POINTS, SIDE_METERS, write_town

BLOCK_SECONDS = BLOCK_METERS / (40 / 3.6)
SIDE_SECONDS = SIDE_METERS / (40 / 3.6)


def built(path: Path) -> BuiltMap:
    return build_street_map(read_streets(path))


def driven(graph: StreetGraph, corners: str, limit: float = 10_000) -> float:
    """Seconds from the first named point to the second."""
    origin, destination = (place(graph, POINTS[corner]) for corner in corners)
    [seconds] = graph.times(np.array([origin]), np.array([destination]), limit).tolist()
    return seconds


def place(graph: StreetGraph, point: GeoPoint) -> int:
    places, _ = graph.nearest(np.array([point.latitude]), np.array([point.longitude]))
    return int(places[0])


def way(graph: StreetGraph, corners: str) -> list[str]:
    """The named points on the way."""
    origin, destination = (place(graph, POINTS[corner]) for corner in corners)
    route = graph.route(origin, destination)
    assert route is not None
    names = {(point.latitude, point.longitude): name for name, point in POINTS.items()}
    return [names[point] for point in route.points if point in names]


@pytest.mark.parametrize("ending", ["osm.pbf", "osm"])
def test_a_town_becomes_a_graph_with_its_lengths_and_times(tmp_path: Path, ending: str) -> None:
    graph = StreetGraph(built(write_town(tmp_path / f"town.{ending}")).street_map)
    assert driven(graph, "AB") == pytest.approx(BLOCK_SECONDS, rel=1e-3)
    assert driven(graph, "AF") == pytest.approx(2 * BLOCK_SECONDS + SIDE_SECONDS, rel=1e-3)
    route = graph.route(place(graph, POINTS["A"]), place(graph, POINTS["F"]))
    assert route is not None
    assert route.meters == pytest.approx(2 * BLOCK_METERS + SIDE_METERS, rel=1e-3)
    assert route.points[0] == (POINTS["A"].latitude, POINTS["A"].longitude)
    assert route.points[-1] == (POINTS["F"].latitude, POINTS["F"].longitude)


def test_a_one_way_street_is_driven_one_way(tmp_path: Path) -> None:
    graph = StreetGraph(built(write_town(tmp_path / "town.osm.pbf", {"west": {"oneway": "yes"}})).street_map)
    assert driven(graph, "AD") == pytest.approx(SIDE_SECONDS, rel=1e-3)
    assert way(graph, "DA") == ["D", "E", "B", "A"]


def test_a_signal_costs_time(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf", nodes={"B": {"highway": "traffic_signals"}})
    graph = StreetGraph(built(path).street_map)
    assert driven(graph, "AB") == pytest.approx(BLOCK_SECONDS + 2, rel=1e-3)
    assert driven(graph, "BA") == pytest.approx(BLOCK_SECONDS, rel=1e-3)


def test_a_bollard_is_not_driven_through(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf", nodes={"B": {"barrier": "bollard"}}, streets={"ring": "ABCFEDA"})
    with pytest.raises(MapError, match="connected both ways"):
        built(write_town(tmp_path / "two.osm.pbf", {"ring": {"oneway": "yes"}}, streets={"ring": "ABC"}))
    graph = StreetGraph(built(path).street_map)
    assert way(graph, "AC") == ["A", "D", "E", "F", "C"]


def test_a_street_that_leads_out_and_not_back_is_left_out(tmp_path: Path) -> None:
    streets = {"ring": "ABEDA", "away": "BC"}
    found = built(write_town(tmp_path / "town.osm.pbf", {"away": {"oneway": "yes"}}, streets=streets))
    assert found.dropped_nodes == 1
    assert found.street_map.places == 4


def test_a_barred_turn_is_driven_around(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf", turns=[("no_right_turn", "north", "B", "middle")])
    found = built(path)
    graph = StreetGraph(found.street_map)
    assert found.turns == 1
    assert way(graph, "AE") == ["A", "D", "E"]  # as quick as over B, where the turn is barred
    assert driven(graph, "BE") == pytest.approx(SIDE_SECONDS, rel=1e-3)  # who begins at B may
    assert driven(graph, "AB") == pytest.approx(BLOCK_SECONDS, rel=1e-3)  # and who ends there
    assert driven(graph, "AC") == pytest.approx(2 * BLOCK_SECONDS, rel=1e-3)


def test_an_only_turn_bars_all_others(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf", turns=[("only_straight_on", "middle", "B", "north")])
    # From E at B: `north` in both directions is the street to take; back down `middle` is not.
    graph = StreetGraph(built(path).street_map)
    assert driven(graph, "EA") == pytest.approx(SIDE_SECONDS + BLOCK_SECONDS, rel=1e-3)
    assert way(graph, "EB") == ["E", "B"]


def test_of_several_only_turns_each_is_allowed(tmp_path: Path) -> None:
    turns = [("only_left_turn", "middle", "B", "left"), ("only_right_turn", "middle", "B", "right")]
    streets = {"left": "AB", "right": "BC", "middle": "BE"}
    found = built(write_town(tmp_path / "town.osm.pbf", streets=streets, turns=turns))
    graph = StreetGraph(found.street_map)
    assert found.turns == 2
    for ends in ("EA", "EC"):
        assert driven(graph, ends) == pytest.approx(SIDE_SECONDS + BLOCK_SECONDS, rel=1e-3)


def test_turns_that_together_leave_no_way_out_are_taken_while_there_is_one(tmp_path: Path) -> None:
    turns = [(f"no_{side}_turn", "middle", "B", side) for side in ("left", "right")] + [
        ("no_u_turn", "middle", "B", "middle")
    ]
    streets = {"left": "AB", "right": "BC", "middle": "BE"}
    found = built(write_town(tmp_path / "town.osm.pbf", streets=streets, turns=turns))
    assert found.turns == 2
    assert driven(StreetGraph(found.street_map), "EC") == float("inf")
    assert driven(StreetGraph(found.street_map), "AC") == pytest.approx(2 * BLOCK_SECONDS, rel=1e-3)


def test_only_and_no_rules_on_a_one_way_grid_force_the_long_way(tmp_path: Path) -> None:
    turns = [("no_left_turn", "west", "D", "south"), ("no_right_turn", "north", "B", "middle")]
    graph = StreetGraph(built(write_town(tmp_path / "town.osm.pbf", turns=turns)).street_map)
    assert way(graph, "AE") == ["A", "B", "C", "F", "E"]


def test_neighbors_whom_a_river_parts_are_found_at_a_second_look(tmp_path: Path) -> None:
    streets = {"north": "ABC", "bridge": "CF", "south": "DEF"}
    graph = StreetGraph(built(write_town(tmp_path / "town.osm.pbf", streets=streets)).street_map)
    assert driven(graph, "AD") == pytest.approx(4 * BLOCK_SECONDS + SIDE_SECONDS, rel=1e-3)


def test_what_takes_longer_than_the_limit_is_infinite(tmp_path: Path) -> None:
    graph = StreetGraph(built(write_town(tmp_path / "town.osm.pbf")).street_map)
    assert driven(graph, "AF", limit=100) == float("inf")
    assert driven(graph, "AD", limit=100) == pytest.approx(SIDE_SECONDS, rel=1e-3)


def test_a_map_is_read_back_from_its_file(tmp_path: Path) -> None:
    street_map = built(write_town(tmp_path / "town.osm.pbf")).street_map
    assert save_map(street_map, tmp_path / "town.map") == (tmp_path / "town.map").stat().st_size
    back = load_map(tmp_path / "town.map")
    assert back.digest() == street_map.digest()
    assert back.edge_seconds.tolist() == street_map.edge_seconds.tolist()
    assert [each.name for each in tmp_path.glob("*map*")] == ["town.map"]


def test_a_map_of_other_streets_has_another_name(tmp_path: Path) -> None:
    street_map = built(write_town(tmp_path / "town.osm.pbf")).street_map
    slower = replace(street_map, edge_seconds=street_map.edge_seconds * 2)
    assert slower.digest() != street_map.digest()


@pytest.mark.parametrize("at", [-1, -200, 60, 14])
def test_a_changed_map_is_refused(tmp_path: Path, at: int) -> None:
    path = tmp_path / "town.map"
    save_map(built(write_town(tmp_path / "town.osm.pbf")).street_map, path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0x01
    path.write_bytes(content)
    with pytest.raises(MapError, match=r"town\.map: is damaged .*build it anew"):
        load_map(path)


def test_a_map_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.map"
    save_map(built(write_town(tmp_path / "town.osm.pbf")).street_map, path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(MapError, match="is damaged"):
        load_map(path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("edge_target", [2_000_000_000]),
        ("edge_target", [-5]),
        ("arrival_node", [6]),
        ("first_edge", [0, 1_000_000]),
        ("first_edge", [0, 2_000_000_000, -2_000_000_000]),
        ("first_edge", [1]),
        ("first_shape", [0, 1]),
        ("edge_seconds", [-1.0]),
        ("edge_seconds", [0.0]),
        ("edge_seconds", [float("nan")]),
        ("edge_meters", [float("inf")]),
        ("places", 7),
        ("places", 0),
    ],
)
def test_a_map_whose_parts_do_not_fit_together_is_refused(tmp_path: Path, name: str, values: int | list[float]) -> None:
    """Whoever wrote it, and though its digest is right: to be searched it would crash the service, or never end."""
    street_map, changed = built(write_town(tmp_path / "town.osm.pbf")).street_map, values
    if isinstance(values, list):
        changed = getattr(street_map, name).copy()
        changed[: len(values)] = values
    save_map(replace(street_map, **{name: changed}), tmp_path / "town.map")
    with pytest.raises(MapError, match=r"is damaged \(its parts do not fit together\); build it anew"):
        load_map(tmp_path / "town.map")


def test_a_map_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.map"
    save_map(built(write_town(tmp_path / "town.osm.pbf")).street_map, path)
    content = bytearray(path.read_bytes())
    content[11] = 9
    path.write_bytes(content)
    with pytest.raises(MapError, match="of version 9, this release reads 1"):
        load_map(path)


def test_an_extract_in_place_of_a_map_is_told_so(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf")
    with pytest.raises(MapError, match="jitney map build makes one"):
        load_map(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.osm.pbf", None, "there is no such file"),
        ("text.osm.pbf", b"this is no map at all", "cannot be read as OpenStreetMap data"),
        ("map.zip", b"PK", "cannot be read as OpenStreetMap data"),
        ("empty.osm", b"<osm version='0.6'></osm>", "holds no street that a car may use"),
    ],
)
def test_a_bad_extract_is_refused_with_its_reason(
    tmp_path: Path, name: str, content: bytes | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["map", "build", str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path / name) in error
    assert said in error
    assert not list(tmp_path.glob("*.map"))


def test_an_extract_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.osm.pbf")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MapError, match="cannot be read"):
        read_streets(path)


def test_the_command_builds_beside_the_extract_and_tells_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["map", "build", str(write_town(tmp_path / "town.osm.pbf"))]) == 0
    said = capsys.readouterr().out
    assert load_map(tmp_path / "town.map").digest() in said
    assert "6 nodes, 14 edges" in said
    assert main(["map", "build"]) == 2
