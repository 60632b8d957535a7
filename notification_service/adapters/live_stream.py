"""The live stream of an account: a bounded Redis stream that the edge reads for connected apps."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

from notification_service.domain.delivery import DeliveryFailed, DueDelivery

KEPT_ENTRIES = 500
KEPT_SECONDS = 86_400


class LiveStreamSender:
    """Appends a message to the stream `live:<account>`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, delivery: DueDelivery) -> None:
        """Append the message; DeliveryFailed `redis_unavailable` when Redis does not take it."""
        key = f"live:{delivery.target}"
        entry: dict[str | bytes, str] = {
            "id": str(delivery.notification_id),
            "type": delivery.live_type,
            "data": delivery.live_data,
            "expires_at": delivery.expires_at.isoformat(),
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.xadd(key, {**entry}, maxlen=KEPT_ENTRIES, approximate=True)
                pipeline.expire(key, KEPT_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise DeliveryFailed("redis_unavailable") from error
