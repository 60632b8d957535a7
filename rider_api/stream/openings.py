"""How often an account may open live streams and ask by long polling: as often as it may look by REST.

Each process counts for itself: a stream is opened once and lasts, and a long poll that is answered at once costs a
service what any other look does.
"""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from chassis.auth import Actor
from rider_api.metrics import RATE_LIMITED
from shared_kernel.errors import LimitExceeded


class Openings:
    """Counts them."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, actor: Actor) -> None:
        """Count one of a caller's.

        Raises:
            LimitExceeded: `rate_limited`, with when to come again.
        """
        caller = f"{actor.role.value}:{actor.subject}"
        if self._limiter.hit(self._item, caller):
            return
        RATE_LIMITED.labels("stream").inc()
        until = self._limiter.get_window_stats(self._item, caller).reset_time
        raise LimitExceeded(
            "rate_limited", "too many requests: ask again later", retry_after_seconds=max(1.0, until - time.time())
        )
