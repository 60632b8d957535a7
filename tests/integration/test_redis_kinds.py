"""All that uses Redis, on a Cluster of six nodes and on a master under Sentinels; masters are killed midway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from chassis.auth import Actor, Role
from chassis.database import Database
from chassis.live_entries import strand_of, stream_key
from chassis.live_hub import Hub
from chassis.live_replay import resume
from chassis.live_subscription import Sign, Subscription
from chassis.redis_client import awaited, open_redis, open_redis_for_batches, open_redis_for_reading, ping
from chassis.redis_scripts import Script
from matching_service.adapters.h3_cells import H3Cells
from matching_service.adapters.location_layout import location_key
from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.redis_surge import RedisSurge
from matching_service.adapters.shard_cells import shard_at
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.domain.surge import CellSurge, SurgeControl
from matching_service.use_cases.dispatch_ports import Claim
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.domain.sending import Accepted
from rider_api.rest.rate_limits import Pace, RateLimits
from rider_api.rest.replays import Claim as KeyClaim
from rider_api.rest.replays import KeptAnswer, Replays
from rider_api.rest.shared_redis import SharedRedis
from rider_api.rest.ticket_office import TicketOffice
from rider_api.settings import RestSettings
from rider_api.tickets import ticket_key
from shared_kernel.clock import SystemClock
from shared_kernel.errors import Unavailable
from shared_kernel.geo import GeoPoint
from tests.contracts.notification.worlds import stream_message
from tests.integration.chassis.stores import METADATA, STREAM, Stores, Taker, eventually, running
from tests.integration.redis_kinds import Node, SentinelTrio, SixNodes, sentinel_trio, six_nodes, until

DRIVERS = 240
EVENTS = 300


class Ground(Protocol):
    """Several servers behind one URL."""

    @property
    def url(self) -> str: ...

    def rejoin(self, node: Node) -> None: ...


@pytest.fixture(scope="module")
def cluster() -> Iterator[SixNodes]:
    with six_nodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def sentinels() -> Iterator[SentinelTrio]:
    with sentinel_trio() as trio:
        yield trio


@pytest.fixture(scope="module", params=["cluster", "sentinels"])
def ground(request: pytest.FixtureRequest) -> Ground:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def redis(ground: Ground) -> AsyncGenerator[Redis]:
    client = open_redis(ground.url)
    yield client
    await client.aclose()


@pytest.fixture
async def cluster_redis(cluster: SixNodes) -> AsyncGenerator[Redis]:
    client = open_redis(cluster.url)
    yield client
    await client.aclose()


def master_of(ground: Ground, key: str) -> Node:
    return ground.master_of(key) if isinstance(ground, SixNodes) else cast("SentinelTrio", ground).master()


async def bring_back(node: Node, ground: Ground) -> None:
    """Start a killed server again, and wait until all is as before."""
    await asyncio.to_thread(ground.rejoin, node)


def drivers(count: int, second: float = 0.0, sequence: int = 1) -> list[DriverPosition]:
    """Drivers all over the place, so that their cells lie on all masters."""
    at = datetime.now(UTC).timestamp() + second
    return [
        DriverPosition(UUID(int=n + 1), 37.0 + n % 24 / 10, -122.4 + n // 24 / 10, at, sequence, VehicleClass.XL, 1)
        for n in range(count)
    ]


async def test_events_outlive_the_death_of_their_streams_master(
    ground: Ground, redis: Redis, postgres_url: Callable[[str], str]
) -> None:
    database = Database(postgres_url("kinds"), pool_size=8)
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    stores = Stores(database, redis)
    taker = Taker(stores)
    numbers = [str(number) for number in range(EVENTS)]
    victim = await asyncio.to_thread(master_of, ground, STREAM)
    async with running(stores.relay().run(), stores.consumer(taker, claim_idle_seconds=1.0).run()):
        for number in numbers[: EVENTS // 3]:
            await stores.append(number)
        await eventually(lambda: len(taker.taken) > 20)
        victim.kill()
        for number in numbers[EVENTS // 3 :]:
            await stores.append(number)
        await eventually(lambda: len(taker.taken) == EVENTS, seconds=40)
    assert sorted(taker.taken, key=int) == numbers
    await redis.delete(STREAM)
    await database.dispose()
    await bring_back(victim, ground)


async def test_no_driver_is_lost_when_the_master_of_a_cell_dies(ground: Ground, redis: Redis) -> None:
    locations = RedisLiveLocations(redis)
    first = drivers(DRIVERS)
    assert await locations.record(first) == [RecordOutcome.RECORDED] * DRIVERS
    assert {each.driver_id for each in await locations.snapshot()} == {each.driver_id for each in first}
    cell = shard_at(first[0].latitude, first[0].longitude)
    victim = await asyncio.to_thread(master_of, ground, location_key(cell))
    victim.kill()
    refused, newest = 0, first
    for second in range(1, 500):
        # As their apps do: told again until it is heard.
        newest = drivers(DRIVERS, second / 100, sequence=1 + second)
        try:
            await locations.record(newest)
            break
        except Unavailable:
            refused += 1
            await asyncio.sleep(0.05)
    assert refused
    known = {each.driver_id: each.sequence for each in await locations.snapshot()}
    assert known == {each.driver_id: each.sequence for each in newest}
    # A driver who crosses over to a cell of another master is in one place.
    moved = newest[0]._replace(latitude=38.9, sequence=newest[0].sequence + 1)
    assert await locations.record([moved]) == [RecordOutcome.RECORDED]
    assert await locations.last(moved.driver_id) is not None
    assert [each.latitude for each in await locations.snapshot() if each.driver_id == moved.driver_id] == [38.9]
    for each in newest:
        await locations.forget(each.driver_id)
    assert list(await locations.snapshot()) == []
    assert await locations.trim(datetime.now(UTC) + timedelta(minutes=5)) == 0
    await bring_back(victim, ground)


async def test_reservations_over_many_cells_are_won_once(redis: Redis) -> None:
    everyone = drivers(DRIVERS)
    claims = [Claim(driver, "shard", 7) for driver in everyone]
    reservations = RedisReservations(redis)
    shares = [claims[offset:] + claims[:offset] for offset in range(0, DRIVERS, 40)]
    won = await asyncio.gather(*(reservations.reserve(share, 30) for share in shares))
    assert sum(len(each) for each in won) == DRIVERS
    await reservations.release(claims)
    assert len(await reservations.reserve(claims, 30)) == DRIVERS
    await reservations.release(claims)


async def test_surge_is_written_as_a_whole(redis: Redis) -> None:
    cells = H3Cells()
    surge, point = RedisSurge(redis, cells), GeoPoint(37.7, -122.4)
    assert await surge.lead("one", 5)
    assert not await surge.lead("two", 5)
    now = datetime.now(UTC)
    await surge.write("here", {cells.cell_of(point): CellSurge(1500, 1.5)}, SurgeControl(), now, 60)
    assert await surge.permille_at("here", point) == 1500
    computed_at, _, found = await surge.read("here")
    assert (computed_at, len(found)) == (now, 1)
    await surge.write("here", {}, SurgeControl(), now, 60)
    assert await surge.permille_at("here", point) == 1000


async def test_a_script_that_a_server_forgot_is_sent_again(ground: Ground, redis: Redis) -> None:
    count = Script(redis, "return redis.call('INCR', KEYS[1])")
    key = f"count:{uuid4()}"
    assert await count([key], []) == 1
    (await asyncio.to_thread(master_of, ground, key)).ask("SCRIPT", "FLUSH")
    assert await count([key], []) == 2
    (await asyncio.to_thread(master_of, ground, key)).ask("SCRIPT", "FLUSH")
    async with redis.pipeline(transaction=False) as pipeline:
        await count([key], [], pipeline)
        assert await pipeline.execute() == [3]


async def heard(subscription: Subscription, notification_id: str) -> bool:
    """Wait for an event; before it the client may be told to read anew."""
    async with asyncio.timeout(20):
        while True:
            await subscription.stirring(20)
            items, goes_on = subscription.take()
            if any(item is not Sign.RESYNC and item.notification_id == notification_id for item in items):
                return True
            assert goes_on, f"the stream ended: {subscription.ending}"


async def test_live_streams_of_all_strands_go_on_after_a_master_died(ground: Ground, redis: Redis) -> None:
    reader, batches = open_redis_for_reading(ground.url), open_redis_for_batches(ground.url)
    # Room for all that is sent again while a master is away: a message whose answer was lost is there twice.
    hub, sender = Hub(reader, redis, SystemClock(), uuid4(), 10_000), LiveStreamSender(batches)
    posts = [stream_message() for _ in range(48)]
    strands = {strand_of(post.target.address) for post in posts}
    assert len(strands) > 10

    async def send(number: int) -> None:
        async def sent() -> bool:
            return await sender.send(posts[number].message, posts[number].target) == Accepted()

        await eventually(sent, seconds=30)

    async with running(hub.run()):
        subscriptions = [hub.subscribe(post.target.address, (0, 0)) for post in posts]
        await asyncio.gather(*map(send, range(len(posts))))
        told = [heard(each, str(post.message.notification_id)) for each, post in zip(subscriptions, posts, strict=True)]
        assert all(await asyncio.gather(*told))
        position = (await resume(redis, posts[0].target.address, "")).position
        assert position == subscriptions[0].position

        victim = await asyncio.to_thread(master_of, ground, stream_key(posts[0].target.address))
        victim.kill()
        posts = [replace(each, message=stream_message().message) for each in posts]
        await asyncio.gather(*map(send, range(len(posts))))
        told = [heard(each, str(post.message.notification_id)) for each, post in zip(subscriptions, posts, strict=True)]
        assert all(await asyncio.gather(*told))
        hub.close()
    await reader.aclose()
    await batches.aclose()
    await bring_back(victim, ground)


async def test_the_newest_connection_wins_between_processes_on_a_cluster(
    cluster: SixNodes, cluster_redis: Redis
) -> None:
    readers = [open_redis_for_reading(cluster.url) for _ in range(2)]
    first, second = (Hub(reader, cluster_redis, SystemClock(), uuid4(), 64) for reader in readers)
    account = str(uuid4())
    async with running(first.run(), second.run()):
        older = first.subscribe(account, (0, 0))
        key = f"live_owner:{account}:me"

        async def is_known() -> bool:
            return bool(await awaited(cast("Any", cluster_redis.get(key))))

        await eventually(is_known)
        newer = second.subscribe(account, (0, 0))
        await asyncio.wait_for(older.until_ended(), 60)
        assert newer.ending is None
        first.close()
        second.close()
    for reader in readers:
        await reader.aclose()


@pytest.fixture
def edge_settings_of(jwks_file: Path, signing_keys: Path) -> Callable[[str], RestSettings]:
    values = {"jwks_file": jwks_file, "signing_keys_dir": signing_keys, "rest_codes_per_minute": 2}
    return lambda url: RestSettings.model_validate({**values, "redis_url": url})


async def test_the_edge_counts_replays_and_sells_tickets(
    ground: Ground, redis: Redis, edge_settings_of: Callable[[str], RestSettings]
) -> None:
    shared, office = SharedRedis(ground.url), TicketOffice(ground.url)
    limits, replays = RateLimits(shared, edge_settings_of(ground.url)), Replays(shared, b"k" * 32)
    caller, key = str(uuid4()), str(uuid4())

    def use() -> None:
        assert [limits.hit(Pace.CODE, caller).allowed for _ in range(3)] == [True, True, False]
        asked: dict[str, Any] = {"principal": caller, "route": "r", "key": key, "digest": b"d" * 32, "seconds": 5}
        claim = replays.claim(**asked)
        assert isinstance(claim, KeyClaim)
        replays.settle(claim, 200, {}, b"{}")
        assert replays.claim(**asked) == KeptAnswer(200, {}, b"{}")
        assert office.answers()

    await asyncio.to_thread(use)
    ticket = await asyncio.to_thread(office.sell, Actor(Role.RIDER, caller, "token", "identity"))
    assert await awaited(cast("Any", redis.getdel(ticket_key(ticket))))


def asks_of(node: Node) -> int:
    """How many scripts a node was asked to run."""
    told = cast("dict[str, dict[str, int]]", node.ask("INFO", "commandstats"))
    return sum(
        told.get(f"cmdstat_{name}", {}).get("calls", 0) + told.get(f"cmdstat_{name}", {}).get("rejected_calls", 0)
        for name in ("evalsha", "eval")
    )


def owner_of(node: Node, slot: int) -> tuple[str, int]:
    """Whose a slot is, as a node knows."""
    for first, last, (host, port, *_), *_ in cast("list[Any]", node.ask("CLUSTER SLOTS")):
        if first <= slot <= last:
            return host.decode(), port
    raise LookupError(slot)


async def test_a_slot_may_move_while_it_is_used(cluster: SixNodes, cluster_redis: Redis) -> None:
    key = f"moved:{uuid4()}"
    count = Script(cluster_redis, "return redis.call('INCR', KEYS[1])")
    assert await count([key], []) == 1
    source = await asyncio.to_thread(cluster.master_of, key)
    target = next(node for node in cluster.nodes if node.is_master() and node is not source)
    slot = int(source.ask("CLUSTER", "KEYSLOT", key))
    ids = {node: cast("bytes", node.ask("CLUSTER", "MYID")).decode() for node in (source, target)}
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    source.ask("MIGRATE", *target.address, key, 0, 60_000, "AUTH", cluster.password)
    assert await count([key], []) == 2  # asked of the target
    async with cluster_redis.pipeline(transaction=False) as pipeline:
        await count([key], [], pipeline)
        assert await pipeline.execute() == [3]
    for node in (target, source):
        node.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[target])
    await asyncio.to_thread(
        until, lambda: all(owner_of(node, slot) == target.address for node in cluster.nodes), "all agree"
    )
    asked = await asyncio.to_thread(asks_of, source)
    assert [await count([key], []) for _ in range(3)] == [4, 5, 6]  # moved for good
    assert await asyncio.to_thread(asks_of, source) == asked + 1  # who was told once knows
    assert cluster.master_of(key) is target


async def test_a_cluster_is_there_while_some_nodes_are(cluster: SixNodes, cluster_redis: Redis) -> None:
    await ping(cluster_redis)
    victim = next(node for node in cluster.nodes if node.is_master())
    victim.kill()
    for _ in range(20):
        await ping(cluster_redis)
    await bring_back(victim, cluster)


async def test_without_a_cluster_errors_are_of_the_family_that_callers_know() -> None:
    absent = open_redis("redis+cluster://127.0.0.1:1,127.0.0.1:2")
    with pytest.raises(Unavailable):
        await RedisLiveLocations(absent).snapshot()
    with pytest.raises(Unavailable):
        await RedisLiveLocations(absent).record(drivers(3))
    with suppress(Unavailable):
        await RedisReservations(absent).reserve([Claim(driver, "s", 1) for driver in drivers(3)], 1)
    await absent.aclose()
    shared = SharedRedis("redis+cluster://127.0.0.1:1")
    assert await asyncio.to_thread(shared.ask, lambda client: client.get("x")) is None
    assert shared.rests
    assert not await asyncio.to_thread(TicketOffice("redis+cluster://127.0.0.1:1").answers)
