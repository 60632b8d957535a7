"""The service as it is put together: a ride from its quote to its capture, over gRPC."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest.mock import patch
from uuid import UUID

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.settings import Address
from chassis.status import from_rpc_error
from jitney.chaos.hurried_city import write_hurried_city
from matching_service.bootstrap import build, servicers
from matching_service.settings import MatchingSettings
from matching_service.use_cases.request_ride import RequestRide
from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.identity.v1 import accounts_pb2, events_pb2
from ridesharing.matching.v1 import (
    city_service_pb2,
    city_service_pb2_grpc,
    dispatch_operator_service_pb2,
    dispatch_operator_service_pb2_grpc,
    driver_service_pb2,
    driver_service_pb2_grpc,
    explanations_pb2,
    ride_service_pb2,
    ride_service_pb2_grpc,
    rides_pb2,
)
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1.events_pb2 import DriverStandingChanged
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_servers import FakeIdentityServer, FakePaymentServer, serving
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


@pytest.fixture(scope="module")
async def service(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Running]:
    """The service, with identity and payment imitated over gRPC; its offers wait for those who are slow."""
    city = write_hurried_city(tmp_path_factory.mktemp("city"), {"offer_seconds = 15": "offer_seconds = 120"})
    payment, identity = FakePaymentServer(), FakeIdentityServer()
    async with serving(jwks_file, payment=payment, identity=identity) as target:
        settings = MatchingSettings(
            redis_url=redis_url_for(9),
            jwks_file=jwks_file,
            signing_keys_dir=signing_keys,
            matching_database_url=migrated_postgres_url("matching"),
            matching_city_file=city,
            identity_target=target,
            payment_target=target,
        )
        async with _running(settings) as address, open_channel(str(address)) as channel:
            redis = Redis.from_url(settings.redis_url)
            signer = TokenSigner.from_dir(signing_keys, "cli")
            yield Running(channel, redis, signer, payment, identity, Uuid7Source())
            await redis.aclose()


@asynccontextmanager
async def _running(settings: MatchingSettings) -> AsyncGenerator[Address]:
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


async def support_is_told_no_places(service: Running, ride_id: str) -> None:
    request = dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride_id)
    told = await service.operators.GetRideHistory(request, **service.as_(Role.SUPPORT, service.new_id()))
    assert [move.to_state for move in told.transitions] == [1, 3, 4, 5, 6, 7, 8]
    assert not any(message.HasField(place) for message in (told.ride, *told.offers) for place in ("pickup", "dropoff"))


async def test_a_ride_is_quoted_dispatched_driven_and_paid(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider)
    assert ride.state == rides_pb2.RIDE_STATE_MATCHING
    assert len(ride.start_pin) == 4

    offer = await offered(service, driver)
    assert (offer.ride_id, offer.pickup.address) == (ride.ride_id, PICKUP.address)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    accepted = (await service.drivers.AcceptOffer(accept, **driver)).ride
    assert (accepted.state, accepted.start_pin) == (rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, "")
    assert accepted.rider_name == "Ada"

    location = await service.rides.GetRideLocation(
        ride_service_pb2.GetRideLocationRequest(ride_id=ride.ride_id), **rider
    )
    assert location.point.latitude == pytest.approx(PICKUP.point.latitude, abs=1e-6)
    seen = (await service.rides.GetRide(ride_service_pb2.GetRideRequest(ride_id=ride.ride_id), **rider)).ride
    assert (seen.driver.vehicle_plate, seen.start_pin, seen.rider_name) == ("8ABC123", ride.start_pin, "")

    arrive = driver_service_pb2.ArriveAtPickupRequest(request_id=service.key(), ride_id=ride.ride_id)
    await service.drivers.ArriveAtPickup(arrive, **driver)
    wrong = driver_service_pb2.StartTripRequest(
        request_id=service.key(), ride_id=ride.ride_id, start_pin=f"{(int(ride.start_pin) + 1) % 10_000:04d}"
    )
    assert await refusal(service.drivers.StartTrip(wrong, **driver)) == "pin_invalid"
    start = driver_service_pb2.StartTripRequest(
        request_id=service.key(), ride_id=ride.ride_id, start_pin=ride.start_pin
    )
    await service.drivers.StartTrip(start, **driver)
    complete = driver_service_pb2.CompleteTripRequest(request_id=service.key(), ride_id=ride.ride_id)
    done = (await service.drivers.CompleteTrip(complete, **driver)).ride
    assert done.state == rides_pb2.RIDE_STATE_COMPLETED

    async def captured() -> bool | None:
        request = ride_service_pb2.GetRideRequest(ride_id=ride.ride_id)
        now = (await service.rides.GetRide(request, **rider)).ride
        return now.payment_state == rides_pb2.PAYMENT_STATE_CAPTURED or None

    await eventually(captured)
    assert service.payment.effects == [f"hold {ride.ride_id}", f"capture {ride.ride_id}"]
    await told(
        service,
        ride.ride_id,
        "RideRequested RideMatchingStarted OfferCreated RideAssigned DriverArrived TripStarted RideCompleted"
        " RidePaymentSettled",
    )

    operator = service.as_(Role.OPERATOR, service.new_id())
    history = await service.operators.GetRideHistory(
        dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride.ride_id), **operator
    )
    assert [move.to_state for move in history.transitions] == [1, 3, 4, 5, 6, 7, 8]
    assert (history.ride.start_pin, history.ride.rider_name) == ("", "")
    assert all(offer.create_time.ToNanoseconds() <= offer.close_time.ToNanoseconds() for offer in history.offers)
    await support_is_told_no_places(service, ride.ride_id)
    since = Timestamp()
    since.FromDatetime(datetime(2024, 1, 1, tzinfo=UTC))
    summary = await service.operators.SummarizeRides(
        dispatch_operator_service_pb2.SummarizeRidesRequest(since_time=since), **operator
    )
    assert summary.double_assignment_count == 0
    assert summary.request_to_pickup.count >= 1
    search = dispatch_operator_service_pb2.SearchRidesRequest(states=[rides_pb2.RIDE_STATE_COMPLETED])
    found = await service.operators.SearchRides(search, **operator)
    assert ride.ride_id in {each.ride_id for each in found.rides}
    await explained(service, operator, offer)
    assert summary.offer_count >= 1
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **driver)


async def explained(service: Running, operator: dict[str, Any], offer: rides_pb2.Offer) -> None:
    """Wait until operators are told why an offer was made: it is written down after the offer."""
    explain = dispatch_operator_service_pb2.ExplainDispatchRequest(ride_id=offer.ride_id)

    async def ask() -> dispatch_operator_service_pb2.ExplainDispatchResponse | None:
        answer = await service.operators.ExplainDispatch(explain, **operator)
        return answer if answer.ticks else None

    last = (await eventually(ask)).ticks[-1]
    assert (last.fate, last.driver_id) == (explanations_pb2.TICK_FATE_OFFERED, offer.driver_id)
    [chosen] = [each for each in last.candidates if each.driver_id == offer.driver_id]
    assert chosen.verdict == explanations_pb2.CANDIDATE_VERDICT_CHOSEN
    assert chosen.pickup_eta_seconds == offer.pickup_eta_seconds


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


def standing(driver_id: UUID, *, cash_allowed: bool) -> DriverStandingChanged:
    balance = money_pb2.Money(currency_code="USD", amount_minor=0 if cash_allowed else -6_000)
    return DriverStandingChanged(driver_id=str(driver_id), balance=balance, cash_allowed=cash_allowed)


async def test_a_driver_who_owes_too_much_loses_the_cash_ride_to_another_and_may_take_cash_once_it_is_paid(
    service: Running,
):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider, rides_pb2.FUNDING_CASH)
    assert ride.funding == rides_pb2.FUNDING_CASH
    offer = await offered(service, driver)
    assert offer.funding == rides_pb2.FUNDING_CASH
    assert service.payment.payments[ride.ride_id].funding == payments_pb2.FUNDING_CASH
    indebted_id = UUID(offer.driver_id)
    await tell(service, "events:payment", indebted_id, 1, standing(indebted_id, cash_allowed=False))

    async def withdrawn() -> str | None:
        accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
        reason = await no_open_offer(service, driver)
        return reason and await refusal(service.drivers.AcceptOffer(accept, **driver))

    assert await eventually(withdrawn) == "offer_withdrawn"
    await ping(service, driver)
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    assert second.ride_id == ride.ride_id
    decline = driver_service_pb2.DeclineOfferRequest(request_id=service.key(), offer_id=second.offer_id)
    await service.drivers.DeclineOffer(decline, **other)
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **other)
    assert await no_open_offer(service, driver)

    await tell(service, "events:payment", indebted_id, 2, standing(indebted_id, cash_allowed=True))
    assert (await offered(service, driver)).ride_id == ride.ride_id
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **driver)
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=ride.ride_id)
    await service.rides.CancelRide(cancel, **rider)


async def no_open_offer(service: Running, driver: dict[str, Any]) -> str | None:
    try:
        await service.drivers.GetCurrentOffer(driver_service_pb2.GetCurrentOfferRequest(), **driver)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error).reason
    return None


async def test_a_rider_cancels_and_the_hold_is_released(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    ride = await requested(service, rider)
    preview = await service.rides.PreviewCancellation(
        ride_service_pb2.PreviewCancellationRequest(ride_id=ride.ride_id), **rider
    )
    assert (preview.fee.amount_minor, preview.fee_consent_token) == (0, "")
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=ride.ride_id)
    assert (await service.rides.CancelRide(cancel, **rider)).ride.state == rides_pb2.RIDE_STATE_CANCELED_BY_RIDER

    async def voided() -> bool | None:
        return f"void {ride.ride_id}" in service.payment.effects or None

    await eventually(voided)
    listed = await service.rides.ListRides(ride_service_pb2.ListRidesRequest(page_size=1), **rider)
    assert [each.ride_id for each in listed.rides] == [ride.ride_id]
    assert listed.next_page_token == ""


async def test_nobody_sees_or_moves_somebody_elses_ride(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    ride = await requested(service, rider)
    strangers = [service.as_(Role.RIDER, service.new_id()), service.as_(Role.DRIVER, service.new_id())]
    for stranger in strangers:
        request = ride_service_pb2.GetRideRequest(ride_id=ride.ride_id)
        assert await refusal(service.rides.GetRide(request, **stranger)) == "ride_not_found"
    arrive = driver_service_pb2.ArriveAtPickupRequest(request_id=service.key(), ride_id=ride.ride_id)
    assert await refusal(service.drivers.ArriveAtPickup(arrive, **strangers[1])) == "ride_not_found"
    assert await refusal(service.drivers.ArriveAtPickup(arrive, **rider)) == "role_not_allowed"
    operator = service.as_(Role.OPERATOR, service.new_id())
    end = dispatch_operator_service_pb2.ForceCancelRideRequest(
        request_id=service.key(), ride_id=ride.ride_id, reason="test over"
    )
    ended = (await service.operators.ForceCancelRide(end, **operator)).ride
    assert ended.state == rides_pb2.RIDE_STATE_CANCELED_BY_PLATFORM


async def test_a_driver_who_is_not_approved_stays_offline(service: Running):
    driver = service.as_(Role.DRIVER, service.new_id())
    start = driver_service_pb2.StartShiftRequest(request_id=service.key())
    assert await refusal(service.drivers.StartShift(start, **driver)) == "not_approved"
    assert await refusal(service.drivers.GetShift(driver_service_pb2.GetShiftRequest(), **driver)) == "no_open_shift"


async def test_a_repeated_give_back_shows_the_former_driver_nothing_of_the_next_one(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    await requested(service, rider)
    offer = await offered(service, driver)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    await service.drivers.AcceptOffer(accept, **driver)
    give_back = driver_service_pb2.CancelAssignmentRequest(
        request_id=service.key(), ride_id=offer.ride_id, reason="flat tire"
    )
    first = await service.drivers.CancelAssignment(give_back, **driver)
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=second.offer_id)
    assert (await service.drivers.AcceptOffer(accept, **other)).ride.ride_id == offer.ride_id
    again = await service.drivers.CancelAssignment(give_back, **driver)
    assert again == first
    assert (again.ride.state, again.ride.HasField("driver")) == (rides_pb2.RIDE_STATE_MATCHING, False)
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=offer.ride_id)
    await service.rides.CancelRide(cancel, **rider)
    # Else the next one's ride is offered to one of them, while they are heard of still.
    for each in (driver, other):
        await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **each)


async def test_a_declined_driver_is_not_asked_again(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider)
    offer = await offered(service, driver)
    decline = driver_service_pb2.DeclineOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    assert (await service.drivers.DeclineOffer(decline, **driver)).offer.state == rides_pb2.OFFER_STATE_DECLINED
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    assert second.ride_id == ride.ride_id
    assert (
        await refusal(service.drivers.GetCurrentOffer(driver_service_pb2.GetCurrentOfferRequest(), **driver))
        == "no_open_offer"
    )


@pytest.mark.parametrize(
    ("funding", "payment_method_id"),
    [
        (rides_pb2.FUNDING_UNSPECIFIED, ""),
        (rides_pb2.FUNDING_CARD, ""),
        (rides_pb2.FUNDING_CASH, "01890a5d-ac96-774b-bcce-b302099a8057"),
        (rides_pb2.FUNDING_WALLET, "01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
async def test_a_card_is_named_where_one_pays_and_nowhere_else(
    service: Running, funding: rides_pb2.Funding.ValueType, payment_method_id: str
):
    request = ride_service_pb2.RequestRideRequest(
        request_id=service.key(), quote_id=service.key(), payment_method_id=payment_method_id, funding=funding
    )
    rider = service.as_(Role.RIDER, service.new_id())
    assert await refusal(service.rides.RequestRide(request, **rider)) == "invalid_argument"


async def test_an_operator_books_in_cash_for_the_rider_who_is_named_and_riders_name_nobody(service: Running):
    operator_id, rider_id = service.new_id(), service.new_id()
    operator, rider = service.as_(Role.OPERATOR, operator_id), service.as_(Role.RIDER, rider_id)
    asked: dict[str, Any] = {"pickup": place(PICKUP), "dropoff": place(DROPOFF), "product": "economy"}
    quotes = ride_service_pb2.CreateQuotesRequest
    assert await refusal(service.rides.CreateQuotes(quotes(**asked), **operator)) == "rider_required"
    named = quotes(**asked, rider_id=str(rider_id))
    assert await refusal(service.rides.CreateQuotes(named, **rider)) == "rider_not_taken"
    [quote] = (await service.rides.CreateQuotes(named, **operator)).quotes
    booking: dict[str, Any] = {"request_id": service.key(), "quote_id": quote.quote_id}
    book = ride_service_pb2.RequestRideRequest
    on_a_card = book(**booking, rider_id=str(rider_id), payment_method_id=service.key())
    assert await refusal(service.rides.RequestRide(on_a_card, **operator)) == "cash_required"
    from_the_wallet = book(**booking, rider_id=str(rider_id), funding=rides_pb2.FUNDING_WALLET)
    assert await refusal(service.rides.RequestRide(from_the_wallet, **operator)) == "cash_required"
    in_cash = book(**booking, funding=rides_pb2.FUNDING_CASH)
    assert await refusal(service.rides.RequestRide(in_cash, **operator)) == "rider_required"
    in_cash.rider_id = str(rider_id)
    ride = (await service.rides.RequestRide(in_cash, **operator)).ride
    assert (ride.rider_id, ride.start_pin) == (str(rider_id), "")
    assert (await service.rides.RequestRide(in_cash, **operator)).ride.ride_id == ride.ride_id
    own = (await service.rides.GetCurrentRide(ride_service_pb2.GetCurrentRideRequest(), **rider)).ride
    assert (own.ride_id, len(own.start_pin)) == (ride.ride_id, 4)


async def test_a_suspended_driver_is_taken_offline(service: Running):
    driver_id = service.new_id()
    service.identity.approved.add(driver_id)
    driver = service.as_(Role.DRIVER, driver_id)
    await service.drivers.StartShift(driver_service_pb2.StartShiftRequest(request_id=service.key()), **driver)
    service.identity.suspended.add(driver_id)
    change = events_pb2.DriverStatusChanged(driver_id=str(driver_id), status=accounts_pb2.DRIVER_STATUS_SUSPENDED)
    await tell(service, "events:identity", driver_id, 2, change)

    async def offline() -> str | None:
        try:
            await service.drivers.GetShift(driver_service_pb2.GetShiftRequest(), **driver)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error).reason
        return None

    assert await eventually(offline) == "no_open_shift"


async def test_an_operator_puts_a_policy_and_a_quote_keeps_to_the_one_it_was_made_by(service: Running) -> None:
    rider, operator = (service.as_(role, service.new_id()) for role in (Role.RIDER, Role.OPERATOR))
    before = await quoted(service, rider)
    [city] = (await service.cities.ListCities(city_service_pb2.ListCitiesRequest(), **operator)).cities
    assert (city.city, city.currency_code, city.time_zone) == ("san_francisco", "USD", "America/Los_Angeles")
    asked = city_service_pb2.GetCityPolicyRequest(city=city.city)
    policy = (await service.cities.GetCityPolicy(asked, **operator)).policy
    document = policy.document.replace("free_cancel_seconds = 120", "free_cancel_seconds = 60")
    check = city_service_pb2.CheckCityPolicyRequest(document=document)
    checked = await service.cities.CheckCityPolicy(check, **operator)
    assert [(change.key, change.before, change.after) for change in checked.changes] == [
        ("fees.free_cancel_seconds", "120", "60")
    ]
    put = city_service_pb2.PutCityPolicyRequest(
        request_id=service.key(), document=document, base_version=checked.latest_version, note="shorter"
    )
    made = (await service.cities.PutCityPolicy(put, **operator)).policy
    assert made.version == policy.version + 1

    async def in_force() -> int | None:
        [now] = (await service.cities.ListCities(city_service_pb2.ListCitiesRequest(), **operator)).cities
        return now.version if now.version == made.version else None

    await eventually(in_force)
    listed = city_service_pb2.ListCityPoliciesRequest(city=city.city, page_size=1)
    page = await service.cities.ListCityPolicies(listed, **operator)
    assert [(each.version, each.note, each.document) for each in page.policies] == [(made.version, "shorter", "")]
    after = await quoted(service, rider)
    assert (after.policy_version, before.policy_version) == (made.version, policy.version)
    assert (after.city, before.city) == ("san_francisco", "san_francisco")


async def test_a_policy_that_cannot_be_read_is_refused_key_by_key(service: Running) -> None:
    operator = service.as_(Role.OPERATOR, service.new_id())
    check = city_service_pb2.CheckCityPolicyRequest(document="city = 'somewhere'")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.cities.CheckCityPolicy(check, **operator)
    refusal = from_rpc_error(caught.value)
    assert refusal.reason == "invalid_city_policy"
    assert {"time_zone", "products", "fees"} <= {violation.field for violation in refusal.violations}
