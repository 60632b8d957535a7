"""Questions to a street map: the nearest node, times of many pairs at once, and the way from one node to another.

Nothing here waits or locks, and scipy lets go of the interpreter's lock: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import cos, radians
from typing import Any, NamedTuple

from matching_service.adapters.street_map import DEGREE, Array, StreetMap
from shared_kernel.geo import EARTH_RADIUS_METERS

_METERS_PER_DEGREE = radians(1.0) * EARTH_RADIUS_METERS
_CELLS_A_CHUNK = 2_000_000
"""Bound of the table of times from some destinations to all nodes, which one search fills: 16 MB."""
_FIRST_LIMIT_SECONDS = 90.0
_DETOUR = 1.6
"""The first search goes so much farther than the mean pace would need; what it misses, the next one finds."""
_SMALL_MAP_NODES = 6_000
"""Up to here a search over all nodes is as quick as one over those near."""
_TILE_METERS_PER_SECOND = 15.0
"""A search looks as far around as one gets in its time at this speed: a way that leaves and comes back is not seen."""
_MAX_TILED_NODES = 2_000_000
"""Bound of the nodes in all tiles that are kept, about 100 MB."""


Degrees = Sequence[float] | Array
_Tile = tuple[Any, Array | None]
"""A graph against the direction of travel, and the numbers of its nodes, ascending; None for all of them."""


class Route(NamedTuple):
    """A way through the graph."""

    meters: float
    seconds: float
    """Without traffic."""
    points: list[tuple[float, float]]
    """(latitude, longitude) in degrees."""


class StreetGraph:
    """A map, ready to be asked."""

    def __init__(self, street_map: StreetMap) -> None:
        import numpy as np  # noqa: PLC0415 (half a second to import; only where a map is set)
        from scipy.sparse import csr_array  # noqa: PLC0415
        from scipy.spatial import KDTree  # noqa: PLC0415

        self.map = street_map
        nodes = len(street_map.node_latitude)
        self.latitude: Array = street_map.node_latitude / DEGREE
        self.longitude: Array = street_map.node_longitude / DEGREE
        self._scale = cos(radians(float(self.latitude.mean())))
        self.forward: Any = csr_array(
            (street_map.edge_seconds.astype(np.float64), street_map.edge_target, street_map.first_edge),
            shape=(nodes, nodes),
        )
        self._reverse: Any = self.forward.T.tocsr()
        places = street_map.places
        self._places: Array = self.flat(self.latitude, self.longitude)
        self._by_latitude: Array = self._places[:, 0].argsort()
        self._latitudes: Array = self._places[self._by_latitude, 0]
        self._height = float(np.ptp(self._places[:, 0]))
        self._tree: Any = KDTree(self._places[:places])
        self._tiles: dict[tuple[int, int, int], _Tile] = {}
        self._tiled = 0
        self.top_meters_per_second = float((street_map.edge_meters / street_map.edge_seconds).max(initial=1.0))
        self._mean_pace = float(street_map.edge_seconds.sum(dtype="f8") / street_map.edge_meters.sum(dtype="f8"))

    def nearest(self, latitudes: Degrees, longitudes: Degrees) -> tuple[Array, Array]:
        """Return for each point the nearest place and how many meters away it is."""
        meters, places = self._tree.query(self.flat(latitudes, longitudes))
        return places, meters

    def times(self, origins: Array, destinations: Array, limit_seconds: float) -> Array:
        """Return the seconds without traffic of each pair of places; infinite where it takes longer than the limit.

        One search backwards from each different destination, no farther than its own origins ask for: most are near
        by, so destinations go in groups by distance, and what a group's limit misses is tried again with twice it.
        """
        import numpy as np  # noqa: PLC0415

        found = np.full(len(origins), np.inf)
        crow = np.hypot(*(self._places[origins] - self._places[destinations]).T)
        guess = np.clip(crow * self._mean_pace * _DETOUR, _FIRST_LIMIT_SECONDS, None)
        open_pairs = np.arange(len(origins))
        rung = np.ceil(np.log2(guess / _FIRST_LIMIT_SECONDS)).clip(0).astype(int)
        while len(open_pairs):
            misses: list[Array] = []
            for level in np.unique(rung[open_pairs]).tolist():
                limit = min(_FIRST_LIMIT_SECONDS * 2.0**level, limit_seconds)
                group = open_pairs[rung[open_pairs] == level]
                found[group] = self._search(origins[group], destinations[group], limit)
                if limit < limit_seconds:
                    misses.append(group[np.isinf(found[group])])
            open_pairs = np.concatenate(misses) if misses else open_pairs[:0]
            rung[open_pairs] += 1
        return found

    def times_within(self, origins: Array, destinations: Array, limits_seconds: Array) -> Array:
        """Return as `times` does, each pair up to a limit of its own or some more.

        Limits are taken from a ladder, each rung twice the one below, so that the tiles of large maps are met again.
        """
        import numpy as np  # noqa: PLC0415

        found = np.full(len(origins), np.inf)
        rung = np.ceil(np.log2(limits_seconds / _FIRST_LIMIT_SECONDS)).clip(0).astype(int)
        for level in np.unique(rung).tolist():
            group = np.flatnonzero(rung == level)
            found[group] = self._search(origins[group], destinations[group], _FIRST_LIMIT_SECONDS * 2.0**level)
        return found

    def route(self, origin: int, destination: int) -> Route | None:
        """Return the quickest way without traffic; None when there is none."""
        import numpy as np  # noqa: PLC0415
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

        end = int(self.map.arrival_node[destination])
        seconds, before = dijkstra(self.forward, indices=origin, return_predecessors=True)
        if not np.isfinite(seconds[end]):
            return None
        path = [end]
        while path[-1] != origin:
            path.append(int(before[path[-1]]))
        path.reverse()
        return self._route(path, float(seconds[end]))

    def _search(self, origins: Array, destinations: Array, limit: float) -> Array:
        import numpy as np  # noqa: PLC0415
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

        seconds = np.empty(len(origins))
        ends = self.map.arrival_node[destinations]
        for (graph, names), pairs in self._parts(ends, limit):
            some, row = np.unique(ends[pairs], return_inverse=True)
            column = _places_in(names, origins[pairs])
            rows = max(1, _CELLS_A_CHUNK // graph.shape[0])
            for first in range(0, len(some), rows):
                table = dijkstra(graph, indices=_places_in(names, some[first : first + rows]), limit=limit)
                mine = np.flatnonzero((row >= first) & (row < first + rows))
                times = table[row[mine] - first, column[mine]]
                seconds[pairs[mine]] = np.where(column[mine] < 0, np.inf, times)
        return seconds

    def _parts(self, ends: Array, limit: float) -> list[tuple[_Tile, Array]]:
        """Split pairs by the neighborhood that their search needs."""
        import numpy as np  # noqa: PLC0415

        reach = limit * min(self.top_meters_per_second, _TILE_METERS_PER_SECOND)
        if len(self.latitude) <= _SMALL_MAP_NODES or reach * 2 >= self._height:
            return [((self._reverse, None), np.arange(len(ends)))]
        cells = np.floor(self._places[ends] / (2 * reach)).astype(np.int64)
        key = cells[:, 0] * (1 << 32) + cells[:, 1]
        order = np.argsort(key, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
        return [(self._tile(reach, cells[group[0]]), group) for group in groups]

    def _tile(self, reach: float, cell: Array) -> _Tile:
        """Return the graph of a square and what lies in reach around it; kept, as the next tick asks again."""
        name = (round(reach), int(cell[0]), int(cell[1]))
        tile = self._tiles.get(name)
        if tile is None:
            low, high = cell * 2 * reach - reach, (cell + 1) * 2 * reach + reach
            first, last = self._latitudes.searchsorted([low[0], high[0]])
            band = self._by_latitude[first:last]
            inside = (self._places[band, 1] >= low[1]) & (self._places[band, 1] <= high[1])
            names = band[inside]
            names.sort()
            if self._tiled + len(names) > _MAX_TILED_NODES:
                self._tiles, self._tiled = {}, 0
            tile = self._tiles[name] = (self._reverse[names][:, names], names)
            self._tiled += len(names)
        return tile

    def _route(self, path: list[int], seconds: float) -> Route:
        here = self.map
        meters = 0.0
        points = [self._point(path[0])]
        for source, target in pairwise(path):
            first, last = int(here.first_edge[source]), int(here.first_edge[source + 1])
            edge = first + int(here.edge_target[first:last].searchsorted(target))
            meters += float(here.edge_meters[edge])
            between = slice(int(here.first_shape[edge]), int(here.first_shape[edge + 1]))
            points += zip(
                (here.shape_latitude[between] / DEGREE).tolist(),
                (here.shape_longitude[between] / DEGREE).tolist(),
                strict=True,
            )
            if points[-1] != self._point(target):
                points.append(self._point(target))
        return Route(meters, seconds, points)

    def _point(self, node: int) -> tuple[float, float]:
        return float(self.latitude[node]), float(self.longitude[node])

    def flat(self, latitudes: Degrees, longitudes: Degrees) -> Array:
        """Return points on a flat map in meters, true in scale at the map's middle."""
        import numpy as np  # noqa: PLC0415

        return np.column_stack((latitudes, np.asarray(longitudes) * self._scale)) * _METERS_PER_DEGREE


def _places_in(names: Array | None, nodes: Array) -> Array:
    """Return where nodes are in a sorted list of some; -1 for those that are not in it."""
    import numpy as np  # noqa: PLC0415

    if names is None:
        return nodes
    place = names.searchsorted(nodes).clip(max=len(names) - 1)
    return np.where(names[place] == nodes, place, -1)
