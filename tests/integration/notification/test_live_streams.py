"""Live streams by gRPC through the service as it is put together: what is told, acknowledged, and told again."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.redis_client import open_redis
from jitney.stack.launch import Launcher
from jitney.stack.redis import EmbeddedRedis
from notification_service.settings import NotificationSettings
from ridesharing.matching.v1 import events_pb2 as matching
from ridesharing.matching.v1 import rides_pb2
from ridesharing.notification.v1 import delivery_service_pb2, delivery_service_pb2_grpc, notifications_pb2
from ridesharing.notification.v1 import live_service_pb2 as pb
from ridesharing.notification.v1.live_service_pb2_grpc import LiveServiceStub
from shared_kernel.errors import LimitExceeded
from tests.integration.edge.processes import edge_process
from tests.integration.edge.sse import listening
from tests.integration.embedded import free_port
from tests.integration.embedded import running as process_running
from tests.integration.notification.events import Story, publish
from tests.integration.notification.live_app import LiveApp, Phone, number_of, tell
from tests.integration.notification.test_process import eventually, running

_REDIS_DATABASE = 15
_UNACKNOWLEDGED = 4
_QUEUE = 8
_FLOOD = 300
Settings = Callable[..., NotificationSettings]


@dataclass(frozen=True)
class Town:
    """A running service, and those around it."""

    redis: Redis
    channel: grpc.aio.Channel
    signer: TokenSigner

    def phone(self, role: Role = Role.DRIVER) -> Phone:
        """A phone of somebody new."""
        return Phone(self.channel, self.signer, role=role)

    async def texts(self, phone: Phone) -> list[tuple[str, str]]:
        """State and reason of each SMS that is or was owed to somebody."""
        stub = delivery_service_pb2_grpc.DeliveryServiceStub(self.channel)
        answer = await stub.ListTimeline(
            delivery_service_pb2.ListTimelineRequest(account_id=str(phone.account_id)),
            metadata=forward_token(self.signer.sign(str(uuid4()), Role.OPERATOR, 600)),
        )
        return [
            (notifications_pb2.DeliveryState.Name(delivery.state).removeprefix("DELIVERY_STATE_"), delivery.reason)
            for entry in answer.entries
            for delivery in entry.deliveries
            if delivery.channel == notifications_pb2.CHANNEL_SMS
        ]


@pytest.fixture(scope="module")
def settings(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
) -> Settings:
    """Settings of a service; all share a store."""
    database_url = migrated_postgres_url("notification")

    def make(**others: Any) -> NotificationSettings:
        given: dict[str, Any] = {
            "redis_url": redis_url_for(_REDIS_DATABASE),
            "jwks_file": jwks_file,
            "signing_keys_dir": signing_keys,
            "notification_database_url": database_url,
            "notification_webhook_key": "00" * 32,
            "notification_stream_heartbeat_seconds": 0.2,
            "notification_stream_unacknowledged_max": _UNACKNOWLEDGED,
            "notification_stream_queue_size": _QUEUE,
            **others,
        }
        return NotificationSettings(**given)

    return make


@asynccontextmanager
async def town_of(settings: NotificationSettings, signing_keys: Path) -> AsyncGenerator[Town]:
    async with (
        aclosing(open_redis(settings.redis_url)) as redis,
        running(settings) as address,
        open_channel(str(address)) as channel,
    ):
        yield Town(redis, channel, TokenSigner.from_dir(signing_keys, "cli"))


@pytest.fixture(scope="module")
async def town(settings: Settings, signing_keys: Path) -> AsyncGenerator[Town]:
    async with town_of(settings(), signing_keys) as town:
        yield town


async def hear(app: LiveApp, count: int) -> list[tuple[int, str]]:
    """Read so many events and acknowledge each; their numbers and ids."""
    heard: list[tuple[int, str]] = []
    while len(heard) < count:
        event = await app.next()
        heard.append((number_of(event), event.event_id))
        await app.acknowledge(event.event_id)
    return heard


async def test_events_are_told_as_they_come_and_heartbeats_between_them(town: Town) -> None:
    phone = town.phone()
    async with phone.opened() as app:
        welcome = await app.hello()
        assert (welcome.account_id, welcome.is_resumed) == (str(phone.account_id), False)
        assert (await app.read()).HasField("heartbeat")
        entry = ""
        for number in range(2 * _UNACKNOWLEDGED):
            entry = await tell(town.redis, phone.account_id, number)
            assert await hear(app, 1) == [(number, entry)]
        await app.kept(entry)


async def test_nobody_hears_what_is_for_somebody_else(town: Town) -> None:
    mine, theirs = town.phone(), town.phone(Role.RIDER)
    async with mine.following() as my_app, theirs.following() as their_app:
        await tell(town.redis, theirs.account_id, 1)
        await tell(town.redis, mine.account_id, 2)
        assert number_of(await my_app.next()) == 2
        assert number_of(await their_app.next()) == 1


async def test_what_was_not_acknowledged_is_told_again_to_an_app_that_lost_its_state(town: Town) -> None:
    phone = town.phone()
    async with phone.following() as app:
        entries = [await tell(town.redis, phone.account_id, number) for number in range(3)]
        assert [number_of(await app.next()) for _ in range(3)] == [0, 1, 2]
        await app.acknowledge(entries[0])
        await app.kept(entries[0])
    await tell(town.redis, phone.account_id, 3)
    async with phone.opened() as app:
        welcome = await app.hello()
        assert (welcome.event_id, welcome.is_resumed) == (entries[0], True)
        assert [number for number, _ in await hear(app, 3)] == [1, 2, 3]


async def test_an_app_that_heard_nothing_before_it_broke_off_misses_nothing(town: Town) -> None:
    phone = town.phone()
    await tell(town.redis, phone.account_id, 0)
    async with phone.following():
        pass
    await tell(town.redis, phone.account_id, 1)
    async with phone.following() as app:
        assert number_of(await app.next()) == 1


async def test_another_phone_of_the_account_has_a_place_of_its_own(town: Town) -> None:
    phone = town.phone()
    other = Phone(town.channel, town.signer, phone.account_id)
    async with other.following():
        pass
    async with phone.following() as app:
        await tell(town.redis, phone.account_id, 1)
        [(_, entry)] = await hear(app, 1)
        await app.kept(entry)
    async with other.following() as app:
        assert number_of(await app.next()) == 1


async def test_an_app_that_knows_where_it_was_goes_on_from_there(town: Town) -> None:
    phone = town.phone()
    async with phone.following() as app:
        for number in range(3):
            await tell(town.redis, phone.account_id, number)
        heard = await hear(app, 3)
        await app.kept(heard[2][1])
    async with phone.following(heard[0][1]) as app:
        assert await hear(app, 2) == heard[1:]


@pytest.mark.parametrize("known", ["1-1", "9999999999999-0"])
async def test_a_gap_that_cannot_be_replayed_asks_to_read_the_state(town: Town, known: str) -> None:
    phone = town.phone()
    last = await tell(town.redis, phone.account_id, 0)
    async with phone.opened() as app:
        welcome = await app.hello(known)
        assert (welcome.event_id, welcome.is_resumed) == (last, False)
        await tell(town.redis, phone.account_id, 1)
        assert number_of(await app.next()) == 1


async def test_what_has_lost_its_meaning_is_not_told_and_holds_nothing_up(town: Town) -> None:
    phone = town.phone()
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    async with phone.following() as app:
        for number in range(2 * _UNACKNOWLEDGED):
            await tell(town.redis, phone.account_id, number, expires_at=past)
        await tell(town.redis, phone.account_id, 100)
        [(number, entry)] = await hear(app, 1)
        await app.kept(entry)
    assert number == 100


@pytest.fixture(scope="module")
def stream_url(settings: Settings, jwks_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The edge's own stream process, on the same Redis."""
    edge = {"jwks_file": jwks_file, "redis_url": settings().redis_url}
    with edge_process("stream", edge, tmp_path_factory.mktemp("stream")) as url:
        yield url


async def superseded(app: LiveApp) -> bool:
    error = await app.end()
    return error is not None and error.reason == "live_stream_superseded"


async def test_the_newest_connection_of_an_account_wins(town: Town) -> None:
    phone = town.phone()
    async with phone.following() as older, phone.following() as newer:
        assert await superseded(older)
        await tell(town.redis, phone.account_id, 1)
        assert number_of(await newer.next()) == 1


async def test_the_newest_connection_wins_over_servers(town: Town, settings: Settings, signing_keys: Path) -> None:
    phone = town.phone()
    async with (
        town_of(settings(), signing_keys) as elsewhere,
        phone.following() as older,
        phone.on(elsewhere.channel).following() as newer,
    ):
        assert await superseded(older)
        await tell(town.redis, phone.account_id, 1)
        assert number_of(await newer.next()) == 1


async def test_the_newest_connection_wins_over_protocols(town: Town, stream_url: str) -> None:
    phone = town.phone()
    bearer = {"Authorization": f"Bearer {town.signer.sign(str(phone.account_id), Role.DRIVER, 600)}"}
    async with phone.following() as older, listening(stream_url, bearer) as newer:
        assert (await newer.next()).type == "hello"
        assert await superseded(older)
        async with phone.following() as newest:
            while (await newer.next()).type != "superseded":
                continue
            await tell(town.redis, phone.account_id, 1)
            assert number_of(await newest.next()) == 1


async def test_an_acknowledged_event_calls_its_sms_off(town: Town) -> None:
    phone = town.phone(Role.RIDER)
    story = Story(rider_id=phone.account_id)
    async with phone.following() as app:
        ride = story.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
        await publish(town.redis, matching.RideAssigned(ride=ride))
        event = await app.next()
        assert (event.type, json.loads(event.data_json)["state"]) == ("ride_updated", "driver_en_route")
        assert await town.texts(phone) == [("PENDING", "")]
        await app.acknowledge(event.event_id)
        await app.kept(event.event_id)
    assert await town.texts(phone) == [("DROPPED", "acknowledged")]


async def test_what_an_app_names_when_it_comes_back_is_acknowledged(town: Town) -> None:
    phone = town.phone(Role.RIDER)
    story = Story(rider_id=phone.account_id)
    async with phone.following() as app:
        ride = story.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
        await publish(town.redis, matching.RideAssigned(ride=ride))
        event = await app.next()
    async with phone.following(event.event_id):

        async def called_off() -> bool | None:
            return await town.texts(phone) == [("DROPPED", "acknowledged")] or None

        assert await eventually(called_off)


async def test_what_is_not_acknowledged_keeps_its_sms(town: Town) -> None:
    phone = town.phone(Role.RIDER)
    story = Story(rider_id=phone.account_id)
    async with phone.following() as app:
        arrived = story.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
        await publish(town.redis, story.unmatched())
        await publish(town.redis, matching.RideAssigned(ride=arrived))
        first = await app.next()
        await app.next()
        await app.acknowledge(first.event_id)
        await app.kept(first.event_id)
    assert await town.texts(phone) == [("PENDING", "")]


async def test_strangers_hear_nothing(town: Town) -> None:
    stub: Any = LiveServiceStub(town.channel)
    for token, expected in (
        ("", grpc.StatusCode.UNAUTHENTICATED),
        ("x.y.z", grpc.StatusCode.UNAUTHENTICATED),
        (town.signer.sign(str(uuid4()), Role.OPERATOR, 600), grpc.StatusCode.PERMISSION_DENIED),
        (town.signer.sign(str(uuid4()), Role.SERVICE, 600), grpc.StatusCode.PERMISSION_DENIED),
        (town.signer.sign("nobody", Role.DRIVER, 600), grpc.StatusCode.UNAUTHENTICATED),
    ):
        # Nothing is sent: a client whose word crosses with the refusal is told of an internal error by grpc.aio.
        call = stub.FollowLive(metadata=forward_token(token) if token else None)
        assert await call.code() is expected


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], "hello_expected"),
        ([pb.FollowLiveRequest(acknowledgement=pb.LiveAcknowledgement(event_id="1-1"))], "hello_expected"),
        ([pb.FollowLiveRequest(hello=pb.LiveHello())] * 2, "acknowledgement_expected"),
        (
            [
                pb.FollowLiveRequest(hello=pb.LiveHello()),
                pb.FollowLiveRequest(acknowledgement=pb.LiveAcknowledgement(event_id="9999999999999-1")),
            ],
            "event_not_sent",
        ),
        ([pb.FollowLiveRequest(hello=pb.LiveHello(last_event_id="x"))], "invalid_argument"),
        ([pb.FollowLiveRequest()], "invalid_argument"),
    ],
    ids=["nothing", "no hello", "hello twice", "acknowledges the future", "no id", "no step"],
)
async def test_who_does_not_keep_to_the_contract_is_told_so(
    town: Town, steps: list[pb.FollowLiveRequest], reason: str
) -> None:
    async with town.phone().opened() as app:
        for step in steps:
            await app.write(step)
        if not steps:
            await app.close()
        error = await app.end()
    assert error is not None
    assert error.reason == reason


async def test_an_app_that_closes_its_side_ends_its_stream_in_good_order(town: Town) -> None:
    async with town.phone().following() as app:
        await app.close()
        assert await app.end() is None


async def test_an_app_that_acknowledges_nothing_is_sent_away_and_loses_nothing(
    settings: Settings, signing_keys: Path
) -> None:
    slow = settings(notification_stream_patience_seconds=2)
    async with town_of(slow, signing_keys) as town:
        phone = town.phone()
        async with phone.following() as app:
            for number in range(_UNACKNOWLEDGED + 3):
                await tell(town.redis, phone.account_id, number)
            assert [number_of(await app.next()) for _ in range(_UNACKNOWLEDGED)] == [0, 1, 2, 3]
            error = await app.end()
            assert error is not None
            assert (error.reason, error.retryable) == ("slow_client", True)
    async with town_of(settings(), signing_keys) as town, phone.on(town.channel).following() as app:
        assert [number for number, _ in await hear(app, _UNACKNOWLEDGED + 3)] == list(range(_UNACKNOWLEDGED + 3))


async def test_an_app_for_which_too_much_waits_is_sent_away_and_loses_nothing(town: Town) -> None:
    phone, total = town.phone(), _UNACKNOWLEDGED + 4 * _QUEUE
    async with phone.following() as app:
        for number in range(total):
            await tell(town.redis, phone.account_id, number)
        error = await app.end()
        assert error is not None
        assert error.reason == "slow_client"
    async with phone.following() as app:
        assert [number for number, _ in await hear(app, total)] == list(range(total))


async def test_an_app_that_reads_nothing_takes_no_place_for_long(settings: Settings, signing_keys: Path) -> None:
    roomy = settings(notification_stream_unacknowledged_max=500, notification_stream_connections_max=1)
    async with town_of(roomy, signing_keys) as town:
        phone, other = town.phone(), town.phone()
        async with phone.following() as app:
            # More than the transport holds back for who does not read.
            for number in range(_FLOOD):
                await tell(town.redis, phone.account_id, number, filler=50_000)

            async def other_has_a_place() -> bool | None:
                async with other.opened() as theirs:
                    try:
                        await theirs.hello()
                    except LimitExceeded:
                        return None
                return True

            assert await eventually(other_has_a_place)
            error = await app.end()
            assert error is not None
            assert error.reason == "slow_client"
        async with phone.following() as app:
            assert [number for number, _ in await hear(app, _FLOOD)] == list(range(_FLOOD))


async def test_streams_end_with_their_server_and_go_on_at_another(settings: Settings, signing_keys: Path) -> None:
    async with town_of(settings(), signing_keys) as town:
        phone = town.phone()
        leaving = running(settings())
        address = await leaving.__aenter__()
        async with open_channel(str(address)) as channel, phone.on(channel).following() as app:
            entry = await tell(town.redis, phone.account_id, 0)
            await hear(app, 1)
            # An acknowledgement that is on its way when the server leaves may be lost: its event comes again.
            await app.kept(entry)
            stopping = asyncio.create_task(leaving.__aexit__(None, None, None))
            error = await app.end()
            await stopping
            assert error is not None
            assert (error.reason, error.retry_after_seconds) == ("server_leaving", 1.0)
        await tell(town.redis, phone.account_id, 1)
        async with phone.opened() as app:
            assert (await app.hello()).event_id == entry
            assert number_of(await app.next()) == 1


@pytest.mark.parametrize("forgets", [False, True], ids=["keeps its data", "loses its data"])
async def test_streams_outlive_a_restart_of_redis(
    settings: Settings, signing_keys: Path, tmp_path: Path, forgets: bool
) -> None:
    server = EmbeddedRedis(tmp_path / "redis", "127.0.0.1", free_port(), "secret")
    server.create()
    with Launcher() as launcher:
        first = process_running(launcher, server.spec(), tmp_path / "redis.log")
        first.__enter__()
        async with town_of(settings(redis_url=server.url()), signing_keys) as town:
            phone = town.phone()
            async with phone.following() as app:
                entry = await tell(town.redis, phone.account_id, 1)
                assert await hear(app, 1) == [(1, entry)]
                await app.kept(entry)
                await tell(town.redis, phone.account_id, 2)
                assert number_of(await app.next()) == 2
                first.__exit__(None, None, None)
                if forgets:
                    for file in (tmp_path / "redis").rglob("*.aof"):
                        os.truncate(file, 0)
                    for file in (tmp_path / "redis").rglob("*.manifest"):
                        file.unlink()
                with process_running(launcher, server.spec(), tmp_path / "redis.log"):
                    async with Redis.from_url(server.url()) as redis:
                        if forgets:
                            assert (await app.next_but_heartbeats()).HasField("resync")
                        last = await tell(redis, phone.account_id, 3)
                        [(number, _)] = await hear(app, 1)
                        assert number == 3
                        await app.kept(last)
                        await tell(redis, phone.account_id, 4)
                    async with phone.following() as again:
                        assert number_of(await again.next()) == 4
