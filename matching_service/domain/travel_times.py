"""What an hour of the week does to travel times: the factor by which an estimate without traffic is stretched."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Timing(NamedTuple):
    """How an estimate becomes a time at some moment.

    The driven time is the estimate times `factor`. Setting out, turning around and stopping come on top: as much again
    as is driven on short ways, `start_seconds` at most.
    """

    start_seconds: float = 0.0
    factor: float = 1.0

    def seconds(self, estimate_seconds: float) -> float:
        """Return the time of a way."""
        driven = estimate_seconds * self.factor
        return driven + min(self.start_seconds, driven)

    def estimate_seconds(self, seconds: float) -> float:
        """Return the estimate whose time this is: the inverse of `seconds`."""
        return max(seconds - self.start_seconds, seconds / 2) / self.factor


AS_ESTIMATED = Timing()
"""Nothing was learned: the estimate stands as it is."""

TimingNow = Callable[[], Timing]
"""Tells the timing of this hour."""


def as_estimated() -> Timing:
    """Be the TimingNow of who has learned nothing."""
    return AS_ESTIMATED
