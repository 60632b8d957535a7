"""The live stream of an account: a bounded Redis stream that the edge reads for connected apps."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from notification_service.domain.sending import Accepted, Outgoing, SendResult, Target, Unavailable, Unknown

KEPT_ENTRIES = 500
KEPT_SECONDS = 86_400


class LiveStreamSender:
    """Appends a message to the stream `live:<account>`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @property
    def provider(self) -> str:
        """There is one: our own Redis."""
        return "redis"

    def takes(self, target: Target) -> bool:
        """Every account has a stream."""
        del target
        return True

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Append the message, or tell `redis_unavailable` or, when no answer comes in time, `redis_unanswered`."""
        key = f"live:{target.address}"
        entry: dict[str | bytes, str] = {
            "id": str(message.notification_id),
            "type": message.live_type,
            "data": message.live_data,
            "expires_at": message.expires_at.isoformat(),
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.xadd(key, {**entry}, maxlen=KEPT_ENTRIES, approximate=True)
                pipeline.expire(key, KEPT_SECONDS)
                await pipeline.execute()
        except (RedisTimeoutError, TimeoutError):
            return Unknown("redis_unanswered")
        except (RedisError, OSError):
            return Unavailable("redis_unavailable")
        return Accepted()
