"""The run: events come three times each and codes are asked for, while the service is killed again and again."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis
from sqlalchemy import text

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from chassis.database import Database
from chassis.redis_client import awaited, open_redis
from ridesharing.notification.v1 import notification_service_pb2, notification_service_pb2_grpc
from tests.arrivals.sights import Due, Verdict, compare, owed_by
from tests.arrivals.zygote import Zygote, zygote
from tests.integration.embedded import TestPostgres, free_port
from tests.integration.notification.events import Story, publish, stream_of

COPIES = 3
_QUIET_SECONDS = 240.0
_GROUP = "notification"


@dataclass(frozen=True)
class Ground:
    """Where things are."""

    postgres: TestPostgres
    redis_url: str
    sandbox_url: str
    keys: Path
    folder: Path


@dataclass(frozen=True)
class Plan:
    """How much, and how often it is killed. `kill_after_seconds` bounds a life, from its start on."""

    kills: int
    events_a_second: float
    codes: int
    seed: int
    kill_after_seconds: tuple[float, float] = (0.05, 2.5)


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    kills: int
    seconds: float
    settled_seconds: float
    verdict: Verdict

    def lines(self) -> list[str]:
        """Describe it."""
        v = self.verdict
        return [
            f"{self.kills} kills in {self.seconds:.0f} s, {v.events} events, each published {COPIES} times, "
            f"{v.deliveries} messages owed; settled {self.settled_seconds:.1f} s after the last kill",
            f"events lost {len(v.lost)}, out of order per ride {len(v.out_of_order)}, visible twice in an inbox "
            f"{len(v.twice_in_an_inbox)}",
            f"sent {v.sent} to live streams and {v.texts} by SMS; duplicates sent {v.duplicates} + "
            f"{v.text_duplicates} = {100 * v.duplicate_share:.2f} % (limit 1 %); dropped as stale {dict(v.dropped)}",
        ]


class Run:
    """One run on one database."""

    def __init__(self, ground: Ground, plan: Plan) -> None:
        self._ground = ground
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._address = f"127.0.0.1:{free_port()}"
        self._url = ground.postgres.migrated("notification")
        self._owed: list[Due] = []
        self._codes: dict[str, str] = {}
        self._streams: set[str] = set()
        self._over = asyncio.Event()
        self._environment = {
            "JITNEY_NOTIFICATION_DATABASE_URL": self._url,
            "JITNEY_NOTIFICATION_LISTEN": self._address,
            "JITNEY_NOTIFICATION_WEBHOOK_KEY": "00" * 32,
            "JITNEY_NOTIFICATION_METRICS_LISTEN": "127.0.0.1:0",
            "JITNEY_NOTIFICATION_SMS_URL": f"{ground.sandbox_url}/sms",
            "JITNEY_REDIS_URL": ground.redis_url,
            "JITNEY_JWKS_FILE": str(ground.keys / "jwks.json"),
            "JITNEY_SIGNING_KEYS_DIR": str(ground.keys),
            "JITNEY_LOG_LEVEL": "error",
        }

    async def __call__(self) -> Outcome:
        """Run it and compare."""
        database, redis = Database(self._url, 4, name="arrivals"), open_redis(self._ground.redis_url)
        began = time.monotonic()
        try:
            async with zygote("notification_service", self._ground.folder / "service.log") as lives:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._publish(redis))
                    group.create_task(self._ask_for_codes())
                    last = group.create_task(self._kill(lives))
                pid, killed = last.result()
                await self._settle(database, redis)
                settled = time.monotonic()
                await lives.end(pid, signal.SIGTERM)
            verdict = await compare(self._owed, self._codes, database, redis, self._ground.sandbox_url)
            return Outcome(self._plan.kills, killed - began, settled - killed, verdict)
        finally:
            await redis.aclose()
            await database.dispose()

    async def _publish(self, redis: Redis) -> None:
        """Publish rides beside each other, each event once in its order and twice more at any later time."""
        pause = 1 / (self._plan.events_a_second * COPIES)
        again: list[tuple[Message, UUID]] = []
        rides: list[list[Message]] = []
        while not self._over.is_set():
            if len(rides) < 20:
                rides.append(list(_story()))
            ride = self._random.choice(rides)
            message, event_id = ride.pop(0), uuid4()
            if not ride:
                rides.remove(ride)
            self._owed += owed_by(event_id, message)
            await self._put(redis, message, event_id)
            again += [(message, event_id)] * (COPIES - 1)
            await asyncio.sleep(pause)
            while len(again) > 40:
                await self._put(redis, *again.pop(self._random.randrange(len(again))))
                await asyncio.sleep(pause)
        for message, event_id in [*again]:
            await self._put(redis, message, event_id)

    async def _put(self, redis: Redis, message: Message, event_id: UUID) -> None:
        self._streams.add(stream_of(message))
        await publish(redis, message, event_id=event_id)

    async def _ask_for_codes(self) -> None:
        """Ask for codes with keys, as identity does: again with the same key until there is an answer."""
        signer = TokenSigner.from_dir(self._ground.keys, "identity")
        async with open_channel(self._address, signer) as channel:
            stub = notification_service_pb2_grpc.NotificationServiceStub(channel)
            for number in range(self._plan.codes):
                code, phone = f"{self._random.randrange(10**6):06d}", f"+1415{6_000_000 + number}"
                self._codes[code] = phone
                await self._ask(stub, phone, code)
                await asyncio.sleep(0.02)

    async def _ask(self, stub: Any, phone: str, code: str) -> None:
        expires = Timestamp()
        expires.FromDatetime(datetime.now(UTC) + timedelta(minutes=5))
        request = notification_service_pb2.SendOneTimeCodeRequest(
            request_id=str(uuid4()), phone_number=phone, code=code, locale="en", expire_time=expires
        )
        async with asyncio.timeout(_QUIET_SECONDS):
            while True:
                try:
                    await stub.SendOneTimeCode(request, timeout=2)
                    return
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.05)

    async def _kill(self, lives: Zygote) -> tuple[int, float]:
        """Kill life after life; return the one that is left to live, and when the last kill was."""
        try:
            for _ in range(self._plan.kills):
                pid = await lives.start(self._environment)
                await asyncio.sleep(self._random.uniform(*self._plan.kill_after_seconds))
                if await lives.end(pid, signal.SIGKILL) != -signal.SIGKILL:
                    raise RuntimeError("the service ended before it was killed")
            return await lives.start(self._environment), time.monotonic()
        finally:
            self._over.set()

    async def _settle(self, database: Database, redis: Redis) -> None:
        """Wait until all events are acknowledged and no delivery is owed any more."""
        async with asyncio.timeout(_QUIET_SECONDS):
            while not await self._quiet(database, redis):  # noqa: ASYNC110 (it is the service that is asked)
                await asyncio.sleep(0.1)

    async def _quiet(self, database: Database, redis: Redis) -> bool:
        commands: Any = redis
        for stream in sorted(self._streams):
            groups = await awaited(commands.xinfo_groups(stream))
            group = next((each for each in groups if each["name"] == _GROUP.encode()), None)
            last = (await awaited(commands.xinfo_stream(stream)))["last-generated-id"]
            if group is None or group["pending"] or group["last-delivered-id"] != last:
                return False
        async with database.connect() as connection:
            owed = await connection.scalar(
                # Mail waits for addresses: identity, which knows them, has no part in this.
                text(
                    "SELECT count(*) FROM delivery "
                    "WHERE state = 'pending' AND NOT unless_acknowledged AND channel <> 'email'"
                )
            )
        return owed == 0


def _story() -> Sequence[Message]:
    """A whole ride; the words of each are the rider's own, so that a repeated one would be seen."""
    return Story().a_whole_ride()
