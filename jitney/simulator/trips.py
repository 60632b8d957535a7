"""Trips to replay: a CSV of real taxi trips, read strictly.

Columns: `pickup_ts`, `dropoff_ts` (unix seconds), `pickup_lat`, `pickup_lon`, `dropoff_lat`, `dropoff_lon` (degrees)
and, when there, `dur_s` (seconds in the vehicle). Other columns are left alone. A `.gz` file is unpacked.
"""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from shared_kernel.errors import InvalidInput
from shared_kernel.geo import GeoPoint

SAN_FRANCISCO_SUMMER = timezone(timedelta(hours=-7))
_NEEDED = ("pickup_ts", "dropoff_ts", "pickup_lat", "pickup_lon", "dropoff_lat", "dropoff_lon")
_LONGEST_TRIP_SECONDS = 6 * 3600
_MAX_BROKEN_ROWS = 20


class TripsFileError(Exception):
    """The trips file cannot be used; says which file and line, and why."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip somebody will ask for: when (seconds after the window's start), from where to where, how long it takes."""

    at_seconds: float
    pickup: GeoPoint
    dropoff: GeoPoint
    trip_seconds: float


def read_trips(path: Path, start: datetime, minutes: float) -> list[Trip]:
    """Return the trips picked up in a window, by time.

    Args:
        path: the file, plain or gzip.
        start: the window's start; without a zone it is meant in San Francisco's summer time, as the file's readme says.
        minutes: the window's length.

    Raises:
        TripsFileError: names the file and line of each broken row (the first 20), or says that the window is empty.
    """
    begin = (start if start.tzinfo else start.replace(tzinfo=SAN_FRANCISCO_SUMMER)).timestamp()
    try:
        with (
            gzip.open(path, "rt", newline="", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(newline="", encoding="utf-8") as file
        ):
            trips = sorted(_rows(file, path, begin, begin + minutes * 60), key=lambda trip: trip.at_seconds)
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise TripsFileError(f"{path}: cannot be read: {error}") from error
    if not trips:
        raise TripsFileError(f"{path}: no trip is picked up within {minutes:g} minutes of {start.isoformat()}")
    return trips


def _rows(file: Iterable[str], path: Path, begin: float, end: float) -> Iterable[Trip]:
    reader = csv.DictReader(file, strict=True)
    broken: list[str] = []
    try:
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise TripsFileError(f"{path}:1: the header lacks {', '.join(missing)}")
        for row in reader:
            try:
                trip = _read(row, begin)
            except ValueError as error:
                broken.append(f"{path}:{reader.line_num}: {error}")
                if len(broken) == _MAX_BROKEN_ROWS:
                    break
            else:
                if 0 <= trip.at_seconds < end - begin:
                    yield trip
    except csv.Error as error:
        # The reader counts a line once it has understood it.
        broken.append(f"{path}:{reader.line_num + 1}: {error}")
    if broken:
        raise TripsFileError("\n".join(broken))


def _read(row: Mapping[str, str | None], begin: float) -> Trip:
    if None in row:
        raise ValueError("the row has more cells than the header")
    numbers = {name: _number(row, name) for name in _NEEDED}
    trip_seconds = _number(row, "dur_s") if row.get("dur_s") else numbers["dropoff_ts"] - numbers["pickup_ts"]
    if not 0 < trip_seconds <= _LONGEST_TRIP_SECONDS:
        raise ValueError(f"a trip of {trip_seconds:g} s is not one (more than 0, at most {_LONGEST_TRIP_SECONDS})")
    return Trip(
        at_seconds=numbers["pickup_ts"] - begin,
        pickup=_point(numbers, "pickup"),
        dropoff=_point(numbers, "dropoff"),
        trip_seconds=trip_seconds,
    )


def _point(numbers: Mapping[str, float], end: str) -> GeoPoint:
    try:
        return GeoPoint(numbers[f"{end}_lat"], numbers[f"{end}_lon"])
    except InvalidInput as error:
        # `latitude` is the column `pickup_lat`.
        told = "; ".join(f"{end}_{item.field[:3]} {item.description}" for item in error.violations)
        raise ValueError(told) from None


def _number(row: Mapping[str, str | None], name: str) -> float:
    text = row.get(name)
    if text is None:
        raise ValueError(f"{name} is missing: the row is too short")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is not a number: {text[:40]!r}")
    return number
