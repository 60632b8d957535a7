"""A clock that moves when told to."""

from datetime import UTC, datetime, timedelta


class SteppedClock:
    """Begins at the present second, because tokens are judged by it too, and stands still."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        """Move on: `advance(seconds=30)`."""
        self._now += timedelta(**by)
