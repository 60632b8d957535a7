"""The service as it is put together, with a map and an OSRM server: quotes, dispatch and ways go by the streets."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.settings import Address
from chassis.status import from_rpc_error
from matching_service.__main__ import main
from matching_service.adapters.city_file import CityFile, parse_city
from matching_service.adapters.postgres_cities import STALE_SECONDS
from matching_service.bootstrap import build
from matching_service.bootstrap.maps import build_maps
from matching_service.domain.polyline import decode_polyline
from matching_service.settings import MatchingSettings
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import (
    map_service_pb2,
    map_service_pb2_grpc,
    ride_service_pb2,
    ride_service_pb2_grpc,
    rides_pb2,
)
from shared_kernel.geo import GeoPoint, haversine_meters
from tests.fakes.matching_osrm_process import osrm_server
from tests.fakes.matching_servers import FakeIdentityServer, FakePaymentServer, serving
from tests.fakes.matching_streets import POINTS, write_town
from tests.integration.matching.stage import open_database
from tests.integration.matching.test_cities_on_postgres import DEFAULT, Desk

ORIGIN = GeoPoint(37.77, -122.42)
_PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def osrm_url() -> Iterator[str]:
    with osrm_server() as url:
        yield url


@pytest.fixture
def settings(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
    tmp_path: Path,
) -> MatchingSettings:
    assert main(["map", "build", str(write_town(tmp_path / "town.osm.pbf", origin=ORIGIN))]) == 0
    return MatchingSettings(
        redis_url=redis_url_for(9),
        jwks_file=jwks_file,
        signing_keys_dir=signing_keys,
        matching_database_url=migrated_postgres_url("matching"),
        matching_map_file=tmp_path / "town.map",
    )


@asynccontextmanager
async def running(settings: MatchingSettings) -> AsyncGenerator[grpc.aio.Channel]:
    async with serving(settings.jwks_file, payment=FakePaymentServer(), identity=FakeIdentityServer()) as target:
        server = build(settings.model_copy(update={"identity_target": target, "payment_target": target})).server
        task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
        try:
            async with open_channel(str(await server.started())) as channel:
                yield channel
        finally:
            server.stop()
            await task


def at(corner: str) -> GeoPoint:
    point = POINTS[corner]
    return GeoPoint(point.latitude + ORIGIN.latitude, point.longitude + ORIGIN.longitude)


def place(corner: str) -> geo_point_pb2.Place:
    return geo_point_pb2.Place(
        point=geo_point_pb2.GeoPoint(latitude=at(corner).latitude, longitude=at(corner).longitude)
    )


class Caller:
    """Somebody who calls the service."""

    def __init__(self, settings: MatchingSettings, channel: grpc.aio.Channel, role: Role) -> None:
        signer = TokenSigner.from_dir(settings.signing_keys_dir, "cli")
        token = signer.sign(str(uuid4()), role, 600)
        self.options: dict[str, Any] = {"metadata": forward_token(token), "timeout": _PATIENCE_SECONDS}
        self.rides = ride_service_pb2_grpc.RideServiceStub(channel)
        self.maps = map_service_pb2_grpc.MapServiceStub(channel)

    async def quote(self, origin: str, destination: str, via: str = "") -> rides_pb2.Quote:
        request = ride_service_pb2.CreateQuotesRequest(
            pickup=place(origin), dropoff=place(destination), stops=map(place, via), product="economy"
        )
        return (await self.rides.CreateQuotes(request, **self.options)).quotes[0]


async def test_drivers_are_looked_for_as_far_as_the_policy_in_force_says(settings: MatchingSettings) -> None:
    """And not as the files said at the start: what is farther is told as no farther than is looked."""

    def file(cap_seconds: int) -> CityFile:
        text = DEFAULT.replace("\npickup_eta_cap_seconds = 1200", f"\npickup_eta_cap_seconds = {cap_seconds}")
        return CityFile(text, parse_city(text, "a test"))

    near, leg = file(60), (at("A"), at("F"))
    async with open_database(settings.matching_database_url) as database:
        desk = Desk(database, near)
        eta = build_maps(settings, desk.cities, [near.policy], database, desk.clock).eta
        assert await eta.seconds([leg]) == [75]
        await desk.put(file(1200), 1)
        desk.clock.advance(STALE_SECONDS)
        assert await eta.seconds([leg]) == [pytest.approx(188, abs=3)]


async def test_quotes_and_rides_go_by_the_streets(settings: MatchingSettings) -> None:
    async with running(settings) as channel:
        rider = Caller(settings, channel, Role.RIDER)
        quote = await rider.quote("A", "F")
        along, across = haversine_meters(at("A"), at("C")), haversine_meters(at("C"), at("F"))
        assert quote.distance_meters == pytest.approx(along + across, abs=5)
        assert quote.trip_eta_seconds == pytest.approx((along + across) / (40 / 3.6), abs=3)
        line = decode_polyline(quote.route_polyline)
        assert (line[0], line[-1]) == (pytest.approx((37.7745, -122.42)), pytest.approx((37.77, -122.402)))

        by_way_of_c = await rider.quote("A", "D", via="C")
        assert decode_polyline(by_way_of_c.route_polyline)[0] == pytest.approx((37.7745, -122.42))
        assert by_way_of_c.distance_meters > 2 * along

        request = ride_service_pb2.RequestRideRequest(
            request_id=str(uuid4()), quote_id=quote.quote_id, payment_method_id=str(uuid4())
        )
        ride = (await rider.rides.RequestRide(request, **rider.options)).ride
        asked = map_service_pb2.GetRideRouteRequest(ride_id=ride.ride_id)
        [leg] = (await rider.maps.GetRideRoute(asked, **rider.options)).legs
        assert leg.end == map_service_pb2.ROUTE_END_DROPOFF
        assert (leg.distance_meters, leg.polyline) == (quote.distance_meters, quote.route_polyline)
        other = Caller(settings, channel, Role.RIDER)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await other.maps.GetRideRoute(asked, **other.options)
        assert from_rpc_error(refused.value).reason == "ride_not_found"
        operator = Caller(settings, channel, Role.OPERATOR)
        assert (await operator.maps.GetRideRoute(asked, **operator.options)).legs


async def test_an_osrm_server_is_asked_first_and_the_map_tells_what_it_cannot(
    settings: MatchingSettings, osrm_url: str
) -> None:
    # The server of the tests knows streets around 0, 0 alone: of San Francisco it can tell nothing.
    async with running(settings.model_copy(update={"matching_osrm_url": osrm_url})) as channel:
        quote = await Caller(settings, channel, Role.RIDER).quote("A", "F")
    along, across = haversine_meters(at("A"), at("C")), haversine_meters(at("C"), at("F"))
    assert quote.distance_meters == pytest.approx(along + across, abs=5)


async def test_operators_list_and_ask_for_lessons_and_nobody_else(settings: MatchingSettings) -> None:
    async with running(settings) as channel:
        operator, rider = (Caller(settings, channel, role) for role in (Role.OPERATOR, Role.RIDER))
        listed = await operator.maps.ListTravelTimes(map_service_pb2.ListTravelTimesRequest(), **operator.options)
        assert not listed.travel_times
        asked = map_service_pb2.LearnTravelTimesRequest()
        await operator.maps.LearnTravelTimes(asked, **operator.options)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rider.maps.LearnTravelTimes(asked, **rider.options)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
