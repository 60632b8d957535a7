"""Up to where apps have acknowledged their live streams: keys in Redis that live as long as the streams do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.live_entries import KEPT_SECONDS, read_entry_id, stream_key, write_entry_id
from chassis.redis_client import awaited
from notification_service.domain.seen import Follower, Position, Seen, notification_ids_of
from shared_kernel.errors import Unavailable

_MOST_SEEN = 100


class RedisLivePositions:
    """See `keep_acknowledgements.LivePositions`; a place that is lost means that the follower reads the state anew."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of(self, follower: Follower) -> Position | None:
        """Return the place; None where none is known."""
        try:
            value = await awaited(cast("Any", self._redis.get(_key(follower))))
        except (RedisError, OSError):
            raise _unavailable() from None
        return read_entry_id(cast("bytes", value).decode()) if value else None

    async def keep(self, positions: Mapping[Follower, Position]) -> None:
        """Keep places, each with a life of its own."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for follower, position in positions.items():
                    pipeline.set(_key(follower), write_entry_id(position), ex=KEPT_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError):
            raise _unavailable() from None

    async def seen_between(self, follower: Follower, after: Position | None, until: Position) -> Seen:
        """Return what a follower has seen that comes with a newer place than is known: at most the last hundred."""
        oldest = "-" if after is None else f"({write_entry_id(after)}"
        try:
            entries = await awaited(
                cast(
                    "Any",
                    self._redis.xrevrange(
                        stream_key(str(follower.account_id)), max=write_entry_id(until), min=oldest, count=_MOST_SEEN
                    ),
                )
            )
        except (RedisError, OSError):
            raise _unavailable() from None
        rows = cast("list[tuple[bytes, dict[bytes, bytes] | None]]", entries)
        return Seen(until, notification_ids_of((fields or {}).get(b"id", b"").decode() for _, fields in rows))


def _key(follower: Follower) -> str:
    return f"live_acked:{follower.account_id}:{follower.sign_in}"


def _unavailable() -> Unavailable:
    return Unavailable("streams_unavailable", "live streams are not available just now")
