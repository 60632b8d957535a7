"""The streets of Manhattan with a travel time an hour, and real taxi trips on them."""

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from math import atan, degrees, exp, pi
from pathlib import Path
from typing import Any, NamedTuple

from jitney.bench.data import data_file

_WEEKS = ("week", "sat", "sun")
_MERCATOR_METERS = 6_378_137.0


class TaxiTrip(NamedTuple):
    """A trip; the hour is of the week by the city's clock."""

    hour: int
    seconds: float
    origin: tuple[float, float]
    """(latitude, longitude) in degrees."""
    destination: tuple[float, float]


class HourlyNetwork(NamedTuple):
    """A street map without traffic, and the travel time of each of its edges at each hour of the week."""

    street_map: Any
    hourly_seconds: Any
    """An array of edges x 168."""


def read_network(kilometers_an_hour: float) -> HourlyNetwork:
    """The graph; without traffic every street is driven at the speed that is given."""
    import numpy as np

    maps = import_module("matching_service.adapters.street_map")
    points = np.loadtxt(data_file("manhattan/points.csv"), delimiter=",")[:, 1:]
    ends = np.loadtxt(data_file("manhattan/edges.csv"), delimiter=",", dtype=int)[:, 1:] - 1
    by_day = [np.loadtxt(data_file(f"manhattan/{name}.csv.gz"), delimiter=",")[:, 1:] for name in _WEEKS]
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    order = order[np.r_[True, np.any(np.diff(ends[order], axis=0), axis=1)]]  # of parallel edges the first
    ends = ends[order]
    hourly = np.concatenate([*([by_day[0][order]] * 5), by_day[1][order], by_day[2][order]], axis=1)
    meters = _meters(points[ends[:, 0]], points[ends[:, 1]]).clip(1.0)
    nothing = np.zeros(0, dtype=np.int32)
    street_map = maps.StreetMap(
        places=len(points),
        node_latitude=np.rint(points[:, 0] * maps.DEGREE).astype(np.int32),
        node_longitude=np.rint(points[:, 1] * maps.DEGREE).astype(np.int32),
        arrival_node=np.arange(len(points), dtype=np.int32),
        first_edge=np.r_[0, np.cumsum(np.bincount(ends[:, 0], minlength=len(points)))].astype(np.int32),
        edge_target=ends[:, 1].astype(np.int32),
        edge_meters=meters.astype(np.float32),
        edge_seconds=(meters / (kilometers_an_hour / 3.6)).astype(np.float32),
        first_shape=np.zeros(len(ends) + 1, dtype=np.int32),
        shape_latitude=nothing,
        shape_longitude=nothing,
    )
    return HourlyNetwork(street_map, hourly.clip(0.1))


def read_trips() -> list[TaxiTrip]:
    """All trips of the two samples, those that cannot be among them."""
    return [
        *_sample("manhattan/taxivis_sample_trip_data_2013-01.csv.gz", _taxivis),
        *_sample("manhattan/yellow_2015-01_sample_webmercator.csv.gz", _yellow),
    ]


def _sample(name: str, read: Any) -> Iterator[TaxiTrip]:
    with gzip.open(Path(data_file(name)), "rt") as file:
        yield from map(read, csv.DictReader(file))


def _taxivis(row: dict[str, str]) -> TaxiTrip:
    began = datetime.fromisoformat(row["pickup_datetime"])
    origin = (float(row["pickup_latitude"]), float(row["pickup_longitude"]))
    destination = (float(row["dropoff_latitude"]), float(row["dropoff_longitude"]))
    return TaxiTrip(began.weekday() * 24 + began.hour, float(row["trip_time_in_secs"]), origin, destination)


def _yellow(row: dict[str, str]) -> TaxiTrip:
    began, ended = (datetime.fromisoformat(row[f"tpep_{end}_datetime"]) for end in ("pickup", "dropoff"))
    origin = _from_mercator(float(row["pickup_x"]), float(row["pickup_y"]))
    destination = _from_mercator(float(row["dropoff_x"]), float(row["dropoff_y"]))
    return TaxiTrip(began.weekday() * 24 + began.hour, (ended - began).total_seconds(), origin, destination)


def _from_mercator(x: float, y: float) -> tuple[float, float]:
    return degrees(2 * atan(exp(y / _MERCATOR_METERS)) - pi / 2), degrees(x / _MERCATOR_METERS)


def _meters(origins: Any, destinations: Any) -> Any:
    """Flat distances; Manhattan is small."""
    import numpy as np

    scale = np.cos(np.radians(40.75))
    return np.hypot(*((origins - destinations) * [1.0, scale]).T) * 111_195.0
