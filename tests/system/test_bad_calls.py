"""Bad input over gRPC: each call is refused with a code, a reason and the fields at fault."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message

from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.matching.v1 import driver_service_pb2, ride_service_pb2, rides_pb2
from ridesharing.payment.v1 import payment_service_pb2, payments_pb2
from shared_kernel.ids import from_public_id
from tests.system.people import FERRY_BUILDING, UNION_SQUARE, Town
from tests.system.refusals import Refused, nothing_is_half_done, refused_call
from tests.system.stack import Stack

pytestmark = pytest.mark.system

RIDES = "/ridesharing.matching.v1.RideService"
DRIVERS = "/ridesharing.matching.v1.DriverService"
PAYMENTS = "/ridesharing.payment.v1.PaymentService"
_SECONDS = 60


class Caller:
    """Calls with any bytes and any token."""

    def __init__(self, matching: grpc.aio.Channel, payment: grpc.aio.Channel) -> None:
        self._channels = {RIDES: matching, DRIVERS: matching, PAYMENTS: payment}

    async def refused(self, service: str, method: str, request: Message | bytes, token: str) -> Refused:
        """Make a call that must be refused."""
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        channel = cast("Any", self._channels[service])
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        return await refused_call(channel.unary_unary(f"{service}/{method}")(raw, metadata=metadata, timeout=_SECONDS))


@pytest.fixture
async def caller(people: Town, stack: Stack) -> AsyncGenerator[Caller]:
    """The public gRPC interfaces."""
    async with grpc.aio.insecure_channel(stack.addresses["JITNEY_PAYMENT_LISTEN"]) as payment:
        yield Caller(people.matching, payment)


@pytest.fixture(scope="module")
def service_token(stack: Stack) -> str:
    """A token of the role service."""
    made = stack.jitney("token", "--role", "service", "--data", str(stack.data))
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def place(latitude: float, longitude: float, address: str = "") -> geo_point_pb2.Place:
    """Make a place, possible or not."""
    return geo_point_pb2.Place(point=geo_point_pb2.GeoPoint(latitude=latitude, longitude=longitude), address=address)


HERE = place(UNION_SQUARE.latitude, UNION_SQUARE.longitude)
THERE = place(FERRY_BUILDING.latitude, FERRY_BUILDING.longitude)


def hold(**change: Any) -> payment_service_pb2.PlaceHoldRequest:
    """Make a request for a hold on a card that nobody has."""
    ids = {name: str(uuid4()) for name in ("request_id", "ride_id", "rider_id", "payment_method_id")}
    return payment_service_pb2.PlaceHoldRequest(
        **cast("Any", {"amount": money_pb2.Money(currency_code="USD", amount_minor=100), **ids, **change})
    )


async def test_bytes_that_are_no_message_are_refused_with_a_reason(people: Town, caller: Caller) -> None:
    token = await (await people.rider()).person.token()
    for raw in (b"\xff\xff\xff", b"\x0a\x02\xff\xfe"):
        error = await caller.refused(RIDES, "RequestRide", raw, token)
        assert error.told == ("INVALID_ARGUMENT", "malformed_message", ())
        error = await caller.refused(RIDES, "RequestRide", raw, "")
        assert error.told == ("UNAUTHENTICATED", "token_required", ())


@pytest.mark.parametrize(
    ("pickup", "fields"),
    [
        (place(math.nan, 0), ("pickup.point.latitude",)),
        (place(91, -181), ("pickup.point.latitude", "pickup.point.longitude")),
        (place(0, math.inf), ("pickup.point.longitude",)),
        (place(HERE.point.latitude, HERE.point.longitude, "a\0b"), ("pickup.address",)),
        (geo_point_pb2.Place(address="somewhere"), ("pickup.point",)),
    ],
    ids=["NaN", "off the Earth", "infinite", "NUL", "no point"],
)
async def test_a_place_that_is_none_is_refused_by_its_path(
    people: Town, caller: Caller, pickup: geo_point_pb2.Place, fields: tuple[str, ...]
) -> None:
    token = await (await people.rider()).person.token()
    request = ride_service_pb2.CreateQuotesRequest(pickup=pickup, dropoff=THERE)
    error = await caller.refused(RIDES, "CreateQuotes", request, token)
    assert error.told == ("INVALID_ARGUMENT", "invalid_argument", fields)


async def test_callers_are_refused_by_what_their_token_says(people: Town, caller: Caller, service_token: str) -> None:
    rider, driver = await people.rider(), await people.driver()
    request = ride_service_pb2.CreateQuotesRequest(pickup=HERE, dropoff=THERE)
    for token, code, reason in (
        ("", "UNAUTHENTICATED", "token_required"),
        ("a.b.c", "UNAUTHENTICATED", "invalid_token"),
        (await driver.person.token(), "PERMISSION_DENIED", "role_not_allowed"),
        (service_token, "PERMISSION_DENIED", "role_not_allowed"),
    ):
        assert (await caller.refused(RIDES, "CreateQuotes", request, token)).told == (code, reason, ())
    error = await caller.refused(PAYMENTS, "PlaceHold", hold(), await rider.person.token())
    assert error.told == ("PERMISSION_DENIED", "role_not_allowed", ())
    assert "rider" in error.message


@pytest.mark.parametrize(
    ("amount", "reason", "fields"),
    [
        (money_pb2.Money(currency_code="USD", amount_minor=-5), "invalid_amount", ("amount.amount_minor",)),
        (money_pb2.Money(currency_code="USD"), "invalid_amount", ("amount.amount_minor",)),
        (money_pb2.Money(currency_code="USD", amount_minor=2**62), "invalid_argument", ("amount.amount_minor",)),
        (money_pb2.Money(currency_code="usd", amount_minor=5), "invalid_argument", ("amount.currency_code",)),
        (money_pb2.Money(currency_code="QQQ", amount_minor=5), "unknown_currency", ("amount.currency_code",)),
        (None, "invalid_argument", ("amount",)),
    ],
    ids=["below zero", "zero", "huge", "lower case", "no currency", "missing"],
)
async def test_an_amount_that_cannot_be_held_is_refused_by_its_path(
    caller: Caller, service_token: str, amount: money_pb2.Money | None, reason: str, fields: tuple[str, ...]
) -> None:
    error = await caller.refused(PAYMENTS, "PlaceHold", hold(amount=amount), service_token)
    assert error.told == ("INVALID_ARGUMENT", reason, fields)


async def test_a_charge_below_zero_is_refused_by_its_line(caller: Caller, service_token: str) -> None:
    def charge(*amounts: money_pb2.Money) -> payment_service_pb2.CapturePaymentRequest:
        kind = payments_pb2.CHARGE_LINE_KIND_FARE
        lines = [payments_pb2.ChargeLine(kind=kind, amount=amount) for amount in amounts]
        return payment_service_pb2.CapturePaymentRequest(
            request_id=str(uuid4()), ride_id=str(uuid4()), driver_id=str(uuid4()), lines=lines
        )

    good = money_pb2.Money(currency_code="USD", amount_minor=5)
    for request, reason, fields in (
        (charge(good, money_pb2.Money(currency_code="USD", amount_minor=-1)), "invalid_charge", "amount.amount_minor"),
        (charge(good, money_pb2.Money(currency_code="EUR", amount_minor=1)), "invalid_charge", "amount.currency_code"),
        (charge(good, money_pb2.Money(currency_code="QQQ")), "unknown_currency", "amount.currency_code"),
    ):
        error = await caller.refused(PAYMENTS, "CapturePayment", request, service_token)
        assert error.told == ("INVALID_ARGUMENT", reason, (f"lines[1].{fields}",))
    error = await caller.refused(PAYMENTS, "CapturePayment", charge(good), service_token)
    assert error.told == ("NOT_FOUND", "payment_not_found", ())


async def test_a_foreign_ride_and_a_malformed_id_are_refused(people: Town, caller: Caller) -> None:
    owner, other = await people.rider(), await people.rider()
    public_id = await owner.request()
    ride_id = str(from_public_id("ride", public_id))
    token = await other.person.token()
    for name in ("GetRide", "GetRideLocation", "PreviewCancellation"):
        make = cast("Callable[..., Message]", getattr(ride_service_pb2, f"{name}Request"))
        assert (await caller.refused(RIDES, name, make(ride_id=ride_id), token)).told == (
            "NOT_FOUND",
            "ride_not_found",
            (),
        )
        error = await caller.refused(RIDES, name, make(ride_id="17"), token)
        assert error.told == ("INVALID_ARGUMENT", "invalid_argument", ("ride_id",))
    await owner.cancel(public_id)
    await owner.settled(public_id)


async def test_a_bad_ping_ends_its_stream_with_the_path_named(people: Town, caller: Caller) -> None:
    token = await (await people.driver()).person.token()
    ping = rides_pb2.LocationPing(point=geo_point_pb2.GeoPoint(latitude=math.nan), sequence=1)
    ping.measure_time.GetCurrentTime()
    batch = driver_service_pb2.ReportLocationsRequest(pings=[ping])
    error = await caller.refused(DRIVERS, "ReportLocations", batch, token)
    assert error.told == ("INVALID_ARGUMENT", "invalid_argument", ("pings[0].point.latitude",))
    stream = cast("Any", people.matching).stream_stream(f"{DRIVERS}/StreamLocations")
    metadata = (("authorization", f"Bearer {token}"),)
    for raw, reason in ((batch.SerializeToString(), "invalid_argument"), (b"\xff\xff", "malformed_message")):
        error = await refused_call(stream(iter([raw]), metadata=metadata, timeout=_SECONDS).read())
        assert (error.status, error.reason) == ("INVALID_ARGUMENT", reason)


async def test_nothing_of_it_is_half_done(people: Town) -> None:
    await nothing_is_half_done(people)
