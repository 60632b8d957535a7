"""Reads the streets that cars may use out of an OpenStreetMap extract, with pyosmium."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matching_service.domain.street_tags import Street, TurnRule, blocks_cars, is_signal, street_of, turn_kind


class MapError(ValueError):
    """A map that cannot be used; the text names the file and the reason, for people."""


@dataclass(slots=True)
class OsmStreets:
    """What an extract says of streets. Points are (latitude, longitude) in degrees."""

    ways: list[tuple[int, Street, list[int]]] = field(default_factory=list[tuple[int, Street, list[int]]])
    """Id, use and the nodes of each way, in the way's own direction."""
    points: dict[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    signals: set[int] = field(default_factory=set[int])
    barriers: set[int] = field(default_factory=set[int])
    turns: list[TurnRule] = field(default_factory=list[TurnRule])
    skipped_ways: int = 0
    """Ways that cars may use, of which the extract holds fewer than two nodes."""


def read_streets(path: Path) -> OsmStreets:
    """Read an extract (.osm.pbf, .osm, .osm.gz ...). Raises MapError."""
    import osmium  # noqa: PLC0415 (only who builds a map needs it)
    from osmium.filter import KeyFilter  # noqa: PLC0415

    if not path.is_file():
        raise MapError(f"{path}: there is no such file")
    streets = OsmStreets()
    try:
        # Nodes get their places before the filter drops those without a tag of interest.
        reader: Any = osmium.FileProcessor(str(path)).with_locations()
        for found in reader.with_filter(KeyFilter("highway", "barrier", "restriction", "restriction:motorcar")):
            if found.is_node():
                _take_node(streets, found)
            elif found.is_way():
                _take_way(streets, found)
            elif found.is_relation():
                _take_relation(streets, found)
    except RuntimeError as error:  # libosmium's one kind of error: broken, cut off, of an unknown format
        raise MapError(f"{path}: cannot be read as OpenStreetMap data: {error}") from error
    if not streets.ways:
        raise MapError(f"{path}: holds no street that a car may use")
    return streets


def _take_node(streets: OsmStreets, node: Any) -> None:
    tags = {tag.k: tag.v for tag in node.tags}
    if is_signal(tags):
        streets.signals.add(node.id)
    if blocks_cars(tags):
        streets.barriers.add(node.id)


def _take_way(streets: OsmStreets, way: Any) -> None:
    if "highway" not in way.tags:
        return
    street = street_of({tag.k: tag.v for tag in way.tags})
    if street is None:
        return
    nodes: list[int] = []
    for node in way.nodes:
        # An extract is cut at its border: nodes beyond it are named, and their places are not there.
        if node.location.valid() and not (nodes and nodes[-1] == node.ref):
            nodes.append(node.ref)
            streets.points[node.ref] = (node.location.lat, node.location.lon)
    if len(nodes) < 2:
        streets.skipped_ways += 1
        return
    streets.ways.append((way.id, street, nodes))


def _take_relation(streets: OsmStreets, relation: Any) -> None:
    tags = {tag.k: tag.v for tag in relation.tags}
    if not tags.get("type", "").startswith("restriction"):
        return
    only = turn_kind(tags)
    members: dict[str, list[tuple[str, int]]] = {}
    for member in relation.members:
        members.setdefault(member.role, []).append((member.type, member.ref))
    if only is None or any(len(members.get(role, ())) != 1 for role in ("from", "via", "to")):
        return  # no such restriction for cars, or one by way of another way, which this graph cannot hold
    (from_kind, from_way), (via_kind, via), (to_kind, to_way) = (members[role][0] for role in ("from", "via", "to"))
    if (from_kind, via_kind, to_kind) == ("w", "n", "w"):
        streets.turns.append(TurnRule(from_way, via, to_way, only))
