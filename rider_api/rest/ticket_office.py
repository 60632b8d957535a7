"""Sells stream tickets: writes them to Redis, where the stream process takes them from."""

from __future__ import annotations

from threading import Lock

import redis

from chassis.auth import Actor
from chassis.redis_sync import open_redis_for_threads
from rider_api.tickets import TICKET_LIFETIME_SECONDS, new_ticket, ticket_key, ticket_value
from shared_kernel.errors import Unavailable

_TIMEOUT_SECONDS = 1.0


class TicketOffice:
    """Keeps tickets in Redis; the connection is made when the first ticket is asked for."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._lock = Lock()
        self._client: redis.Redis | None = None

    def _redis(self) -> redis.Redis:
        with self._lock:
            if self._client is None:
                self._client = open_redis_for_threads(self._url, timeout_seconds=_TIMEOUT_SECONDS)
            return self._client

    def sell(self, actor: Actor) -> str:
        """Make a ticket for somebody.

        Raises:
            Unavailable: `streams_unavailable` if Redis does not answer.
        """
        ticket = new_ticket()
        try:
            self._redis().set(ticket_key(ticket), ticket_value(actor), ex=TICKET_LIFETIME_SECONDS)
        except redis.RedisError:
            raise Unavailable("streams_unavailable", "live streams are not available just now") from None
        return ticket

    def answers(self) -> bool:
        """Tell whether Redis answers."""
        try:
            return bool(self._redis().ping())
        except redis.RedisError:
            return False
