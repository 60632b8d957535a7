"""Lua scripts: sent by their digest, and whole to a server that does not know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from chassis.redis_client import is_cluster


class Script:
    """A script whose keys lie in one slot. Errors are redis-py's."""

    def __init__(self, redis: Redis, text: str) -> None:
        self._text = text
        self._redis = cast("Any", redis)
        self._registered = cast("Any", redis.register_script(text))
        self._is_cluster = is_cluster(redis)

    async def __call__(self, keys: Sequence[str], args: Sequence[Any], pipeline: Any = None) -> Any:
        """Run it, or add it to a pipeline of the same client (then nothing comes back here)."""
        if pipeline is not None:
            # Whole: the library asks each time, and waits, whether the server knows a digest, and which nodes of a
            # Cluster do changes with every fail-over.
            pipeline.eval(self._text, len(keys), *keys, *args)
            return None
        if not self._is_cluster:
            return await self._registered(keys, args)
        try:
            return await self._redis.evalsha(self._registered.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await self._redis.eval(self._text, len(keys), *keys, *args)
