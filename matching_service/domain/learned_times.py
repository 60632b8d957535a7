"""Learning from completed trips what the hours of the week do to travel times.

A trip's measured time is compared with its estimate without traffic. The factor of an hour is the median of the trips
in that hour, drawn towards the same hour of like days, and that towards all trips, the more the fewer trips there are:
so an hour that hardly anybody rode in says what its like say, and one wild trip says nothing. (Shrinkage as in James
and Stein 1961; the medians are of logarithms, so that twice and half as long weigh alike.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import exp, log
from statistics import fmean, median
from typing import NamedTuple

from matching_service.domain.travel_times import Timing

HOURS = 168
"""Of a week; the first is Monday from 0 to 1 o'clock, by the city's clock."""
MIN_TRIPS = 200
"""With fewer nothing is learned: the estimate stands."""
STRENGTH_TRIPS = 20
"""So many trips of an hour weigh as much as all that is known of its like."""
MIN_SECONDS, MAX_SECONDS = 30.0, 3 * 3600.0
MAX_RATIO = 6.0
"""A trip that took this many times its estimate, or this part of it, went somewhere else on the way."""
_STARTS_SECONDS = range(0, 301, 20)
_HELD_OUT = 5
"""One trip in so many judges what the others taught."""
_MIN_FACTOR, _MAX_FACTOR = 0.2, 8.0


class DrivenTrip(NamedTuple):
    """A completed trip."""

    hour: int
    """Of the week, 0 to 167."""
    estimate_seconds: float
    """Without traffic."""
    driven_seconds: float
    """Measured."""


@dataclass(frozen=True, slots=True)
class TravelTimes:
    """What was learned: the timing of each hour of the week."""

    start_seconds: float
    factors: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.factors) != HOURS or not all(0 < factor < 100 for factor in self.factors):
            raise ValueError(f"travel times have {HOURS} factors above zero")
        if not 0 <= self.start_seconds <= 3600:
            raise ValueError("setting out takes no time below zero and no hour")

    def timing(self, hour: int) -> Timing:
        """Return the timing of an hour of the week."""
        return Timing(self.start_seconds, self.factors[hour])


UNTAUGHT = TravelTimes(0.0, (1.0,) * HOURS)
"""Nothing was learned: every estimate stands as it is."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What some trips taught, and how it fares with trips that were not among them, beside what was in force."""

    times: TravelTimes
    trips: int
    error_before: float
    """Mean of |estimate - measured| / measured on the trips held out, as told by what was in force."""
    error_after: float
    is_better: bool
    """Whether it is in force from now on: by the mean of |log(told / measured)|, which favors no direction of error."""


def hour_of_week(moment: datetime, zone: tzinfo) -> int:
    """Return the hour of the week by a city's clock."""
    local = moment.astimezone(zone)
    return local.weekday() * 24 + local.hour


def learn(trips: Sequence[DrivenTrip], in_force: TravelTimes) -> Lesson | None:
    """Learn from trips, in any order but that of their times; None when too few of them can be believed."""
    usable = [trip for trip in trips if _is_believed(trip)]
    if len(usable) < MIN_TRIPS:
        return None
    judges = usable[::_HELD_OUT]
    taught = _fit([trip for index, trip in enumerate(usable) if index % _HELD_OUT])
    is_better = _strangeness(taught, judges) <= _strangeness(in_force, judges)
    return Lesson(_fit(usable), len(usable), mean_error(in_force, judges), mean_error(taught, judges), is_better)


def mean_error(times: TravelTimes, trips: Sequence[DrivenTrip]) -> float:
    """Return the mean of |told - measured| / measured, as a share of one."""
    return fmean(abs(_told(times, trip) - trip.driven_seconds) / trip.driven_seconds for trip in trips)


def _is_believed(trip: DrivenTrip) -> bool:
    return (
        MIN_SECONDS <= trip.driven_seconds <= MAX_SECONDS
        and trip.estimate_seconds >= MIN_SECONDS / 3
        and 1 / MAX_RATIO <= trip.driven_seconds / trip.estimate_seconds <= MAX_RATIO
    )


def _fit(trips: Sequence[DrivenTrip]) -> TravelTimes:
    fits = (TravelTimes(float(start), _factors(trips, float(start))) for start in _STARTS_SECONDS)
    return min(fits, key=lambda times: _strangeness(times, trips))


def _factors(trips: Sequence[DrivenTrip], start_seconds: float) -> tuple[float, ...]:
    """Return the factor of each hour, if setting out takes so long."""
    timing = Timing(start_seconds)
    by_hour: dict[int, list[float]] = {}
    by_like_hour: dict[tuple[int, int], list[float]] = {}
    for trip in trips:
        stretch = log(timing.estimate_seconds(trip.driven_seconds) / trip.estimate_seconds)
        by_hour.setdefault(trip.hour, []).append(stretch)
        by_like_hour.setdefault(_like(trip.hour), []).append(stretch)
    of_all = median([stretch for some in by_hour.values() for stretch in some])
    of_like = {like: _drawn(some, of_all) for like, some in by_like_hour.items()}
    drawn = [_drawn(by_hour.get(hour, []), of_like.get(_like(hour), of_all)) for hour in range(HOURS)]
    return tuple(min(max(exp(stretch), _MIN_FACTOR), _MAX_FACTOR) for stretch in drawn)


def _drawn(stretches: Sequence[float], towards: float) -> float:
    """Return the median, drawn towards a value as if STRENGTH_TRIPS trips had told it."""
    if not stretches:
        return towards
    return (len(stretches) * median(stretches) + STRENGTH_TRIPS * towards) / (len(stretches) + STRENGTH_TRIPS)


def _like(hour: int) -> tuple[int, int]:
    """Name an hour's like: the same hour of a working day, of Saturdays, of Sundays."""
    day, hour_of_day = divmod(hour, 24)
    return max(day, 4), hour_of_day


def _strangeness(times: TravelTimes, trips: Sequence[DrivenTrip]) -> float:
    return fmean(abs(log(_told(times, trip) / trip.driven_seconds)) for trip in trips)


def _told(times: TravelTimes, trip: DrivenTrip) -> float:
    return times.timing(trip.hour).seconds(trip.estimate_seconds)
