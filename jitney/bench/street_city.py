"""The service in a city with a street map, at its fullest: where people stand, and what the best choice costs there.

The map is Manhattan's whole street graph with the travel times of a Friday at six in the evening; where the data is not
at hand, a grid of as many crossings, each direction of each street with a pace of its own.
"""

import random
from dataclasses import replace
from typing import Any

from jitney.bench.evening_service import MatchingService, Policy, ReplayClock
from jitney.bench.manhattan import read_network
from jitney.bench.parts import matching
from jitney.bench.streets import NODES, grid_map
from jitney.stack.problems import StackError
from shared_kernel.geo import GeoPoint

_FRIDAY_EVENING = 4 * 24 + 18
_FREE_KMH = 25.0
_AREA_MARGIN_DEGREES = 0.02
_OFF_STREET_DEGREES = 0.0003
"""About 30 m: a pickup lies at a door, not at a crossing."""


def read_city_map() -> tuple[str, Any]:
    """Name the map, and read it."""
    import numpy as np

    try:
        network = read_network(_FREE_KMH)
    except StackError:
        return "a grid", grid_map(int(NODES**0.5))
    seconds = network.hourly_seconds[:, _FRIDAY_EVENING].astype(np.float32)
    return "Manhattan", replace(network.street_map, edge_seconds=seconds)


class CityStreets:
    """A city around a street map: its area, its travel times, and where people stand in it."""

    def __init__(self, street_map: Any, city: Any, beyond: Any) -> None:
        """Take the map, the policy to begin with, and who tells the time where the map ends."""
        street_eta = matching("adapters.street_eta")
        self.graph = matching("adapters.street_graph").StreetGraph(street_map)
        self.city = replace(city, service_area=_area_around(self.graph))
        self.horizon_seconds = matching("bootstrap.maps").HORIZON_CAPS * city.dispatch.pickup_eta_cap_seconds
        as_estimated = matching("domain.travel_times").as_estimated
        self.eta = street_eta.StreetEta(self.graph, beyond, as_estimated, street_eta.steady(self.horizon_seconds))
        self.search = matching("use_cases.search_streets").SearchStreets(
            matching("adapters.street_search").StreetSearch(self.graph, as_estimated)
        )

    def draw_points(self, count: int, chance: random.Random) -> list[GeoPoint]:
        """Places at doors near crossings, crowded around the middle of the map."""
        import numpy as np

        latitudes, longitudes = self.graph.latitude, self.graph.longitude
        ends = (float(latitudes.min()), float(latitudes.max()), float(longitudes.min()), float(longitudes.max()))
        drawn = np.array(
            [(chance.triangular(ends[0], ends[1]), chance.triangular(ends[2], ends[3])) for _ in range(count)]
        )
        places, _ = self.graph.nearest(*drawn.T)
        off = _OFF_STREET_DEGREES
        return [
            GeoPoint(
                float(latitudes[place]) + chance.uniform(-off, off),
                float(longitudes[place]) + chance.uniform(-off, off),
            )
            for place in places.tolist()
        ]

    def all_seconds(self, seekers: Any, drivers: Any) -> Any:
        """Seconds of every pair, as `StreetEta` tells them: one search backwards from each pickup."""
        import numpy as np
        from scipy.sparse.csgraph import dijkstra

        street_eta = matching("adapters.street_eta")
        ends, end_meters = self.graph.nearest(*_degrees([seeker.pickup for seeker in seekers]).T)
        origins, origin_meters = self.graph.nearest(*_degrees(drivers).T)
        names, row = np.unique(self.graph.map.arrival_node[ends], return_inverse=True)
        table = dijkstra(self.graph.forward.T.tocsr(), indices=names, limit=self.horizon_seconds)
        seconds = table[row][:, origins].clip(max=self.horizon_seconds)
        for meters in (end_meters[:, None], origin_meters[None, :]):
            seconds += (meters - street_eta.CURB_METERS).clip(0) / street_eta.CURB_METERS_PER_SECOND
        return np.ceil(seconds).clip(1)


class StreetService(MatchingService):
    """The use cases of `MatchingService` with travel times by the streets of a map, in a city around that map."""

    streets: CityStreets

    def __init__(self, street_map: Any, database: Any, redis: Any, clock: ReplayClock, policy: Policy) -> None:
        self._street_map = street_map
        super().__init__(database, redis, clock, policy)

    def _make_stores(self, redis: Any) -> None:
        super()._make_stores(redis)
        self.streets = CityStreets(self._street_map, self.city, self.eta)
        self.city, self.eta, self.search_streets = self.streets.city, self.streets.eta, self.streets.search
        self.cities = matching("adapters.fixed_cities").FixedCities(self.city)


def _degrees(points: Any) -> Any:
    import numpy as np

    return np.array([(point.latitude, point.longitude) for point in points])


def _area_around(graph: Any) -> Any:
    south, north = float(graph.latitude.min()), float(graph.latitude.max())
    west, east = float(graph.longitude.min()), float(graph.longitude.max())
    margin = _AREA_MARGIN_DEGREES
    corners = ((south - margin, west - margin), (south - margin, east + margin))
    corners += ((north + margin, east + margin), (north + margin, west - margin))
    return matching("domain.zones").ServiceArea(tuple(GeoPoint(*corner) for corner in corners))
