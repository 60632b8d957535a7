"""The live stream of an account: a bounded Redis stream that the edge reads for connected apps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chassis.live_entries import KEPT_ENTRIES, KEPT_SECONDS, stream_key
from chassis.telemetry import current_traceparent, is_recording
from notification_service.domain.sending import Accepted, Outgoing, SendResult, Target, Unavailable, Unknown

PATIENCE_SECONDS = 1.5
_MOST_AT_ONCE = 200
_LOOK_BACK_ENTRIES = 100


class LiveStreamSender:
    """Appends messages to the streams `live:<account>`; those handed over at the same time go in one piece."""

    def __init__(self, redis: Redis, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Take a client for batches: one that sends nothing twice by itself."""
        self._redis = redis
        self._patience_seconds = patience_seconds
        self._waiting: list[tuple[str, dict[str | bytes, str], asyncio.Future[SendResult]]] = []
        self._writing: asyncio.Task[None] | None = None

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
        entry: dict[str | bytes, str] = {
            "id": str(message.notification_id),
            "type": message.live_type,
            "data": message.live_data,
            "expires_at": message.expires_at.isoformat(),
        }
        if message.origin.happened_at is not None:
            entry["happened_at"] = message.origin.happened_at.isoformat()
        if is_recording():
            entry["traceparent"] = current_traceparent()
        if message.attempt > 1 and await self._has(target.address, str(message.notification_id)):
            return Accepted()
        result: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        self._waiting.append((stream_key(target.address), entry, result))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await result

    async def _has(self, account: str, notification_id: str) -> bool:
        """Look whether a message of an earlier attempt stands in its stream; no more came after it than we may miss."""
        commands: Any = self._redis
        try:
            async with asyncio.timeout(self._patience_seconds):
                entries = await commands.xrevrange(stream_key(account), count=_LOOK_BACK_ENTRIES)
        except (RedisError, OSError, TimeoutError):
            return False
        return any(fields.get(b"id") == notification_id.encode() for _, fields in entries)

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                result = await self._append([(key, entry) for key, entry, _ in batch])
                for _, _, waiting in batch:
                    if not waiting.done():  # whoever waits no longer has given up on it
                        waiting.set_result(result)
        finally:
            self._writing = None

    async def _append(self, entries: Sequence[tuple[str, dict[str | bytes, str]]]) -> SendResult:
        try:
            async with asyncio.timeout(self._patience_seconds), self._redis.pipeline(transaction=False) as pipeline:
                for key, entry in entries:
                    pipeline.xadd(key, {**entry}, maxlen=KEPT_ENTRIES, approximate=True)
                for key in {key for key, _ in entries}:
                    pipeline.expire(key, KEPT_SECONDS)
                await pipeline.execute()
        except (RedisTimeoutError, TimeoutError):
            return Unknown("redis_unanswered")
        except (RedisError, OSError):
            return Unavailable("redis_unavailable")
        return Accepted()
