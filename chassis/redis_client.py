"""Redis or Valkey, 6.2 and newer: one way to open it, bounded in connections and waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared_kernel.errors import Unavailable

T = TypeVar("T")


def open_redis(url: str, *, max_connections: int = 32, timeout_seconds: float = 5.0) -> Redis:
    """Open a client that answers in bytes. Blocking reads must block for less than `timeout_seconds`.

    A command on a broken connection is tried once more on a new one; a second failure is the caller's to handle.
    """
    return _open(url, max_connections, timeout_seconds, timeout_seconds, retries=1)


def open_redis_for_batches(url: str, *, max_connections: int = 4, timeout_seconds: float = 5.0) -> Redis:
    """Open a client for pipelines that their caller bounds as a whole, and whose commands must not be sent twice.

    A time-out for each of a pipeline's answers would cost more than the answers do; a second try would append again
    what the first one had appended.
    """
    return _open(url, max_connections, timeout_seconds, None, retries=0)


def open_redis_for_reading(url: str, *, timeout_seconds: float = 10.0) -> Redis:
    """Open a client for one blocking read after the other: its reader has to know of an outage, to look for what was
    lost in it, so nothing is tried again by itself."""
    return Redis.from_url(
        url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds, retry=Retry(NoBackoff(), 0)
    )


def _open(
    url: str, max_connections: int, timeout_seconds: float, answer_seconds: float | None, *, retries: int
) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_seconds,
        socket_timeout=answer_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries),
    )
    # The URL chose the kind of connection: plain, TLS or a Unix socket.
    pool.connection_class = type("CancelableConnection", (_Cancelable, pool.connection_class), {})
    return Redis.from_pool(cast("Any", pool))


async def awaited(result: Awaitable[T] | T) -> T:
    """Await a command's result; redis-py types each as if it might be of the synchronous client."""
    return await cast("Awaitable[T]", result)


async def ping(redis: Redis) -> None:
    """Ask Redis for a sign of life; a readiness probe."""
    if not await awaited(cast("Any", redis.ping())):
        raise Unavailable("redis_unavailable", "the event store does not answer")


class _Cancelable(AbstractConnection if TYPE_CHECKING else object):
    """Keeps a cancellation from being lost while a command is sent.

    redis-py bounds sending with `asyncio.wait_for`, which before Python 3.12 swallows a cancellation that comes just
    when the sending is done: a worker that is told to stop would go on for ever. With its time-out taken away it sends
    without `wait_for`, and `asyncio.timeout`, which loses nothing, bounds it here.
    """

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        seconds, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(seconds):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise RedisTimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = seconds
