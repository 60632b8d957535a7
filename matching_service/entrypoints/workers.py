"""The sweeps: what is due stands in rows, and every replica looks for it again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from prometheus_client import Counter, Gauge

from chassis.runtime import Backoff
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

SWEPT = Counter("matching_swept_total", "Due rows that sweeps took up", ["sweep"])
OLDEST_OWED_SECONDS = Gauge(
    "matching_saga_oldest_owed_seconds", "Age of the step that a ride's saga has owed the longest"
)

Sweep = Callable[[int], Awaitable[int]]
"""Takes up at most so many due rows and returns how many it found."""


async def sweep_forever(name: str, sweep: Sweep, *, limit: int, period_seconds: float) -> None:
    """Sweep again at once while batches come back full, else after a pause. An outage is waited out."""
    backoff = Backoff(0.2, 5.0)
    while True:
        try:
            found = await sweep(limit)
        except DomainError as error:
            if not error.retryable:
                raise
            _log.warning("a sweep was given up", extra={"sweep": name, "reason": error.reason})
            await asyncio.sleep(backoff.next_seconds())
            continue
        backoff.reset()
        SWEPT.labels(name).inc(found)
        if found < limit:
            await asyncio.sleep(period_seconds)


async def watch_saga_forever(
    oldest_owed_at: Callable[[], Awaitable[datetime | None]], clock: Clock, period_seconds: float = 10.0
) -> None:
    """Measure how long the oldest step has been owed: what no retry resolves shows here."""
    while True:
        try:
            oldest = await oldest_owed_at()
        except DomainError:
            _log.debug("the age of the saga's steps is not known", exc_info=True)
        else:
            OLDEST_OWED_SECONDS.set(0.0 if oldest is None else max(0.0, (clock.now() - oldest).total_seconds()))
        await asyncio.sleep(period_seconds)
