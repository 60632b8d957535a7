"""Areas and lines on the map: where a city serves, its zones, the gates that a trip passes, and plain boxes.

Geometry is flat, in degrees: over a city the error is far below the width of a street.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, Self

from shared_kernel.geo import GeoPoint, Located


class Bounds(NamedTuple):
    """A box on the map, in degrees."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def around(cls, points: Sequence[Located]) -> Self:
        """Return the smallest box that holds all of these."""
        latitudes, longitudes = [point.latitude for point in points], [point.longitude for point in points]
        return cls(min(latitudes), min(longitudes), max(latitudes), max(longitudes))

    def holds(self, point: Located) -> bool:
        """Whether a point lies in the box, or on its border."""
        return self.south <= point.latitude <= self.north and self.west <= point.longitude <= self.east

    def legs_near(self, line: Sequence[GeoPoint]) -> list[tuple[GeoPoint, GeoPoint]]:
        """Return the legs of a line that may meet the box: none of the others does."""
        return [
            (one, other)
            for one, other in pairwise(line)
            if (one.latitude >= self.south or other.latitude >= self.south)
            and (one.latitude <= self.north or other.latitude <= self.north)
            and (one.longitude >= self.west or other.longitude >= self.west)
            and (one.longitude <= self.east or other.longitude <= self.east)
        ]


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """A simple polygon on the map; its last corner joins the first. It may not cross the 180th meridian."""

    corners: tuple[GeoPoint, ...]
    _bounds: Bounds = field(init=False, repr=False, compare=False)
    """A way has thousands of points and a coast thousands of corners: what is far from it is told by its box alone."""

    def __post_init__(self) -> None:
        if len(self.corners) < 3:
            raise ValueError("a service area has three corners or more")
        object.__setattr__(self, "_bounds", Bounds.around(self.corners))

    def contains(self, point: Located) -> bool:
        """Whether a point lies inside, by counting the edges a ray to the east crosses (even-odd rule)."""
        if not self._bounds.holds(point):
            return False
        inside = False
        before = self.corners[-1]
        for corner in self.corners:
            if (corner.latitude > point.latitude) != (before.latitude > point.latitude):
                share = (point.latitude - before.latitude) / (corner.latitude - before.latitude)
                if point.longitude < before.longitude + share * (corner.longitude - before.longitude):
                    inside = not inside
            before = corner
        return inside

    def is_touched_by(self, line: Sequence[GeoPoint]) -> bool:
        """Whether a line begins, ends, turns or passes inside."""
        if any(self.contains(point) for point in line):
            return True
        edges = [(self.corners[index - 1], corner) for index, corner in enumerate(self.corners)]
        return any(_crosses(*leg, *edge) != 0 for leg in self._bounds.legs_near(line) for edge in edges)


@dataclass(frozen=True, slots=True)
class Gate:
    """A line across a road or a bridge, from one point to another.

    One way, it counts trips alone that come from its left, as seen from `start` to `end`.
    """

    start: GeoPoint
    end: GeoPoint
    one_way: bool

    def is_passed_by(self, line: Sequence[GeoPoint]) -> bool:
        """Whether a line passes it, at least once, in a direction that counts."""
        legs = Bounds.around((self.start, self.end)).legs_near(line)
        sides = [_crosses(*leg, self.start, self.end) for leg in legs]
        return 1 in sides or (not self.one_way and -1 in sides)


def _crosses(one: GeoPoint, other: GeoPoint, start: GeoPoint, end: GeoPoint) -> int:
    """Return 1 where the way from one point to the other crosses the segment from its left, -1 from its right, else 0.

    A point on the segment's line counts as right of it, so that a way that touches the line crosses it once at most.
    """
    from_left = _is_left(start, end, one)
    if from_left == _is_left(start, end, other) or _is_left(one, other, start) == _is_left(one, other, end):
        return 0
    return 1 if from_left else -1


def _is_left(start: GeoPoint, end: GeoPoint, point: GeoPoint) -> bool:
    return (end.longitude - start.longitude) * (point.latitude - start.latitude) > (end.latitude - start.latitude) * (
        point.longitude - start.longitude
    )
