"""Redis or Valkey, 6.2 and newer: one way to open it, bounded in connections and waits.

One server, a Cluster or a master under Sentinels, as the URL says (see `redis_urls`). Whoever uses a client keeps to
what all three can do: the keys of a command or a script lie in one slot, and a pipeline is no transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import TimeoutError as RedisTimeoutError

from chassis.redis_cluster import ClusterClient
from chassis.redis_sentinel import open_master
from chassis.redis_urls import RedisKind, RedisPlace, read_redis_url
from shared_kernel.errors import Unavailable

T = TypeVar("T")

# Of one node, as many streams as are read apart from each other (see `live_hub`).
_READING_CONNECTIONS = 40


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
    return _open(url, _READING_CONNECTIONS, timeout_seconds, timeout_seconds, retries=0)


def is_cluster(redis: Redis) -> bool:
    """Tell whether a client is one of a Cluster, where keys lie in slots."""
    return isinstance(cast("object", redis), ClusterClient)


def _open(
    url: str, max_connections: int, timeout_seconds: float, answer_seconds: float | None, *, retries: int
) -> Redis:
    place = read_redis_url(url)
    options: dict[str, Any] = {
        "socket_timeout": answer_seconds,
        "socket_connect_timeout": timeout_seconds,
        "health_check_interval": 30,
    }
    if place.kind is RedisKind.CLUSTER:
        # Whoever bounds a pipeline as a whole does not bound the question for the topology, which goes the same way.
        options["socket_timeout"] = answer_seconds or timeout_seconds
        client = ClusterClient(
            place,
            _cancelable(SSLConnection if place.access.get("ssl") else Connection),
            max_connections=max_connections,
            wait_seconds=timeout_seconds,
            retries=retries,
            options=options,
        )
        return cast("Redis", client)
    backoff = ExponentialBackoff(cap=0.2, base=0.02) if retries else NoBackoff()
    return _pooled(
        place,
        {**options, "max_connections": max_connections, "timeout": timeout_seconds, "retry": Retry(backoff, retries)},
    )


def _pooled(place: RedisPlace, options: dict[str, Any]) -> Redis:
    if place.kind is RedisKind.SENTINEL:
        managed = SentinelManagedSSLConnection if place.access.get("ssl") else SentinelManagedConnection
        return open_master(place, _cancelable(managed), options)
    pool = BlockingConnectionPool.from_url(place.url, **options)
    # The URL chose the kind of connection: plain, TLS or a Unix socket.
    pool.connection_class = _cancelable(pool.connection_class)
    return Redis.from_pool(cast("Any", pool))


async def awaited(result: Awaitable[T] | T) -> T:
    """Await a command's result; redis-py types each as if it might be of the synchronous client."""
    return await cast("Awaitable[T]", result)


async def ping(redis: Redis) -> None:
    """Ask Redis for a sign of life; a readiness probe."""
    if not await awaited(cast("Any", redis.ping())):
        raise Unavailable("redis_unavailable", "the event store does not answer")


def _cancelable(connection_class: type[Any]) -> type[Any]:
    return type("CancelableConnection", (_Cancelable, connection_class), {})


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
