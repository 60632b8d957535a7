"""The Redis that all REST processes share, for what may be missing for a while: nobody waits for it long."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import redis

from chassis.redis_sync import open_redis_for_threads
from rider_api.metrics import SHARED_REDIS_FAILURES

T = TypeVar("T")

TIMEOUT_SECONDS = 0.5
_REST_SECONDS = 2.0
"""How long nobody asks after a failure: of many requests one at a time pays for finding out."""


class SharedRedis:
    """Asks Redis, or tells that it does not answer; the connection is made with the first question."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._client: redis.Redis | None = None
        self._rests_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether Redis did not answer a moment ago."""
        return time.monotonic() < self._rests_until

    def ask(self, question: Callable[[redis.Redis], T]) -> T | None:
        """Return the answer; None where there is none."""
        if self.rests:
            return None
        try:
            return question(self.client())
        except redis.RedisError:
            self.failed()
            return None

    def failed(self) -> None:
        """Let Redis rest after a failure."""
        SHARED_REDIS_FAILURES.inc()
        self._rests_until = time.monotonic() + _REST_SECONDS

    def client(self) -> redis.Redis:
        """Return the client itself, for who handles its errors and tells of them by `failed`.

        Raises:
            redis.RedisError: there is none just now.
        """
        with self._lock:
            if self._client is None:
                if self.rests:  # who waited for the lock need not find out again
                    raise redis.ConnectionError("Redis did not answer a moment ago")
                self._client = open_redis_for_threads(self._url, timeout_seconds=TIMEOUT_SECONDS)
            return self._client
