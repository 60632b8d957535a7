"""What the hubs of live streams tell each other through Redis: that a slot's connection is here now, and to look again.

Each process has a control stream a strand, which its hub reads along with the streams of its accounts: so a read under
way ends as soon as something is written there. All of this is hints. Without Redis, two processes may serve a slot for
a while, each with all events, and a new connection waits until the read under way ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.redis_client import awaited

_LIFETIME_SECONDS = 3_600
_ENTRIES = 1_000
# Longer than any connection lasts.
_OWNER_LIFETIME_SECONDS = 7_200


class Superseded(NamedTuple):
    """A connection that another process has a newer one of; `number` is what it was numbered here, in text."""

    account: str
    slot: str
    number: str


class LiveControl:
    """Writes to the control streams: to those of this process, and of those it takes slots from.

    No method raises for what Redis does.
    """

    def __init__(self, redis: Redis, process_id: UUID) -> None:
        self._redis = redis
        self._process = str(process_id)

    def key(self, strand: int) -> str:
        """Return the key of the control stream that this process reads with a strand."""
        return _key(strand, self._process)

    async def wake(self, strand: int) -> bool:
        """End this process' read of a strand, if one is under way; False where Redis does not answer."""
        try:
            await self._write(self.key(strand), {"wake": "1"})
        except (RedisError, OSError):
            return False
        return True

    async def claim(self, strand: int, account: str, slot: str, number: int) -> None:
        """Note that a slot's connection is here now, and tell the process that had it before."""
        mine = f"{self._process}:{number}"
        owner_key = f"live_owner:{account}:{slot}"
        try:
            before = await awaited(cast("Any", self._redis.set(owner_key, mine, ex=_OWNER_LIFETIME_SECONDS, get=True)))
            process, _, old_number = cast("bytes", before or b"").decode().rpartition(":")
            if process and process != self._process:
                told = {"account": account, "slot": slot, "number": old_number}
                await self._write(_key(strand, process), told)
        except (RedisError, OSError):
            return

    async def _write(self, key: str, fields: Mapping[str, str]) -> None:
        await awaited(cast("Any", self._redis.xadd(key, cast("Any", fields), maxlen=_ENTRIES)))
        await awaited(cast("Any", self._redis.expire(key, _LIFETIME_SECONDS)))


def superseded(entries: Sequence[object]) -> Iterator[Superseded]:
    """Read from entries of a control stream, as redis-py returns them, which connections have newer ones elsewhere."""
    for _, fields in cast("Sequence[tuple[bytes, Mapping[bytes, bytes]]]", entries):
        if b"account" in fields:
            yield Superseded(fields[b"account"].decode(), fields[b"slot"].decode(), fields[b"number"].decode())


def _key(strand: int, process: str) -> str:
    # The braces put it into the slot of the strand's own streams: one read takes both.
    return f"live_control:{{{strand}}}:{process}"
