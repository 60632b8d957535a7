"""Turn restrictions, on towns drawn at random: the graph of crossings beside a search that knows each street taken."""

from __future__ import annotations

import heapq
from itertools import pairwise, product
from math import inf
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching_service.adapters.osm_reader import MapError, read_streets
from matching_service.adapters.street_builder import build_street_map
from matching_service.adapters.street_graph import StreetGraph
from shared_kernel.geo import haversine_meters
from tests.fakes.matching_streets import POINTS, TOWN, write_town

ONE_WAYS = {"no": (True, True), "yes": (True, False), "-1": (False, True)}


class Edge(NamedTuple):
    """From one point to the next along a street."""

    source: str
    target: str
    street: str
    seconds: float


class Rule(NamedTuple):
    kind: str
    origin: str
    via: str
    target: str


def edges_of(one_ways: dict[str, str]) -> list[Edge]:
    found: list[Edge] = []
    for street, corners in TOWN.items():
        forward, backward = ONE_WAYS[one_ways[street]]
        for a, b in pairwise(corners):
            seconds = haversine_meters(POINTS[a], POINTS[b]) / (40 / 3.6)
            found += [Edge(a, b, street, seconds)] * forward + [Edge(b, a, street, seconds)] * backward
    return found


def component(edges: list[Edge], start: str) -> frozenset[str]:
    """The points that are reached from a point, and reach it."""

    def reached(step: dict[str, set[str]]) -> set[str]:
        seen, front = {start}, [start]
        while front:
            for point in step.get(front.pop(), set()) - seen:
                seen.add(point)
                front.append(point)
        return seen

    onward: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for edge in edges:
        onward.setdefault(edge.source, set()).add(edge.target)
        back.setdefault(edge.target, set()).add(edge.source)
    return frozenset(reached(onward) & reached(back))


def barred(edges: list[Edge], rules: list[Rule], coming: Edge) -> set[Edge]:
    """The edges that may not follow one."""
    out = {edge for edge in edges if edge.source == coming.target}
    only, closed = set[Edge](), set[Edge]()
    mine = [rule for rule in rules if (rule.origin, rule.via) == (coming.street, coming.target)]
    for rule in sorted(mine, key=lambda rule: rule.kind, reverse=True):  # those that tell the only turn first
        named = {edge for edge in out if edge.street == rule.target}
        if rule.origin == rule.target:
            back = {edge for edge in named if edge.target == coming.source}
            named = named - back if rule.kind.startswith("only_") else back
        if rule.kind.startswith("only_"):
            only |= named
            closed = out - only if only else closed
        elif closed | named != out:
            closed |= named
    return closed


def seconds_between(edges: list[Edge], rules: list[Rule], start: str, end: str) -> float:
    """The quickest way that takes no barred turn."""
    if start == end:
        return 0.0
    best: dict[Edge, float] = {}
    queue = [(edge.seconds, edge) for edge in edges if edge.source == start]
    heapq.heapify(queue)
    while queue:
        seconds, edge = heapq.heappop(queue)
        if edge.target == end:
            return seconds
        if best.get(edge, inf) <= seconds:
            continue
        best[edge] = seconds
        closed = barred(edges, rules, edge)
        for following in edges:
            if following.source == edge.target and following not in closed:
                heapq.heappush(queue, (seconds + following.seconds, following))
    return inf


RULES = st.lists(
    st.sampled_from(
        [
            Rule(kind, origin, via, target)
            for kind in ("no_left_turn", "only_straight_on")
            for origin, target in product(TOWN, TOWN)
            for via in sorted(set(TOWN[origin]) & set(TOWN[target]))
        ]
    ),
    max_size=6,
)


@given(st.fixed_dictionaries({street: st.sampled_from(sorted(ONE_WAYS)) for street in TOWN}), RULES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_graph_takes_no_barred_turn_and_misses_no_allowed_one(
    tmp_path_factory: pytest.TempPathFactory, one_ways: dict[str, str], rules: list[Rule]
) -> None:
    tags = {street: {"oneway": word} for street, word in one_ways.items()}
    path = write_town(tmp_path_factory.mktemp("town") / "town.osm.pbf", tags, turns=rules)
    edges = edges_of(one_ways)
    components = {component(edges, point) for point in POINTS}
    largest = max(map(len, components))
    if largest == 1:
        with pytest.raises(MapError, match="connected both ways"):
            build_street_map(read_streets(path))
        return
    graph = StreetGraph(build_street_map(read_streets(path)).street_map)
    names = {(point.latitude, point.longitude): name for name, point in POINTS.items()}
    number = {
        names[float(graph.latitude[place]), float(graph.longitude[place])]: place for place in range(graph.map.places)
    }
    assert frozenset(number) in {some for some in components if len(some) == largest}
    inside = [edge for edge in edges if edge.source in number and edge.target in number]
    pairs = list(product(number, number))
    origins, ends = (np.array([number[pair[side]] for pair in pairs]) for side in (0, 1))
    told = graph.times(origins, ends, 100_000.0).tolist()
    for (start, end), seconds in zip(pairs, told, strict=True):
        assert seconds == pytest.approx(seconds_between(inside, rules, start, end), abs=0.2), (start, end)
