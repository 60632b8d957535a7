"""Where `limits` counts: in the Redis that the edge has a client of already, whatever kind it is."""

from __future__ import annotations

import redis
from limits.storage import RedisStorage

_PREFIX = "edge:rate"


class SharedStorage(RedisStorage):
    """The storage of the library on a client of ours.

    Its own ways to a Cluster and to Sentinels take no TLS and no passwords of Sentinels from a URL. Both keys of a
    window have one hash tag, as the library makes them.
    """

    # Ours is never made from a URL.
    STORAGE_SCHEME: list[str] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, client: redis.Redis) -> None:
        # What the library's own constructor does, but for the opening of a client.
        super(RedisStorage, self).__init__("redis://", wrap_exceptions=False)
        self.key_prefix = _PREFIX
        self.target_server = "redis"
        self.dependency = redis
        self.storage = client
        self.initialize_storage("redis://")
