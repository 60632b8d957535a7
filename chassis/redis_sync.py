"""The clients for threads (the REST edge): one server, a Cluster or Sentinels, by the URL."""

from __future__ import annotations

from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

from chassis.redis_urls import RedisKind, read_redis_url


def open_redis_for_threads(url: str, *, timeout_seconds: float) -> redis.Redis:
    """Open a client that answers in bytes; of a Cluster, the topology is asked for at once.

    Raises:
        redis.RedisError: no node of a Cluster answers; the clients of the others tell so with the first command.
    """
    place = read_redis_url(url)
    bounds: dict[str, Any] = {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds}
    match place.kind:
        case RedisKind.SERVER:
            return redis.Redis.from_url(url, **bounds)
        case RedisKind.CLUSTER:
            try:
                client = _Cluster(
                    startup_nodes=[ClusterNode(host, port) for host, port in place.nodes],
                    require_full_coverage=False,
                    dynamic_startup_nodes=False,
                    reinitialize_steps=1,
                    retry=Retry(NoBackoff(), 1),
                    **place.access,
                    **bounds,
                )
            except RedisClusterException as error:
                raise redis.ConnectionError(str(error)) from error
            return cast("redis.Redis", client)
        case RedisKind.SENTINEL:
            sentinels = Sentinel(list(place.nodes), sentinel_kwargs={**place.sentinel_access, **bounds})
            return sentinels.master_for(place.service, db=place.database, **place.access, **bounds)


class _Cluster(RedisCluster):
    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)
        except RedisClusterException as error:
            # redis-py keeps these outside of the family that all callers know.
            raise redis.ConnectionError(str(error)) from error
