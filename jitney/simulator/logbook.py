"""What a driver's shifts come to: their time, what was driven empty, offers, and those that came in silence."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

SILENT_WALL_SECONDS = 15.0
"""Who was not heard of for so long is nobody's candidate: the age at which dispatch takes a place for stale."""


class Logbook:
    """Of one driver; all times but the silence are simulated seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Read the simulated time from `now`."""
        self._now = now
        self._shifts_seconds = 0.0
        self._on_shift_since: float | None = None
        self.empty_seconds = 0.0
        """Driven towards a pickup with nobody in the vehicle, also where nothing came of it."""
        self.aboard: set[str] = set()
        """The rides whose parties are in the vehicle."""
        self.offer_count = 0
        self.silent_offer_count = 0
        """Offers that came though no place of the vehicle had been taken for `SILENT_WALL_SECONDS`."""

    @contextmanager
    def shift(self) -> Generator[None]:
        """Count the time of the block as a shift."""
        self._on_shift_since = self._now()
        try:
            yield
        finally:
            self._shifts_seconds = self.shift_seconds
            self._on_shift_since = None

    @property
    def shift_seconds(self) -> float:
        """All time on shift so far."""
        since = self._on_shift_since
        return self._shifts_seconds + (0.0 if since is None else max(0.0, self._now() - since))

    @contextmanager
    def coming(self) -> Generator[None]:
        """Count the time of the block as driven towards a pickup."""
        begun, empty = self._now(), not self.aboard
        try:
            yield
        finally:
            if empty:
                self.empty_seconds += self._now() - begun

    def offered(self, silent_wall_seconds: float) -> None:
        """Note an offer, and for how long the vehicle's place had not been taken when it came."""
        self.offer_count += 1
        self.silent_offer_count += silent_wall_seconds >= SILENT_WALL_SECONDS
