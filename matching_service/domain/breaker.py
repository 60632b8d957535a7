"""A breaker: who failed several times in a row is left alone for a while."""

from __future__ import annotations


class Breaker:
    """Opens after `failures` in a row, for `seconds`; then one call is let through to see, and decides. Time is the
    caller's (monotonic, seconds)."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._limit = failures
        self._seconds = seconds
        self._failed = 0
        self._open_until = float("-inf")

    def lets_through(self, now: float) -> bool:
        """Tell whether a call may be made; of those that come while it is being tried again, only the first may."""
        if self._failed < self._limit:
            return True
        if now < self._open_until:
            return False
        self._open_until = now + self._seconds
        return True

    def succeeded(self) -> None:
        """Take note of an answer."""
        self._failed = 0

    def failed(self, now: float) -> None:
        """Take note of a failure."""
        self._failed += 1
        self._open_until = now + self._seconds
