"""What `jitney bench events` plays: transactions with events at a pace, and drivers' live streams that are read."""

import asyncio
import importlib
import time
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis

from chassis.database import Database
from chassis.live_entries import stream_key
from chassis.outbox import OutgoingEvent, row_of
from chassis.redis_client import open_redis
from chassis.relay import OutboxRelay
from chassis.runtime import Wakeup
from ridesharing.common.v1.geo_point_pb2 import GeoPoint, Place
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.matching.v1 import events_pb2, rides_pb2
from shared_kernel.ids import to_public_id

DRIVERS = 200
_WRITERS = 16
_SETTLE_SECONDS = 20.0
_LIFE_SECONDS = 60
_SCRATCH = "CREATE TABLE IF NOT EXISTS bench_offer (offer_id uuid PRIMARY KEY, ride_id uuid, driver_id uuid, note text)"
_ROW = "INSERT INTO bench_offer VALUES ($1, $2, $3, $4)"
# One statement, as services write that want a transaction to cost one trip; the outbox's columns in their order.
_ROW_AND_EVENT = """
WITH written AS (INSERT INTO bench_offer VALUES ($1, $2, $3, $4))
INSERT INTO outbox (id, type, aggregate_id, aggregate_version, occurred_at, traceparent, payload)
VALUES ($5, $6, $7, $8, $9, '', $10)
"""


@dataclass
class Seen:
    """What became of the events of one stretch; times in seconds, ascending."""

    asked_per_second: float
    per_second: float = 0.0
    to_consumer: list[float] = field(default_factory=list[float])
    to_stream: list[float] = field(default_factory=list[float])
    missing: int = 0


class EventLoad:
    """Writes transactions into matching's database and reads what reaches the drivers."""

    def __init__(self, matching_url: str, notification_url: str, redis_url: str) -> None:
        self._matching_url, self._notification_url = matching_url, notification_url
        self._redis: Redis = open_redis(redis_url)
        self._reading: Redis = open_redis(redis_url)
        self._drivers = [uuid4() for _ in range(DRIVERS)]
        self._arrived: dict[str, float] = {}
        self._positions = {stream_key(str(driver)): "0" for driver in self._drivers}

    async def __aenter__(self) -> "EventLoad":
        self._pool = await asyncpg.create_pool(self._matching_url, min_size=_WRITERS, max_size=_WRITERS)
        await self._pool.execute(_SCRATCH)
        outbox = importlib.import_module("matching_service.adapters.tables").outbox
        self._database = Database(self._matching_url, 2, name="bench")
        self._wakeup = Wakeup()
        relay = OutboxRelay(self._database, outbox, self._redis, "events:matching", self._wakeup)
        self._tasks = [asyncio.create_task(relay.run()), asyncio.create_task(self._read())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()
        await self._database.dispose()
        await self._redis.aclose()
        await self._reading.aclose()

    async def stretch(self, per_second: float, seconds: float, *, events: bool = True) -> Seen:
        """Write so many transactions a second, and wait until their events have arrived."""
        committed: dict[UUID, tuple[float, str]] = {}
        seen = Seen(per_second)
        began = time.perf_counter()
        count = int(per_second * seconds)
        numbers = iter(range(count))

        async def write() -> None:
            for number in numbers:
                await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
                await self._write(committed, self._drivers[number % DRIVERS], events=events)

        await asyncio.gather(*(write() for _ in range(_WRITERS)))
        seen.per_second = count / (time.perf_counter() - began)
        if events:
            await self._collect(committed, seen)
        return seen

    async def _write(self, committed: dict[UUID, tuple[float, str]], driver: UUID, *, events: bool) -> None:
        offer_id, ride_id = uuid4(), uuid4()
        row = (offer_id, ride_id, driver, "an offer as long as such rows are" * 4)
        if not events:
            await self._pool.execute(_ROW, *row)
            return
        event = row_of(_offer_created(offer_id, ride_id, driver))
        columns = ("id", "type", "aggregate_id", "aggregate_version", "occurred_at", "payload")
        await self._pool.execute(_ROW_AND_EVENT, *row, *(event[name] for name in columns))
        committed[cast("UUID", event["id"])] = (time.time(), to_public_id("offer", offer_id))
        self._wakeup.wake()

    async def _collect(self, committed: dict[UUID, tuple[float, str]], seen: Seen) -> None:
        deadline = time.perf_counter() + _SETTLE_SECONDS
        expected = {public for _, public in committed.values()}
        while time.perf_counter() < deadline and not expected <= self._arrived.keys():  # noqa: ASYNC110 (a process is awaited)
            await asyncio.sleep(0.05)
        taken = await self._taken_in()
        for event_id, (at, public) in committed.items():
            arrived, consumed = self._arrived.get(public), taken.get(str(event_id))
            if arrived is None or consumed is None:
                seen.missing += 1
                continue
            seen.to_consumer.append(max(0.0, consumed - at))
            seen.to_stream.append(max(0.0, arrived - at))
        seen.to_consumer.sort()
        seen.to_stream.sort()

    async def _taken_in(self) -> dict[str, float]:
        """Return when the consumer had each event in its hands."""
        connection = await asyncpg.connect(self._notification_url)
        try:
            rows = await connection.fetch(
                "SELECT split_part(dedupe_key, ':', 1) AS event_id, created_at FROM notification WHERE priority = 1"
            )
            return {row["event_id"]: row["created_at"].timestamp() for row in rows}
        finally:
            await connection.close()

    async def _read(self) -> None:
        """Read all drivers' live streams at once, as the edge does."""
        client: Any = self._reading
        while True:
            answer = await client.xread(dict(self._positions), count=100, block=1_000)
            now = time.time()
            parts = answer.items() if isinstance(answer, dict) else answer or ()
            for raw_key, entries in parts:
                rows = entries[0] if entries and isinstance(entries[0], list) else entries
                for entry_id, fields in rows:
                    self._positions[raw_key.decode()] = entry_id.decode()
                    self._arrived[_offer_of(fields[b"data"])] = now

    async def queue_marketing(self, count: int) -> None:
        """Lay so many marketing messages into the queue of the live streams."""
        connection = await asyncpg.connect(self._notification_url)
        try:
            await connection.execute(_MARKETING, count)
            await connection.execute("ANALYZE notification")
            await connection.execute("ANALYZE delivery")
        finally:
            await connection.close()


_MARKETING = """
WITH owed AS (
    INSERT INTO notification (notification_id, dedupe_key, account_id, topic, priority, in_inbox, title, body,
                              live_type, live_data, created_at, expires_at, marketing_on)
    SELECT gen_random_uuid(), 'bench:' || n, gen_random_uuid(), 'promotion', 3, true, 'News', 'A ride on us',
           'notification', '{"id":"promotion"}', now(), now() + interval '1 day', current_date
    FROM generate_series(1, $1::int) AS n
    RETURNING notification_id, account_id)
INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, account_id, next_attempt_at)
SELECT gen_random_uuid(), notification_id, 'stream', account_id::text, 'pending', 3, account_id, now() FROM owed
"""


def _offer_created(offer_id: UUID, ride_id: UUID, driver: UUID) -> OutgoingEvent:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    expires = Timestamp()
    expires.FromDatetime(now + timedelta(seconds=_LIFE_SECONDS))
    offer = rides_pb2.Offer(
        offer_id=str(offer_id),
        ride_id=str(ride_id),
        driver_id=str(driver),
        state=rides_pb2.OFFER_STATE_OPEN,
        expire_time=expires,
        pickup=Place(point=GeoPoint(latitude=37.8087, longitude=-122.4098), address="Pier 39"),
        dropoff=Place(point=GeoPoint(latitude=37.7793, longitude=-122.4193), address="City Hall"),
        pickup_eta_seconds=200,
        distance_meters=4_200,
        earnings=Money(currency_code="USD", amount_minor=1_620),
    )
    return OutgoingEvent(uuid4(), ride_id, 3, now, events_pb2.OfferCreated(offer=offer))


def _offer_of(data: bytes) -> str:
    """Return the id of an offer in a live event, without reading all of it."""
    begin = data.find(b'"id":"offer_') + 6
    return data[begin : begin + 32].decode() if begin > 5 else ""
