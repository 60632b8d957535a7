"""Lanes: a queue and a budget for each channel and priority, so that what may wait never delays what may not.

A hundred thousand promotions stand in a lane of their own, which sends a bounded number a second over a bounded number
of connections; a one-time code meets only other codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from notification_service.domain.channels import Channel, Priority


@dataclass(frozen=True, slots=True)
class Lane:
    """The deliveries of a channel and a priority, and what may be spent on them at once."""

    channel: Channel
    priority: Priority
    concurrency: int
    """How many are on their way at a time."""
    patience_seconds: float
    """How long a provider may take to answer; then it is not known whether it has the message."""
    per_second: float | None = None
    """How many are begun a second at most, in each replica; None for no bound."""

    @property
    def lease(self) -> timedelta:
        """How long a claim holds: longer than the address, a channel's providers and the writing down may take.

        One that runs out belongs to a worker that died; until then the news of its ride wait, so it is no longer than
        it must be.
        """
        return timedelta(seconds=_PROVIDERS_AT_MOST * self.patience_seconds + _BESIDES_SECONDS)

    @property
    def name(self) -> str:
        """For logs and metrics, for example `sms p0`."""
        return f"{self.channel.value} p{self.priority.value}"


_PROVIDERS_AT_MOST = 3
_BESIDES_SECONDS = 4.0

# What somebody waits for is given up on quickly, since another provider may take it; the rest has time.
_PATIENCE_SECONDS = {
    Priority.SECURITY: 2.0,
    Priority.TRIP_CRITICAL: 2.0,
    Priority.MONEY: 8.0,
    Priority.MARKETING: 8.0,
}
_REDIS_PATIENCE_SECONDS = 2.0
_CONCURRENCY = {
    Priority.SECURITY: 32,
    Priority.TRIP_CRITICAL: 64,
    Priority.MONEY: 16,
    Priority.MARKETING: 4,
}
MARKETING_PER_SECOND = 25.0
_OUTWARD = (Channel.STREAM, Channel.PUSH, Channel.SMS, Channel.VOICE, Channel.EMAIL)
STREAM_CONCURRENCY = 256
"""Our own Redis takes a batch in one go."""


def all_lanes() -> list[Lane]:
    """Return the lanes of all channels that lead out of the house, the most urgent first."""
    return [
        Lane(
            channel=channel,
            priority=priority,
            concurrency=(
                STREAM_CONCURRENCY
                if channel is Channel.STREAM and priority is not Priority.MARKETING
                else _CONCURRENCY[priority]
            ),
            patience_seconds=_REDIS_PATIENCE_SECONDS if channel is Channel.STREAM else _PATIENCE_SECONDS[priority],
            per_second=MARKETING_PER_SECOND if priority is Priority.MARKETING else None,
        )
        for priority in Priority
        for channel in _OUTWARD
    ]


class Budget:
    """So many a second, and at most a second's worth at once (a token bucket)."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._left = per_second or 0.0
        self._filled_at: datetime | None = None

    def take(self, wanted: int, now: datetime) -> int:
        """Take up to so many; return how many there were."""
        if self._per_second is None:
            return wanted
        if self._filled_at is not None:
            elapsed = max(0.0, (now - self._filled_at).total_seconds())
            self._left = min(self._per_second, self._left + elapsed * self._per_second)
        self._filled_at = now
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted

    def give_back(self, count: int) -> None:
        """Return what was taken and not used."""
        if self._per_second is not None:
            self._left = min(self._per_second, self._left + count)
