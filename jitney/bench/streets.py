"""What dispatch asks the streets at a tick: times of many pairs of drivers and pickups at once.

The figure is the whole question as dispatch asks it, 1,000 rides with the 16 nearest of 20,000 drivers each: places
snapped to nodes, searches, seconds in the order of the legs, on a graph of as many nodes as Manhattan has. The limit is
the bare searches of scipy, one for each pickup, no farther than its own farthest candidate: known only afterwards.
Times are of the CPU, all threads together: what others do on the machine does not count.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from jitney.bench.data import data_file
from jitney.bench.result import Detail, Promise, Result, median
from jitney.stack.problems import StackError

TARGET_MILLIS = 100.0
"""A third of what a tick may take in all."""
NODES = 4_096
CANDIDATES = 16
_BLOCK_METERS = 100.0
_CENTER = (40.75, -73.98)
_DEGREE_METERS = 111_195.0


def measure_streets(rounds: int, growth_to: int, say: Callable[[str], None]) -> Result:
    """Asks grids of several sizes; builds and loads a map of the real streets where the extract is there."""
    details: list[Detail] = []

    def note(what: str, value: float, unit: str) -> float:
        details.append(Detail(what, value, unit))
        say(f"{what}: {value:,.4g} {unit}")
        return value

    sides = sorted({NODES, *(size for size in (25_600, 100_000, 400_000, 1_600_000) if size <= growth_to)})
    value = limit = few = 0.0
    for nodes in sides:
        city = _City(nodes)
        asked = note(f"1,000 rides x 16 of 20,000 drivers, {nodes:,} nodes", city.ask(1_000, 20_000, rounds), "CPU ms")
        small = note(f"50 rides x 16 of 500 drivers, {nodes:,} nodes", city.ask(50, 500, rounds), "CPU ms")
        if nodes == NODES:
            value, few, limit = asked, small, note("bare searches of the 1,000 rides", city.bare(rounds), "CPU ms")
        note(f"a way with its line, {nodes:,} nodes", city.route(rounds), "CPU ms")
        note(f"nodes of 16,000 places, {nodes:,} nodes", city.snap(16_000, rounds), "CPU ms")
    for what, number, unit in _real_map():
        note(what, number, unit)
    return Result(
        name="streets",
        value=value,
        unit="ms of CPU",
        limit=limit,
        target=TARGET_MILLIS,
        details=details,
        also=[Promise("50 rides x 500 drivers, ms", few, most=10.0)],
    )


class _City:
    """A square grid of streets, each direction of each with a pace of its own, and people in it."""

    def __init__(self, nodes: int) -> None:
        import numpy as np

        self.side = int(nodes**0.5)
        self.graph: Any = import_module("matching_service.adapters.street_graph").StreetGraph(grid_map(self.side))
        eta = import_module("matching_service.domain.eta")
        city = import_module("matching_service.domain.city")
        times = import_module("matching_service.domain.travel_times")
        circle = eta.CrowFliesEta(city.TravelPolicy(1.2, 19.9))
        street_eta = import_module("matching_service.adapters.street_eta")
        self.eta: Any = street_eta.StreetEta(self.graph, circle, times.as_estimated, street_eta.steady(1_500.0))
        self.point = import_module("shared_kernel.geo").GeoPoint
        self.chance = np.random.default_rng(7)

    def ask(self, rides: int, drivers: int, rounds: int) -> float:
        """CPU milliseconds of the question; the people stand elsewhere each time, as they do each tick."""
        from scipy.spatial import KDTree

        def one() -> float:
            pickups, cars = self._places(rides), self._places(drivers)
            near: Any = KDTree(cars).query(pickups, k=CANDIDATES)[1]
            points = [self.point(*place) for place in cars.tolist()]
            ends = [self.point(*place) for place in pickups.tolist()]
            legs = [(points[car], ends[ride]) for ride, row in enumerate(near.tolist()) for car in row]
            began = time.process_time()
            told = asyncio.run(self.eta.seconds(legs))
            taken = time.process_time() - began
            if len(told) != rides * CANDIDATES:
                raise StackError("Not every leg was answered.")
            return taken

        one()
        return _millis([one() for _ in range(rounds)])

    def bare(self, rounds: int) -> float:
        """CPU milliseconds of one search for each of 1,000 pickups, each just as far as its candidates are."""
        import numpy as np
        from scipy.sparse.csgraph import dijkstra
        from scipy.spatial import KDTree

        pickups, cars = self._places(1_000), self._places(20_000)
        _, near = KDTree(cars).query(pickups, k=CANDIDATES)
        ends, _ = self.graph.nearest(*pickups.T)
        origins, _ = self.graph.nearest(*cars[near].reshape(-1, 2).T)
        farthest = self.graph.times(origins, np.repeat(ends, CANDIDATES), 7_200.0).reshape(-1, CANDIDATES).max(axis=1)
        names, first = np.unique(ends, return_index=True)
        reverse = self.graph.forward.T.tocsr()

        def one() -> float:
            began = time.process_time()
            for some in np.array_split(np.argsort(farthest[first]), 8):
                dijkstra(reverse, indices=names[some], limit=float(farthest[first][some].max()))
            return time.process_time() - began

        return _millis([one() for _ in range(rounds)])

    def route(self, rounds: int) -> float:
        """CPU milliseconds of a way between two places somewhere in the city."""

        def one() -> float:
            origin, destination = (self.point(*place) for place in self._places(2).tolist())
            began = time.process_time()
            asyncio.run(self.eta.trip(origin, destination))
            return time.process_time() - began

        return _millis([one() for _ in range(rounds)])

    def snap(self, places: int, rounds: int) -> float:
        """CPU milliseconds of finding the nodes of so many places."""

        def one() -> float:
            found = self._places(places)
            began = time.process_time()
            self.graph.nearest(*found.T)
            return time.process_time() - began

        return _millis([one() for _ in range(rounds)])

    def _places(self, count: int) -> Any:
        """Rows of (latitude, longitude) in the city."""
        import numpy as np

        reach = self.side * _BLOCK_METERS / _DEGREE_METERS
        return np.array(_CENTER) + self.chance.uniform(0, reach, (count, 2)) / [1.0, np.cos(np.radians(_CENTER[0]))]


def grid_map(side: int) -> Any:
    """A square grid of streets, each direction of each with a pace of its own."""
    import numpy as np

    maps = import_module("matching_service.adapters.street_map")
    number = np.arange(side * side).reshape(side, side)
    pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    source = np.concatenate([end.ravel() for a, b in pairs for end in (a, b)])
    target = np.concatenate([end.ravel() for a, b in pairs for end in (b, a)])
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    row, column = np.divmod(np.arange(side * side), side)
    step = _BLOCK_METERS / _DEGREE_METERS * maps.DEGREE
    middle = np.cos(np.radians(_CENTER[0]))
    nothing = np.zeros(0, dtype=np.int32)
    return maps.StreetMap(
        places=side * side,
        node_latitude=(_CENTER[0] * maps.DEGREE + row * step).astype(np.int32),
        node_longitude=(_CENTER[1] * maps.DEGREE + column * step / middle).astype(np.int32),
        arrival_node=np.arange(side * side, dtype=np.int32),
        first_edge=np.r_[0, np.cumsum(np.bincount(source, minlength=side * side))].astype(np.int32),
        edge_target=target.astype(np.int32),
        edge_meters=np.full(len(target), _BLOCK_METERS, dtype=np.float32),
        edge_seconds=np.random.default_rng(1).uniform(8, 25, len(target)).astype(np.float32),
        first_shape=np.zeros(len(target) + 1, dtype=np.int32),
        shape_latitude=nothing,
        shape_longitude=nothing,
    )


def _real_map() -> Sequence[tuple[str, float, str]]:
    """Building Midtown Manhattan's map by the command, loading it, and what it takes of memory; nothing without it."""
    try:
        source = data_file("osm/manhattan.osm.pbf")
    except StackError:
        return []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "manhattan.map"
        command = [sys.executable, "-m", "matching_service", "map", "build", str(source), "--out", str(target)]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        built = time.perf_counter() - began
        script = (
            "import sys,time,psutil,numpy,scipy.sparse.csgraph,scipy.spatial;from pathlib import Path;"
            "from matching_service.adapters.street_graph import StreetGraph;"
            "from matching_service.adapters.street_map import load_map;"
            "own=psutil.Process();before=own.memory_info().rss;began=time.perf_counter();"
            "graph=StreetGraph(load_map(Path(sys.argv[1])));taken=time.perf_counter()-began;"
            "print(taken,own.memory_info().rss-before,len(graph.latitude))"
        )
        done = subprocess.run([sys.executable, "-c", script, str(target)], check=True, capture_output=True, text=True)
        loaded, memory, nodes = map(float, done.stdout.split())
        return [
            ("Midtown Manhattan's map built, the process included", built, "s"),
            (f"the same loaded and made ready, {nodes:,.0f} nodes", loaded * 1_000, "ms"),
            ("its memory", memory / 1e6, "MB"),
            ("its file", target.stat().st_size / 1e6, "MB"),
        ]


def _millis(seconds: Sequence[float]) -> float:
    return 1_000 * median(seconds)
