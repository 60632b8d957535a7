"""Redis or Valkey, 6.2 and newer: one way to open it, bounded in connections and waits."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from shared_kernel.errors import Unavailable

T = TypeVar("T")


def open_redis(url: str, *, max_connections: int = 32, timeout_seconds: float = 5.0) -> Redis:
    """Open a client that answers in bytes. Blocking reads must block for less than `timeout_seconds`.

    A command on a broken connection is tried once more on a new one; a second failure is the caller's to handle.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 1),
    )
    return Redis.from_pool(cast("Any", pool))


async def awaited(result: Awaitable[T] | T) -> T:
    """Await a command's result; redis-py types each as if it might be of the synchronous client."""
    return await cast("Awaitable[T]", result)


async def ping(redis: Redis) -> None:
    """Ask Redis for a sign of life; a readiness probe."""
    if not await awaited(cast("Any", redis.ping())):
        raise Unavailable("redis_unavailable", "the event store does not answer")
