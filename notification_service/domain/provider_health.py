"""The circuit breaker of a provider: after failures in a row it is left alone for a while, then tried with one message.

Closed: messages go. Open: none goes until a time. After that, half open: one message goes as a trial; its outcome
closes the breaker or opens it again for twice as long. Being throttled opens it as well, for as long as was asked: what
comes meanwhile goes to the channel's next provider instead of piling up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES_TO_OPEN = 5
_FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
_THROTTLED_PAUSE_SECONDS = 1.0
_LONGEST_ASKED_SECONDS = 300.0


class BreakerState(StrEnum):
    """Whether a provider is being used."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """How a provider stood at its last change."""

    provider: str
    state: BreakerState
    failures: int
    """In a row."""
    open_until: datetime | None
    error: str
    changed_at: datetime


class Breaker:
    """One provider's breaker in one process; each replica judges by what it met itself."""

    def __init__(
        self, provider: str, jitter: random.Random, longest_pause_seconds: float = LONGEST_PAUSE_SECONDS
    ) -> None:
        self.provider = provider
        self._jitter = jitter
        self._longest_pause_seconds = longest_pause_seconds
        self._failures = 0
        self._pauses = 0
        self._open_until: datetime | None = None
        self._on_trial = False
        self._error = ""

    def free_at(self, now: datetime) -> datetime | None:
        """Return when the next message may go; None for at once."""
        if self._open_until is None:
            return None
        if now < self._open_until:
            return self._open_until
        # The trial under way decides; ask again in a moment.
        return now + timedelta(seconds=_FIRST_PAUSE_SECONDS) if self._on_trial else None

    def begin(self, now: datetime) -> bool:
        """Tell whether a message may go now; in a half-open breaker it is the trial."""
        if self.free_at(now) is not None:
            return False
        self._on_trial = self._open_until is not None
        return True

    def succeeded(self) -> bool:
        """Note a message that was taken or refused by an answer; True if the breaker closed by it."""
        changed = self._open_until is not None
        self._failures, self._pauses, self._open_until, self._on_trial, self._error = 0, 0, None, False, ""
        return changed

    def failed(self, error: str, now: datetime) -> bool:
        """Note a provider that was not there or did not answer; True if the breaker opened by it."""
        self._failures += 1
        self._error = error
        if self._open_until is None and self._failures < FAILURES_TO_OPEN:
            return False
        if self._open_until is not None and now < self._open_until:
            return False  # begun before it opened
        pause = min(self._longest_pause_seconds, _FIRST_PAUSE_SECONDS * 2.0**self._pauses)
        self._pauses = min(self._pauses + 1, 30)
        return self._open(now, pause * self._jitter.uniform(0.75, 1.25))

    def throttled(self, error: str, retry_after_seconds: float | None, now: datetime) -> bool:
        """Note that it was too much for the provider; True if the breaker opened by it."""
        self._error = error
        asked = _THROTTLED_PAUSE_SECONDS if retry_after_seconds is None else retry_after_seconds
        pause = min(_LONGEST_ASKED_SECONDS, max(asked, _THROTTLED_PAUSE_SECONDS)) * self._jitter.uniform(1.0, 1.1)
        if self._open_until is not None and now + timedelta(seconds=pause) <= self._open_until:
            return False
        return self._open(now, pause)

    def cut_off(self) -> None:
        """Note a message of which nobody will tell what became of it: where it was the trial, another one may be."""
        self._on_trial = False

    def health(self, now: datetime) -> ProviderHealth:
        """Describe it, for operators."""
        if self._open_until is None:
            state = BreakerState.CLOSED
        else:
            state = BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN
        return ProviderHealth(self.provider, state, self._failures, self._open_until, self._error, now)

    def _open(self, now: datetime, pause_seconds: float) -> bool:
        self._open_until = now + timedelta(seconds=pause_seconds)
        self._on_trial = False
        return True
