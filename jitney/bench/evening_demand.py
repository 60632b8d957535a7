"""Real evenings to replay: who asked for a ride when and where, and a fleet that just suffices.

The fleet is tight on purpose: with cars to spare any dispatch does well. It has 12 % more than driving all trips takes,
if each pickup costs 170 s; the cars begin where passengers got out that evening.
"""

import os
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from jitney.simulator.trips import SAN_FRANCISCO_SUMMER, Trip, TripsFileError, read_trips
from jitney.stack.problems import StackError
from shared_kernel.geo import GeoPoint

DAYS = tuple(f"2008-05-{day}" for day in range(17, 27))
FIRST_HOUR = 18
HOURS = 3
PICKUP_SECONDS = 170.0
"""What a pickup is taken to cost when the fleet is sized."""
FLEET_MARGIN = 1.12
MOVED_SECONDS = 600.0
_TRIPS = Path("sf_taxi") / "trips.csv.gz"


@dataclass(frozen=True)
class Evening:
    """Trips by time (seconds after its begin), and where the cars stand at the begin."""

    name: str
    begin: datetime
    trips: Sequence[Trip]
    cars: Sequence[GeoPoint]


def read_evening(day: str, *, minutes: float = HOURS * 60.0, seed: int = 1) -> Evening:
    """An evening of the taxi trips, from 18 h local on. Raises StackError where there is no such data."""
    start = datetime.fromisoformat(f"{day}T{FIRST_HOUR:02d}:00:00").replace(tzinfo=SAN_FRANCISCO_SUMMER)
    try:
        trips = read_trips(_trips_file(), start, minutes)
    except TripsFileError as error:
        raise StackError(str(error)) from error
    return Evening(day, start.astimezone(UTC), trips, _cars(trips, _fleet(trips, minutes * 60), seed))


def read_pooled_evening(
    days: Sequence[str], fleet: int, trips_per_second: float, *, minutes: float = HOURS * 60.0, seed: int = 1
) -> Evening:
    """The trips of several evenings as if they were one, and as dense as in a city of that size.

    Ten evenings together have three trips a second: what is missing is drawn from them, up to ten minutes earlier or
    later than it was.
    """
    evenings = [read_evening(day, minutes=minutes, seed=seed) for day in days]
    trips = [trip for evening in evenings for trip in evening.trips]
    chance, seconds = random.Random(seed), minutes * 60.0  # noqa: S311 (which trips are drawn is no secret)
    missing = max(0, round(trips_per_second * seconds) - len(trips))
    for trip in chance.choices(trips, k=missing):
        moved = trip.at_seconds + chance.uniform(-MOVED_SECONDS, MOVED_SECONDS)
        # Beyond an end it goes round to the other: no minute gets more than its share.
        trips.append(replace(trip, at_seconds=moved % seconds))
    trips.sort(key=lambda trip: trip.at_seconds)
    return Evening("pooled", evenings[0].begin, trips, _cars(trips, fleet, seed))


def _trips_file() -> Path:
    root = Path(os.environ.get("JITNEY_DATA", "../shared/data"))
    path = root / _TRIPS
    if not path.exists():
        raise StackError(f"{path} is not there: set JITNEY_DATA to the folder with the recorded trips.")
    return path


def _fleet(trips: Sequence[Trip], seconds: float) -> int:
    duration = statistics.fmean(trip.trip_seconds for trip in trips)
    return int(len(trips) / seconds * (duration + PICKUP_SECONDS) * FLEET_MARGIN)


def _cars(trips: Sequence[Trip], fleet: int, seed: int) -> list[GeoPoint]:
    chance = random.Random(seed)  # noqa: S311 (where cars stand is no secret)
    return [chance.choice(trips).dropoff for _ in range(fleet)]
