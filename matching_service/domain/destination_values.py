"""What it is worth to be somewhere: how long drivers who get free at a place wait for their next passenger there.

A ride takes a driver from a place to its drop-off. Where that leads from a busy place to a quiet one the city loses a
driver for a while, and the other way round it wins one: the difference of the two waits is a term of a pair's cost. (As
in the dispatch of DiDi, Xu et al., KDD 2018, with seconds for earnings: the value of a place is what a driver who is
there may expect.)

The wait at a place is the mean over the drop-offs in its cell and quarter of the day, drawn towards the cell's mean of
all hours, and that towards the city's, the more the fewer drop-offs there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

QUARTER_HOURS = 6
QUARTERS = 24 // QUARTER_HOURS
MIN_DROPS = 200
"""With fewer nothing is learned: all places are alike."""
STRENGTH_DROPS = 20.0
"""So many drop-offs weigh as much as all that is known of a cell's surroundings."""
MOST_SECONDS = 300.0
"""No place counts as further from the mean than this: beyond it the figures are of few and odd rides."""
MOST_IDLE_SECONDS = 3_600.0
"""Who finds no passenger for longer was on a break or at home."""


class Place(NamedTuple):
    """A cell at a time of day; the first quarter begins at midnight by the city's clock."""

    cell: str
    quarter: int


class Drop(NamedTuple):
    """A drop-off, and how long it took until the same driver's next passenger got in."""

    place: Place
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class DestinationValues:
    """By how much longer than the city's mean drivers wait, by place; places that nobody knows are like the mean."""

    extra_idle_seconds: Mapping[Place, float] = field(default_factory=dict[Place, float])

    def __bool__(self) -> bool:
        return bool(self.extra_idle_seconds)

    def seconds(self, place: Place) -> float:
        """Return the extra wait at a place; below 0 where drivers are wanted."""
        return self.extra_idle_seconds.get(place, 0.0)


NO_VALUES = DestinationValues()


def quarter_of(hour: int) -> int:
    """Return the quarter of the day of an hour, 0 to 23."""
    return hour // QUARTER_HOURS


def learn_values(drops: Iterable[Drop]) -> DestinationValues:
    """Learn from a city's drop-offs; nothing from fewer than MIN_DROPS."""
    usable = [drop for drop in drops if 0 <= drop.idle_seconds <= MOST_IDLE_SECONDS]
    if len(usable) < MIN_DROPS:
        return NO_VALUES
    by_place: dict[Place, list[float]] = {}
    by_cell: dict[str, list[float]] = {}
    for drop in usable:
        by_place.setdefault(drop.place, []).append(drop.idle_seconds)
        by_cell.setdefault(drop.place.cell, []).append(drop.idle_seconds)
    of_city = fmean(drop.idle_seconds for drop in usable)
    extra: dict[Place, float] = {}
    for cell, waits in by_cell.items():
        of_cell = _drawn(waits, of_city)
        for quarter in range(QUARTERS):
            place = Place(cell, quarter)
            seconds = _drawn(by_place.get(place, []), of_cell) - of_city
            extra[place] = min(max(seconds, -MOST_SECONDS), MOST_SECONDS)
    return DestinationValues(extra)


def _drawn(waits: list[float], towards: float) -> float:
    return (sum(waits) + STRENGTH_DROPS * towards) / (len(waits) + STRENGTH_DROPS)
