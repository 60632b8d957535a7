"""Connections to the master that Sentinels name: each new one asks them who that is."""

from __future__ import annotations

from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

from chassis.redis_urls import RedisPlace


class _Pool(SentinelConnectionPool, BlockingConnectionPool):
    """Waits for a connection while all are in use, as that of one server does."""

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()


def open_master(place: RedisPlace, connection_class: type[Any], pool_options: dict[str, Any]) -> Redis:
    """Open a client of the master; nothing is connected yet.

    A connection that meets a master which was demoted is closed, and the next one asks the Sentinels again.
    """
    bounds = {name: pool_options[name] for name in ("socket_connect_timeout",)}
    sentinels = Sentinel(
        list(place.nodes),
        # An answer of a Sentinel is short: one that is away must not hold up the asking of the next.
        sentinel_kwargs={**place.sentinel_access, **bounds, "socket_timeout": bounds["socket_connect_timeout"]},
    )
    access = {name: value for name, value in place.access.items() if name != "ssl"}
    pool = _Pool(
        place.service, sentinels, connection_class=connection_class, db=place.database, **access, **pool_options
    )
    return Redis.from_pool(pool)
