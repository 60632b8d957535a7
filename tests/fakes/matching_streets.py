"""A small town that tests draw themselves, as an OpenStreetMap extract.

A ---- B ---- C        1,000 m from west to east, 500 m from north to south, all at 40 km/h where not said otherwise
|      |      |
D ---- E ---- F
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from osmium import SimpleWriter
from osmium.osm.mutable import Node, Relation, Way

from shared_kernel.geo import GeoPoint

NORTH, SOUTH = 0.0045, 0.0
"""500 m apart, at the equator, where a degree is 111,195 m in both directions."""
POINTS = {
    "A": GeoPoint(NORTH, 0.0),
    "B": GeoPoint(NORTH, 0.009),
    "C": GeoPoint(NORTH, 0.018),
    "D": GeoPoint(SOUTH, 0.0),
    "E": GeoPoint(SOUTH, 0.009),
    "F": GeoPoint(SOUTH, 0.018),
}
BLOCK_METERS, SIDE_METERS = 1000.755, 500.378
STREET = {"highway": "residential", "maxspeed": "50"}
"""Driven at 40 km/h: 90.07 s from A to B, 45.03 s from A to D."""
TOWN = {"north": "ABC", "south": "DEF", "west": "AD", "middle": "BE", "east": "CF"}


def write_town(
    path: Path,
    tags: Mapping[str, Mapping[str, str]] | None = None,
    *,
    streets: Mapping[str, str] = TOWN,
    nodes: Mapping[str, Mapping[str, str]] | None = None,
    turns: Sequence[tuple[str, str, str, str]] = (),
    origin: GeoPoint = POINTS["D"],
) -> Path:
    """Write the town.

    Args:
        path: the file to make; its ending says the format (.osm.pbf, .osm).
        tags: of streets, over those of STREET.
        streets: which points each street connects.
        nodes: tags of points.
        turns: restrictions as (kind, from street, via point, to street).
        origin: where D lies.
    """
    number = {name: index + 1 for index, name in enumerate(sorted(POINTS))}
    way_number = {name: 100 + index for index, name in enumerate(streets)}
    with SimpleWriter(str(path), overwrite=True) as writer:
        for name, point in sorted(POINTS.items()):
            place = (point.longitude + origin.longitude, point.latitude + origin.latitude)
            writer.add_node(Node(id=number[name], version=1, location=place, tags=dict((nodes or {}).get(name, {}))))
        for name, corners in streets.items():
            own = {**STREET, **(tags or {}).get(name, {})}
            writer.add_way(Way(id=way_number[name], version=1, nodes=[number[each] for each in corners], tags=own))
        for index, (kind, source, via, target) in enumerate(turns):
            members = [
                ("w", way_number[source], "from"),
                ("n", number[via], "via"),
                ("w", way_number[target], "to"),
            ]
            rule = {"type": "restriction", "restriction": kind}
            writer.add_relation(Relation(id=1000 + index, version=1, members=members, tags=rule))
    return path
