"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StillClock:
    """See `shared_kernel.clock.Clock`."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **parts: float) -> None:
        """Move on by a timedelta's parts, for example `seconds=10`."""
        self._now += timedelta(**parts)
