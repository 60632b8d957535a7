"""How wrong travel times are, on real taxi trips that taught them nothing.

San Francisco: what trips teach the great circle; of ten days the newest 20,000 of the first seven teach, as in the
service, and the last three judge.
Manhattan: the great circle and the streets, each as estimated and as taught by every other trip. Beside them stands a
network of the same streets whose every edge has a travel time of its own for each hour, learned by others from millions
of trips: taught by the same trips, it is the limit.
"""

import csv
import gzip
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from jitney.bench.data import data_file
from jitney.bench.manhattan import HourlyNetwork, TaxiTrip, read_network, read_trips
from jitney.bench.result import Detail, Promise, Result

TARGET_PERCENT = 30.0
"""What networks with hourly times are known to err on these trips."""
STREET_KMH = 25.0
"""Of every street, as untagged residential ones are driven: the graph has no classes."""
_DAYS_THAT_TEACH = 7
_LOCAL_SECONDS = -7 * 3600
"""Of San Francisco in May, against UTC."""
_NEAR_METERS = 150.0

Trips = Sequence[Any]
"""DrivenTrip each: hour, estimate without traffic, measured seconds."""


def measure_eta(say: Callable[[str], None]) -> Result:
    """Reads the trips, teaches, judges."""
    details: list[Detail] = []

    def note(what: str, percent: float) -> float:
        details.append(Detail(what, percent, "%"))
        say(f"{what}: {percent:.1f} %")
        return percent

    first, last = _split_by_day(_san_francisco())
    fixed = note("San Francisco, great circle, fixed", _error(None, last))
    taught = note("San Francisco, great circle, taught", _error(first, last))
    network, trips = read_network(STREET_KMH), read_trips()
    circle, street, hourly = _manhattan(network, trips)
    note("Manhattan, great circle, fixed", _error(None, circle[1::2]))
    note("Manhattan, great circle, taught", _error(circle[::2], circle[1::2]))
    note("Manhattan, streets, as estimated", _error(None, street[1::2]))
    value = note("Manhattan, streets, taught", _error(street[::2], street[1::2]))
    for count in (250, 1_000, 4_000):
        note(f"Manhattan, streets, taught by {count} trips", _error(street[::2][:count], street[1::2]))
    note("Manhattan, network of hourly times, as it is", _error(None, hourly[1::2]))
    limit = note("Manhattan, network of hourly times, taught", _error(hourly[::2], hourly[1::2]))
    return Result(
        name="eta",
        value=value,
        unit="%",
        limit=limit,
        target=TARGET_PERCENT,
        details=details,
        also=[Promise("San Francisco, taught / fixed", taught / fixed, most=0.95)],
    )


def _error(teachers: Trips | None, judges: Trips) -> float:
    """Mean of |told - measured| / measured in percent; as estimated, where nobody teaches."""
    learned = import_module("matching_service.domain.learned_times")
    lesson = None if teachers is None else learned.learn(teachers, learned.UNTAUGHT)
    times = learned.UNTAUGHT if lesson is None else lesson.times
    return 100 * float(learned.mean_error(times, judges))


def _san_francisco() -> list[tuple[float, Any]]:
    """Pickup times and trips, those that are too short or too long to be trips left out."""
    driven_trip = import_module("matching_service.domain.learned_times").DrivenTrip
    meters = import_module("shared_kernel.geo")
    per_meter = 1.2 / (19.9 / 3.6)
    found: list[tuple[float, Any]] = []
    with gzip.open(data_file("sf_taxi/trips.csv.gz"), "rt") as file:
        for row in csv.DictReader(file):
            began, seconds = float(row["pickup_ts"]), float(row["dur_s"])
            origin = meters.GeoPoint(float(row["pickup_lat"]), float(row["pickup_lon"]))
            destination = meters.GeoPoint(float(row["dropoff_lat"]), float(row["dropoff_lon"]))
            away = meters.haversine_meters(origin, destination)
            if away > 200 and 60 < seconds < 7_200:
                local_hours = int(began + _LOCAL_SECONDS) // 3600
                hour = (local_hours + 3 * 24) % 168  # the epoch was a Thursday
                found.append((began, driven_trip(hour, away * per_meter, seconds)))
    return found


def _split_by_day(found: list[tuple[float, Any]]) -> tuple[Trips, Trips]:
    found.sort(key=lambda each: each[0])
    ends = found[0][0] + _DAYS_THAT_TEACH * 86_400
    newest = import_module("matching_service.use_cases.learn_travel_times").MAX_TRIPS
    teach = [trip for began, trip in found if began < ends]
    return teach[-newest:], [trip for began, trip in found if began >= ends]


def _manhattan(network: HourlyNetwork, trips: Sequence[TaxiTrip]) -> tuple[Trips, Trips, Trips]:
    """The trips that begin and end on a street, as estimated by the circle, the streets, and the network's own hour."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    driven_trip = import_module("matching_service.domain.learned_times").DrivenTrip
    geo = import_module("shared_kernel.geo")
    graph = import_module("matching_service.adapters.street_graph").StreetGraph(network.street_map)
    origins, origin_meters = graph.nearest(*np.array([trip.origin for trip in trips]).T)
    ends, end_meters = graph.nearest(*np.array([trip.destination for trip in trips]).T)
    free = graph.times(origins, ends, 7_200.0)
    own = np.full(len(trips), np.inf)
    hours = np.array([trip.hour for trip in trips])
    for hour in np.unique(hours).tolist():
        some = np.flatnonzero(hours == hour)
        weights = (network.hourly_seconds[:, hour], network.street_map.edge_target, network.street_map.first_edge)
        names, row = np.unique(origins[some], return_inverse=True)
        table = dijkstra(csr_array(weights, shape=graph.forward.shape), indices=names)
        own[some] = table[row, ends[some]]
    estimates: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for index, trip in enumerate(trips):
        if max(origin_meters[index], end_meters[index]) > _NEAR_METERS or not np.isfinite(free[index] + own[index]):
            continue
        away = geo.haversine_meters(geo.GeoPoint(*trip.origin), geo.GeoPoint(*trip.destination))
        if away > 200 and 60 < trip.seconds < 7_200 and free[index] > 0 and own[index] > 0:
            for told, seconds in zip(estimates, (away * 1.2 / (19.9 / 3.6), free[index], own[index]), strict=True):
                told.append(driven_trip(trip.hour, float(seconds), trip.seconds))
    return estimates
