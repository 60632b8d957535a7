"""Makes the street graph of what an extract says: streets cut at crossings, then their largest connected part."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from matching_service.adapters.osm_reader import MapError, OsmStreets
from matching_service.adapters.street_map import DEGREE, StreetMap
from matching_service.adapters.street_turns import Piece, apply_turns
from matching_service.domain.street_tags import SIGNAL_SECONDS
from shared_kernel.geo import GeoPoint, haversine_meters

LONGEST_EDGE_METERS = 250.0
"""A longer stretch is cut where it has a point to be cut at: a place is snapped to a node, which must not be far."""


@dataclass(frozen=True, slots=True)
class BuiltMap:
    """A map, and what was left out of it."""

    street_map: StreetMap
    dropped_nodes: int
    """Crossings outside of the largest strongly connected part."""
    turns: int
    """Turn restrictions that the graph holds."""


@dataclass(slots=True)
class _Cutter:
    """Cuts a way at crossings."""

    streets: OsmStreets
    uses: dict[int, int] = field(default_factory=dict[int, int])
    pieces: list[Piece] = field(default_factory=list[Piece])

    def count(self, nodes: list[int]) -> None:
        for node in nodes:
            self.uses[node] = self.uses.get(node, 0) + 1
        for end in (nodes[0], nodes[-1]):
            self.uses[end] += 1

    def cut(self, way: int, speed_kmh: float, forward: bool, backward: bool, nodes: list[int]) -> None:
        piece, meters = [nodes[0]], 0.0
        for before, node in pairwise(nodes):
            meters += haversine_meters(GeoPoint(*self.streets.points[before]), GeoPoint(*self.streets.points[node]))
            piece.append(node)
            if self.uses[node] > 1 or meters >= LONGEST_EDGE_METERS or node == nodes[-1]:
                driven = meters / (speed_kmh / 3.6)
                if forward:
                    self._add(way, piece, meters, driven)
                if backward:
                    self._add(way, piece[::-1], meters, driven)
                piece, meters = [node], 0.0

    def _add(self, way: int, nodes: list[int], meters: float, driven_seconds: float) -> None:
        if nodes[0] == nodes[-1]:
            return  # a loop leads nowhere
        signals = sum(node in self.streets.signals for node in nodes[1:])
        shape = tuple(self.streets.points[node] for node in nodes[1:-1])
        seconds = driven_seconds + signals * SIGNAL_SECONDS
        self.pieces.append(Piece(nodes[0], nodes[-1], max(meters, 0.1), max(seconds, 0.05), way, shape))


def build_street_map(streets: OsmStreets) -> BuiltMap:
    """Make the graph. Raises MapError when no two crossings are connected both ways."""
    cutter = _Cutter(streets)
    runs = [(way, street, run) for way, street, nodes in streets.ways for run in _between(nodes, streets.barriers)]
    for _, _, run in runs:
        cutter.count(run)
    for way, street, run in runs:
        cutter.cut(way, street.speed_kmh, street.forward, street.backward, run)
    if not cutter.pieces:
        raise MapError("the streets of the extract connect nothing")
    kept, nodes_before = _largest_part(cutter.pieces)
    return _as_map(kept, streets, nodes_before)


def _between(nodes: list[int], barriers: set[int]) -> list[list[int]]:
    """Split the nodes of a way at what cannot be driven through."""
    runs: list[list[int]] = [[]]
    for node in nodes:
        if node in barriers:
            runs.append([])
        else:
            runs[-1].append(node)
    return [run for run in runs if len(run) > 1]


def _largest_part(pieces: list[Piece]) -> tuple[list[Piece], int]:
    """Return the edges among the nodes from each of which all others are reached, and how many nodes there were."""
    import numpy as np  # noqa: PLC0415 (only who builds a map needs it)
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    names, ends = np.unique([(piece.source, piece.target) for piece in pieces], return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = csr_array((np.ones(len(pieces)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    _, labels = connected_components(graph, directed=True, connection="strong")
    inside = labels == np.bincount(labels).argmax()
    kept = [piece for piece, (a, b) in zip(pieces, ends.tolist(), strict=True) if inside[a] and inside[b]]
    if not kept:
        raise MapError("no two crossings of the extract are connected both ways")
    return kept, len(names)


def _as_map(pieces: list[Piece], streets: OsmStreets, nodes_before: int) -> BuiltMap:
    import numpy as np  # noqa: PLC0415

    # Along the latitude, so that neighbors in the city are neighbors in memory.
    names = sorted({piece.source for piece in pieces}, key=lambda node: streets.points[node])
    number = {name: index for index, name in enumerate(names)}
    graph = apply_turns(pieces, number, streets.turns)
    places = len(names)
    nodes = [streets.points[names[index]] for index in (*range(places), *graph.copied)]
    # Of parallel edges the quickest counts, and a matrix would add them up.
    best: dict[tuple[int, int], Piece] = {}
    for source, target, piece in graph.edges:
        known = best.get((source, target))
        if known is None or piece.seconds < known.seconds:
            best[source, target] = piece
    order = sorted(best)
    edges = [best[ends] for ends in order]
    sources = np.array([source for source, _ in order])
    shape: Any = np.array([point for piece in edges for point in piece.shape]).reshape(-1, 2)
    where = np.rint(np.array(nodes) * DEGREE).astype(np.int32)
    turned = np.rint(shape * DEGREE).astype(np.int32)
    arrival = np.arange(places, dtype=np.int32)
    for place, node in graph.arrivals.items():
        arrival[place] = node
    street_map = StreetMap(
        places=places,
        node_latitude=where[:, 0],
        node_longitude=where[:, 1],
        arrival_node=arrival,
        first_edge=_starts(np.bincount(sources, minlength=len(nodes))),
        edge_target=np.array([target for _, target in order], dtype=np.int32),
        edge_meters=np.array([piece.meters for piece in edges], dtype=np.float32),
        edge_seconds=np.array([piece.seconds for piece in edges], dtype=np.float32),
        first_shape=_starts(np.array([len(piece.shape) for piece in edges])),
        shape_latitude=turned[:, 0],
        shape_longitude=turned[:, 1],
    )
    return BuiltMap(street_map, nodes_before - places, graph.turns)


def _starts(counts: Any) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
