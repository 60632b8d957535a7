"""Turn restrictions in a graph of crossings.

An edge that leads to a crossing with a restriction is led to a copy of the crossing instead, which has only the
allowed streets out of it. Who sets out from the crossing itself may take any; who wants to arrive there does so at a
node of its own, which the crossing and all of its copies lead to and from which nothing leads on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from matching_service.domain.street_tags import TurnRule

_NO_SECONDS = 0.01
"""Of the edge into an arrival: above zero, which a sparse matrix would not hold."""


_Points = tuple[tuple[float, float], ...]


class Piece(NamedTuple):
    """A directed edge while the graph is made; source and target are OpenStreetMap's nodes."""

    source: int
    target: int
    meters: float
    seconds: float
    way: int
    shape: _Points
    """(latitude, longitude) of the points between the ends, in the direction of the edge."""


@dataclass(slots=True)
class TurnedGraph:
    """Edges by the numbers of their nodes: first the places, then one node for each entry of `copied`."""

    edges: list[tuple[int, int, Piece]] = field(default_factory=list[tuple[int, int, Piece]])
    copied: list[int] = field(default_factory=list[int])
    """The place that each further node is at."""
    arrivals: dict[int, int] = field(default_factory=dict[int, int])
    turns: int = 0


def apply_turns(pieces: Sequence[Piece], number: Mapping[int, int], turns: Sequence[TurnRule]) -> TurnedGraph:
    """Number the edges' nodes, and lead edges around the turns that are barred."""
    into: dict[int, list[int]] = {}
    out_of: dict[int, list[int]] = {}
    for index, piece in enumerate(pieces):
        into.setdefault(piece.target, []).append(index)
        out_of.setdefault(piece.source, []).append(index)
    graph = TurnedGraph()
    barred: dict[int, set[int]] = {}
    for turn in turns:
        if turn.via not in number:
            continue
        taken = False
        for edge in into.get(turn.via, ()):
            if pieces[edge].way == turn.from_way:
                closed = _barred(turn, pieces[edge], pieces, out_of[turn.via])
                if closed and len(closed) < len(out_of[turn.via]):  # a rule that leaves no way out is a mistake
                    barred.setdefault(edge, set()).update(closed)
                    taken = True
        graph.turns += taken
    copy_of = {edge: len(number) + place for place, edge in enumerate(barred)}
    graph.copied = [number[pieces[edge].target] for edge in barred]

    def target(edge: int) -> int:
        return copy_of.get(edge, number[pieces[edge].target])

    graph.edges = [(number[piece.source], target(index), piece) for index, piece in enumerate(pieces)]
    for edge, copy in copy_of.items():
        allowed = [other for other in out_of[pieces[edge].target] if other not in barred[edge]]
        graph.edges += [(copy, target(other), pieces[other]) for other in allowed]
    _add_arrivals(graph, copy_of, pieces, number)
    return graph


def _barred(turn: TurnRule, coming: Piece, pieces: Sequence[Piece], out: Sequence[int]) -> set[int]:
    named = {edge for edge in out if pieces[edge].way == turn.to_way}
    if turn.from_way == turn.to_way:  # a U-turn, or straight on along the same way
        back = {edge for edge in named if pieces[edge].target == coming.source}
        named = named - back if turn.only else back
    if turn.only and named:
        return set(out) - named
    return named


def _add_arrivals(
    graph: TurnedGraph, copy_of: Mapping[int, int], pieces: Sequence[Piece], number: Mapping[int, int]
) -> None:
    at: dict[int, list[int]] = {}
    for edge, copy in copy_of.items():
        at.setdefault(pieces[edge].target, []).append(copy)
    first = len(number) + len(graph.copied)
    for name, copies in at.items():
        place = number[name]
        arrival = graph.arrivals[place] = first + len(graph.arrivals)
        graph.copied.append(place)
        end = pieces[0]._replace(meters=0.0, seconds=_NO_SECONDS, shape=())
        graph.edges += [(node, arrival, end) for node in (place, *copies)]
