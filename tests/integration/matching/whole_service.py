"""The service as it is put together, and what riders, drivers and other services do to it over gRPC."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar, cast
from unittest.mock import patch
from uuid import UUID

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token
from chassis.settings import Address
from chassis.status import from_rpc_error
from matching_service.bootstrap import build, servicers
from matching_service.settings import MatchingSettings
from matching_service.use_cases.request_ride import RequestRide
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import (
    city_service_pb2_grpc,
    dispatch_operator_service_pb2_grpc,
    driver_service_pb2,
    driver_service_pb2_grpc,
    ride_service_pb2,
    ride_service_pb2_grpc,
    rides_pb2,
)
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_servers import FakeIdentityServer, FakePaymentServer
from tests.fakes.matching_stage import DROPOFF, PICKUP

T = TypeVar("T")
_PATIENCE_SECONDS = 60.0


@dataclass
class Running:
    """The service and what stands around it."""

    channel: grpc.aio.Channel
    redis: Redis
    signer: TokenSigner
    payment: FakePaymentServer
    identity: FakeIdentityServer
    new_id: Uuid7Source

    def as_(self, role: Role, account_id: UUID) -> dict[str, Any]:
        """The call options of somebody."""
        return {"metadata": forward_token(self.signer.sign(str(account_id), role, 600)), "timeout": _PATIENCE_SECONDS}

    def __post_init__(self) -> None:
        self.rides = ride_service_pb2_grpc.RideServiceStub(self.channel)
        self.drivers = driver_service_pb2_grpc.DriverServiceStub(self.channel)
        self.cities = city_service_pb2_grpc.CityServiceStub(self.channel)
        self.operators = dispatch_operator_service_pb2_grpc.DispatchOperatorServiceStub(self.channel)

    def key(self) -> str:
        return str(self.new_id())


@asynccontextmanager
async def running_service(settings: MatchingSettings) -> AsyncGenerator[Address]:
    # A ride goes on without what is not answered in time: that is not to happen where the machine stands still.
    patient = partial(RequestRide, hold_seconds=_PATIENCE_SECONDS, name_seconds=_PATIENCE_SECONDS)
    with patch.object(servicers, "RequestRide", patient):
        server = build(settings).server
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
    try:
        yield await server.started()
    finally:
        server.stop()
        await task


async def eventually(ask: Callable[[], Awaitable[T | None]], every_seconds: float = 0.02) -> T:
    """Ask until there is an answer, within bounds."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (answer := await ask()) is None:  # noqa: ASYNC110 (it is the service that is asked; it sets no event)
            await asyncio.sleep(every_seconds)
        return answer


def place(point: Any) -> geo_point_pb2.Place:
    return geo_point_pb2.Place(
        point=geo_point_pb2.GeoPoint(latitude=point.point.latitude, longitude=point.point.longitude),
        address=point.address,
    )


async def quoted(service: Running, rider: dict[str, Any]) -> rides_pb2.Quote:
    request = ride_service_pb2.CreateQuotesRequest(pickup=place(PICKUP), dropoff=place(DROPOFF), product="economy")
    return (await service.rides.CreateQuotes(request, **rider)).quotes[0]


async def requested(
    service: Running, rider: dict[str, Any], funding: rides_pb2.Funding.ValueType = rides_pb2.FUNDING_UNSPECIFIED
) -> rides_pb2.Ride:
    request = ride_service_pb2.RequestRideRequest(
        request_id=service.key(),
        quote_id=(await quoted(service, rider)).quote_id,
        payment_method_id="" if funding else service.key(),
        funding=funding,
        note="by the fountain",
    )
    return (await service.rides.RequestRide(request, **rider)).ride


async def online_at_the_pickup(service: Running) -> dict[str, Any]:
    driver_id = service.new_id()
    service.identity.approved.add(driver_id)
    driver = service.as_(Role.DRIVER, driver_id)
    await service.drivers.StartShift(driver_service_pb2.StartShiftRequest(request_id=service.key()), **driver)
    await ping(service, driver)
    return driver


async def ping(service: Running, driver: dict[str, Any]) -> None:
    measured = Timestamp()
    measured.FromDatetime(datetime.now(UTC))
    sequence = measured.ToMilliseconds()
    pings = [rides_pb2.LocationPing(point=place(PICKUP).point, measure_time=measured, sequence=sequence)]
    taken = await service.drivers.ReportLocations(driver_service_pb2.ReportLocationsRequest(pings=pings), **driver)
    assert taken.accepted_count == 1


async def offered(service: Running, driver: dict[str, Any]) -> rides_pb2.Offer:
    """Wait for an offer, as apps do: who falls silent for 15 s is offered nothing."""

    async def ask() -> rides_pb2.Offer | None:
        await ping(service, driver)
        try:
            return (await service.drivers.GetCurrentOffer(driver_service_pb2.GetCurrentOfferRequest(), **driver)).offer
        except grpc.aio.AioRpcError as error:
            if from_rpc_error(error).reason == "no_open_offer":
                return None
            raise

    return await eventually(ask, every_seconds=0.1)


async def refusal(call: Awaitable[object]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return from_rpc_error(refused.value).reason


async def told(service: Running, ride_id: str, types: str) -> None:
    """Wait until the stream tells these events of a ride, in order, with versions that grow by one."""

    async def ask() -> list[dict[bytes, bytes]] | None:
        entries = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]", await cast("Any", service.redis.xrange("events:matching"))
        )
        mine = [fields for _, fields in entries if fields[b"aggregate_id"].decode() == ride_id]
        return mine if len(mine) >= len(types.split()) else None

    mine = await eventually(ask)
    assert [fields[b"type"].decode().rpartition(".")[2] for fields in mine] == types.split()
    assert [int(fields[b"aggregate_version"]) for fields in mine] == list(range(1, len(mine) + 1))


async def tell(service: Running, stream: str, driver_id: UUID, version: int, event: Message) -> None:
    """Let another service tell something about a driver."""
    fields: dict[str, str | bytes | int] = {
        "id": str(service.new_id()),
        "type": event.DESCRIPTOR.full_name,
        "aggregate_id": str(driver_id),
        "aggregate_version": version,
        "occurred_at": datetime.now(UTC).isoformat(),
        "traceparent": "",
        "payload": event.SerializeToString(),
    }
    await cast("Any", service.redis.xadd(stream, cast("Any", fields)))
