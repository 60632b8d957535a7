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


class _Rule(NamedTuple):
    """What a restriction says to who comes by some edge: the number of the turn, and the edges that it names."""

    turn: int
    only: bool
    named: set[int]


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
    rules: dict[int, list[_Rule]] = {}
    for index, turn in enumerate(turns):
        for edge in into.get(turn.via, ()):
            if pieces[edge].way == turn.from_way:
                named = _named(turn, pieces[edge], pieces, out_of[turn.via])
                rules.setdefault(edge, []).append(_Rule(index, turn.only, named))
    barred: dict[int, set[int]] = {}
    held: set[int] = set()
    for edge, some in rules.items():
        closed, taken = _barred(some, set(out_of[pieces[edge].target]))
        if closed:
            barred[edge] = closed
            held |= taken
    graph.turns = len(held)
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


def _named(turn: TurnRule, coming: Piece, pieces: Sequence[Piece], out: Sequence[int]) -> set[int]:
    """Return the edges out of a crossing that a restriction speaks of."""
    named = {edge for edge in out if pieces[edge].way == turn.to_way}
    if turn.from_way == turn.to_way:  # a U-turn, or straight on along the same way
        back = {edge for edge in named if pieces[edge].target == coming.source}
        named = named - back if turn.only else back
    return named


def _barred(rules: Sequence[_Rule], out: set[int]) -> tuple[set[int], set[int]]:
    """Return the edges out of a crossing that are barred to who comes by one edge, and the turns that bar them.

    Where several are the only ones allowed, each of them is. A rule that leaves no way out is a mistake.
    """
    only = [rule for rule in rules if rule.only and rule.named]
    closed = out.difference(*(rule.named for rule in only)) if only else set[int]()
    taken = {rule.turn for rule in only} if closed else set[int]()
    for rule in rules:
        if not rule.only and rule.named and not out <= closed | rule.named:
            closed |= rule.named
            taken.add(rule.turn)
    return closed, taken


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
