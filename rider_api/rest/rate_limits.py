"""Rate limits: how often somebody may ask, by the class of the route; counted in Redis for all processes together.

While Redis does not answer, each process counts for itself, and what must not be had without limit (one-time codes) is
refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import RedisError

from rider_api.metrics import RATE_LIMITED
from rider_api.rest.shared_redis import SharedRedis
from rider_api.rest.shared_storage import SharedStorage
from rider_api.settings import EdgeSettings
from shared_kernel.errors import Unavailable


class Pace(StrEnum):
    """The class of a route, by what a request to it costs."""

    FREE = "free"
    """Not counted: signed by a provider, or no part of the API."""
    READ = "read"
    WRITE = "write"
    SIGN_IN = "sign_in"
    """By address instead of account: nobody is signed in yet."""
    CODE = "code"
    """The same, and never without the common count."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands against a limit."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """Write it as headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimits:
    """Counts requests."""

    def __init__(self, shared: SharedRedis, settings: EdgeSettings, now: Callable[[], float] = time.time) -> None:
        self._shared = shared
        self._now = now
        self._items: dict[Pace, RateLimitItem] = {
            Pace.READ: RateLimitItemPerMinute(settings.rest_reads_per_minute),
            Pace.WRITE: RateLimitItemPerMinute(settings.rest_writes_per_minute),
            Pace.SIGN_IN: RateLimitItemPerMinute(settings.rest_sign_ins_per_minute),
            Pace.CODE: RateLimitItemPerMinute(settings.rest_codes_per_minute),
        }
        self._common: SlidingWindowCounterRateLimiter | None = None
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, pace: Pace, caller: str) -> Standing:
        """Count a request of a caller, and return how the caller stands.

        Raises:
            Unavailable: `codes_unavailable` where there is no common count of one-time codes.
        """
        standing = self._counted(pace, caller)
        if not standing.allowed:
            RATE_LIMITED.labels(pace.value).inc()
        return standing

    def _counted(self, pace: Pace, caller: str) -> Standing:
        if not self._shared.rests:
            try:
                return self._asked(self._connected(), pace, caller)
            except RedisError:
                self._shared.failed()
        if pace is Pace.CODE:
            raise Unavailable("codes_unavailable", "no codes are sent just now", retry_after_seconds=5.0)
        return self._asked(self._local, pace, caller)

    def _asked(self, limiter: SlidingWindowCounterRateLimiter, pace: Pace, caller: str) -> Standing:
        item = self._items[pace]
        allowed = limiter.hit(item, pace.value, caller)
        stats = limiter.get_window_stats(item, pace.value, caller)
        reset = max(1, math.ceil(stats.reset_time - self._now()))
        return Standing(allowed, item.amount, max(0, stats.remaining), reset)

    def _connected(self) -> SlidingWindowCounterRateLimiter:
        if self._common is None:
            self._common = SlidingWindowCounterRateLimiter(SharedStorage(self._shared.client()))
        return self._common
