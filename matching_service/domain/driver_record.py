"""What a driver's shift has come to so far, and what of it counts when rides are given out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

MIN_ACTIVE_SECONDS = 900.0
"""Who came online later than that counts as if for so long: one ride in the first minutes makes nobody rich."""
EXPECTED_MISSED, EXPECTED_ASKED = 1.0, 10.0
"""A driver who was asked little is taken to miss one offer in ten, until their own answers outweigh it."""


class DriverRecord(NamedTuple):
    """A driver's open shift in figures."""

    earned_minor: int
    """The driver's own part of what rides driven to their end cost, in `currency_code`: fares, and the fee of a return;
    neither tips nor the fees of rides that did not take place."""
    currency_code: str | None
    """None before the first earning."""
    active_seconds: float
    """Online, breaks aside."""
    accepted: int
    missed: int
    """Offers that the driver declined or left unanswered."""

    @property
    def rate(self) -> float:
        """Earnings a second, in minor units."""
        return self.earned_minor / max(self.active_seconds, MIN_ACTIVE_SECONDS)


def mean_rates(records: Iterable[DriverRecord]) -> Mapping[str, float]:
    """Return the mean of all drivers' rates by currency; who has earned nothing yet counts in each, with nothing."""
    totals: dict[str, float] = {}
    counts: dict[str, int] = {}
    idle = 0
    for record in records:
        if record.currency_code is None:
            idle += 1
            continue
        totals[record.currency_code] = totals.get(record.currency_code, 0.0) + record.rate
        counts[record.currency_code] = counts.get(record.currency_code, 0) + 1
    return {code: total / (counts[code] + idle) for code, total in totals.items()}


def earnings_deficit(record: DriverRecord, mean_rate: float) -> float:
    """Return by what share of the mean a driver earns less than it: 1 for nothing, below 0 for more; at least -1."""
    if mean_rate <= 0:
        return 0.0
    return max(-1.0, (mean_rate - record.rate) / mean_rate)


def miss_chance(record: DriverRecord) -> float:
    """Return how likely the next offer is to be declined or left unanswered, by the shift so far."""
    return (record.missed + EXPECTED_MISSED) / (record.missed + record.accepted + EXPECTED_ASKED)
