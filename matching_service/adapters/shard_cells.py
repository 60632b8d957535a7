"""The shards: H3 cells of resolution 5, of about 260 km², a few a city.

h3 is imported when the first place is asked for: who only migrates does not need it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from math import ceil
from typing import Any, cast

from matching_service.domain.zones import Bounds
from shared_kernel.geo import GeoPoint

RESOLUTION = 5
_RING_METERS = 8_000
"""By how much, at the least, a ring of neighbors reaches beyond every place of a shard; cells differ in size, and in
San Francisco, where an edge is 9.8 km long, it is that."""
_MAX_RINGS = 5
_WIDE_DEGREES = 5.0


def shard_of(point: GeoPoint) -> str:
    """Return the shard that a place lies in: the cell's index in hexadecimal."""
    return shard_at(point.latitude, point.longitude)


def shard_at(latitude: float, longitude: float) -> str:
    """Do the same for bare degrees, of which there are tens of thousands a second."""
    return _cell_of()(latitude, longitude, RESOLUTION)


def with_halo(shards: Collection[str], reach_meters: float) -> frozenset[str]:
    """Return the shards and the neighbors in which somebody who is in reach of a place in them may stand."""
    rings = min(_MAX_RINGS, max(1, ceil(reach_meters / _RING_METERS)))
    return frozenset(cell for shard in shards for cell in _disk()(shard, rings))


def shards_within(box: Bounds) -> frozenset[str] | None:
    """Return the shards whose centers lie in a box, and those of its corners; None for a box wider than a country.

    Their neighbors (`with_halo`) hold what else of the box there is.
    """
    if box.north - box.south > _WIDE_DEGREES or box.east - box.west > _WIDE_DEGREES:
        return None
    corners = [(box.south, box.west), (box.south, box.east), (box.north, box.east), (box.north, box.west)]
    inside = cast("list[str]", _h3().h3shape_to_cells(_h3().LatLngPoly(corners), RESOLUTION))
    return frozenset({*inside, *(shard_at(*corner) for corner in corners)})


@cache
def _cell_of() -> Callable[[float, float, int], str]:
    return cast("Callable[[float, float, int], str]", _h3().latlng_to_cell)


@cache
def _disk() -> Callable[[str, int], list[str]]:
    return cast("Callable[[str, int], list[str]]", _h3().grid_disk)


@cache
def _h3() -> Any:
    import h3  # noqa: PLC0415 (see the module)

    return h3
