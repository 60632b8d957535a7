"""Drivers' pings over a real gRPC channel, through the service's interceptors, into a real Redis."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis

from chassis.auth import CLOCK_SKEW_SECONDS, Actor, Role, TokenSigner, TokenVerifier, set_current_actor
from chassis.interceptors import ServiceInterceptor
from chassis.status import rpc_errors
from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.domain.city import VehicleClass
from matching_service.entrypoints.location_streams import LocationStreams, count_pings
from matching_service.use_cases.dispatch_ports import OpenShift
from matching_service.use_cases.report_locations import ReportLocations
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import driver_service_pb2, driver_service_pb2_grpc, rides_pb2
from shared_kernel.errors import Unauthenticated, Unavailable
from tests.fakes.matching_dispatch import NOON, FakeShifts, HandClock

DRIVER = uuid4()
TOKEN_SECONDS = 300


class Servicer:
    """The two RPCs of locations; the others of the service are not called here."""

    def __init__(self, streams: LocationStreams) -> None:
        self.streams = streams

    async def stream_locations(self, request_iterator: Any, context: Any) -> AsyncIterator[Any]:
        async for answer in self.streams.stream_locations(request_iterator):
            yield answer

    async def report_locations(self, request: Any, context: Any) -> Any:
        return await self.streams.report_locations(request)


class World:
    """A server, and what stands behind it."""

    def __init__(self, redis: Redis) -> None:
        self.clock = HandClock()
        self.shifts = FakeShifts({DRIVER: OpenShift(uuid4(), VehicleClass.ECONOMY)})
        self.locations = RedisLiveLocations(redis)
        self.report = ReportLocations(
            cities=FixedCities(load_city(None)),
            on_shift=self.shifts,
            locations=self.locations,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            max_pings_per_second=100,
            observe=count_pings,
        )
        self.streams = LocationStreams(self.report, self.clock)


@asynccontextmanager
async def serving(world: World, jwks_file: Path, token: str) -> AsyncGenerator[tuple[Any, grpc.aio.Metadata]]:
    server = grpc.aio.server(interceptors=(ServiceInterceptor(TokenVerifier.from_file(jwks_file, world.clock)),))
    servicer = Servicer(world.streams)
    service = driver_service_pb2.DESCRIPTOR.services_by_name["DriverService"].full_name
    handlers = {
        "StreamLocations": grpc.stream_stream_rpc_method_handler(
            servicer.stream_locations,
            driver_service_pb2.StreamLocationsRequest.FromString,
            driver_service_pb2.StreamLocationsResponse.SerializeToString,
        ),
        "ReportLocations": grpc.unary_unary_rpc_method_handler(
            servicer.report_locations,
            driver_service_pb2.ReportLocationsRequest.FromString,
            driver_service_pb2.ReportLocationsResponse.SerializeToString,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = driver_service_pb2_grpc.DriverServiceStub(channel)
            yield stub, grpc.aio.Metadata(("authorization", f"Bearer {token}"))
    finally:
        await server.stop(None)


@pytest.fixture
async def world(redis_url_for: Callable[[int], str]) -> AsyncIterator[World]:
    async with Redis.from_url(redis_url_for(14)) as redis:
        await redis.flushdb()
        yield World(redis)


@pytest.fixture
def driver_token(signing_keys: Path) -> str:
    return TokenSigner.from_dir(signing_keys, "cli", HandClock()).sign(str(DRIVER), Role.DRIVER, TOKEN_SECONDS)


def ping(sequence: int, seconds: float = 0, latitude: float = 37.7) -> rides_pb2.LocationPing:
    time = Timestamp()
    time.FromDatetime(NOON + timedelta(seconds=seconds))
    point = geo_point_pb2.GeoPoint(latitude=latitude, longitude=-122.4)
    return rides_pb2.LocationPing(point=point, measure_time=time, sequence=sequence, accuracy_meters=8)


def batch(*pings: rides_pb2.LocationPing) -> driver_service_pb2.StreamLocationsRequest:
    return driver_service_pb2.StreamLocationsRequest(pings=pings)


async def last_sequence(world: World, driver_id: UUID = DRIVER) -> int | None:
    position = await world.locations.last(driver_id)
    return None if position is None else position.sequence


async def test_server_that_leaves_sends_the_apps_of_open_streams_elsewhere(
    world: World, jwks_file: Path, driver_token: str
) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        open_one, late_one = stub.StreamLocations(metadata=metadata), stub.StreamLocations(metadata=metadata)
        await open_one.write(batch(ping(1)))
        assert (await open_one.read()).accepted_count == 1

        world.streams.leave()
        await late_one.write(batch(ping(2)))

        assert [await call.code() for call in (open_one, late_one)] == [grpc.StatusCode.UNAVAILABLE] * 2
        assert await last_sequence(world) == 1


async def test_server_that_leaves_first_answers_the_batch_it_has_in_hand(world: World) -> None:
    set_current_actor(Actor(Role.DRIVER, str(DRIVER), "token", "cli"))
    answers = world.streams.stream_locations(app_that_waits(ping(1)))
    assert (await anext(answers)).accepted_count == 1
    world.streams.leave()
    # Here grpc sends the answer, in the very task that serves the call.
    assert await last_sequence(world) == 1
    with pytest.raises(Unavailable) as ended:
        await anext(answers)
    assert ended.value.reason == "server_leaving"


async def app_that_waits(*pings: rides_pb2.LocationPing) -> AsyncIterator[driver_service_pb2.StreamLocationsRequest]:
    yield batch(*pings)
    await asyncio.Event().wait()


async def test_each_batch_of_a_stream_is_answered_once_its_position_is_kept(
    world: World, jwks_file: Path, driver_token: str
) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        call = stub.StreamLocations(metadata=metadata)
        await call.write(batch(ping(1), ping(2)))
        answer = await call.read()
        assert (answer.accepted_count, answer.dropped_count) == (2, 0)
        assert await last_sequence(world) == 2
        await call.write(batch(ping(2), ping(3, latitude=38.0)))
        answer = await call.read()
        assert (answer.accepted_count, answer.dropped_count) == (0, 2)
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def test_an_answer_tells_why_pings_were_dropped(world: World, jwks_file: Path, driver_token: str) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        pings = [ping(1), ping(1), ping(2, seconds=60), ping(3, seconds=-600), ping(4, seconds=1, latitude=38.0)]
        answer = await stub.ReportLocations(driver_service_pb2.ReportLocationsRequest(pings=pings), metadata=metadata)
        assert (answer.accepted_count, answer.dropped_count) == (1, 4)
        assert {(driver_service_pb2.PingVerdict.Name(item.verdict), item.count) for item in answer.dropped} == {
            ("PING_VERDICT_OUT_OF_ORDER", 1),
            ("PING_VERDICT_IN_THE_FUTURE", 1),
            ("PING_VERDICT_TOO_OLD", 1),
            ("PING_VERDICT_TOO_FAST", 1),
        }


async def test_the_single_call_and_the_stream_feed_one_location(
    world: World, jwks_file: Path, driver_token: str
) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        call = stub.StreamLocations(metadata=metadata)
        await call.write(batch(ping(5)))
        await call.read()
        request = driver_service_pb2.ReportLocationsRequest(pings=[ping(4), ping(6)])
        answer = await stub.ReportLocations(request, metadata=metadata)
        assert (answer.accepted_count, answer.dropped_count) == (1, 1)
        assert await last_sequence(world) == 6
        call.cancel()


async def test_a_stream_ends_when_the_shift_has_ended(world: World, jwks_file: Path, driver_token: str) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        call = stub.StreamLocations(metadata=metadata)
        await call.write(batch(ping(1)))
        await call.read()
        world.shifts.shifts.clear()
        world.clock.advance(5)
        await call.write(batch(ping(2, seconds=5)))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_stream_ends_with_the_token_that_it_was_opened_with(
    world: World, jwks_file: Path, driver_token: str
) -> None:
    until = TOKEN_SECONDS + CLOCK_SKEW_SECONDS
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        call = stub.StreamLocations(metadata=metadata)
        world.clock.advance(until - 1)
        await call.write(batch(ping(1, seconds=until - 1)))
        assert (await call.read()).accepted_count == 1

        world.clock.advance(1)
        await call.write(batch(ping(2, seconds=until)))
        with pytest.raises(Unauthenticated) as refused, rpc_errors():
            await call.read()
        assert refused.value.reason == "expired_token"
        assert await last_sequence(world) == 1


async def test_a_batch_of_more_than_a_hundred_is_refused(world: World, jwks_file: Path, driver_token: str) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        request = driver_service_pb2.ReportLocationsRequest(pings=[ping(n) for n in range(1, 102)])
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.ReportLocations(request, metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await last_sequence(world) is None


async def test_a_time_that_no_calendar_holds_is_refused(world: World, jwks_file: Path, driver_token: str) -> None:
    async with serving(world, jwks_file, driver_token) as (stub, metadata):
        wild = ping(1)
        wild.measure_time.seconds = 2**62
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.ReportLocations(driver_service_pb2.ReportLocationsRequest(pings=[wild]), metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_many_drivers_stream_at_once(world: World, jwks_file: Path, signing_keys: Path) -> None:
    drivers = [uuid4() for _ in range(20)]
    world.shifts.shifts |= {driver: OpenShift(uuid4(), VehicleClass.XL) for driver in drivers}
    signer = TokenSigner.from_dir(signing_keys, "cli", world.clock)

    async with serving(world, jwks_file, "") as (stub, _):

        async def drive(driver: UUID) -> None:
            token = signer.sign(str(driver), Role.DRIVER, TOKEN_SECONDS)
            call = stub.StreamLocations(metadata=grpc.aio.Metadata(("authorization", f"Bearer {token}")))
            for number in range(5):
                await call.write(batch(*(ping(10 * number + n) for n in range(1, 11))))
                assert (await call.read()).accepted_count == 10
            await call.done_writing()
            assert await call.code() is grpc.StatusCode.OK

        await asyncio.gather(*(drive(driver) for driver in drivers))
    assert [await last_sequence(world, driver) for driver in drivers] == [50] * 20
