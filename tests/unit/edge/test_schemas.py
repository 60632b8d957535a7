"""Contracts' messages as public JSON."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel

from rider_api.schemas.common import OpenEnum, public_id_or_none, read_moment, rfc3339, timestamp
from rider_api.schemas.payments import receipt
from rider_api.schemas.rides import RIDE_STATES, driver_ride, operator_ride, rider_ride
from rider_api.schemas.shifts import availability
from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.matching.v1 import rides_pb2
from ridesharing.payment.v1 import payments_pb2

ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def a_ride(**changes: object) -> rides_pb2.Ride:
    point = geo_point_pb2.GeoPoint(latitude=37.7, longitude=-122.4)
    ride = rides_pb2.Ride(
        ride_id=ID,
        state=rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE,
        payment_state=rides_pb2.PAYMENT_STATE_HELD,
        version=3,
        rider_id=ID,
        quote_id=ID,
        product="economy",
        pickup=geo_point_pb2.Place(point=point, address="Pier 39"),
        dropoff=geo_point_pb2.Place(point=point),
        fare=rides_pb2.Fare(total=money_pb2.Money(currency_code="USD", amount_minor=1850)),
        start_pin="4821",
        request_time=Timestamp(seconds=1893456000, nanos=120_000_000),
        rider_name="Robin",
    )
    for name, value in changes.items():
        setattr(ride, name, value)
    return ride


def test_the_rider_sees_the_pin() -> None:
    body = rider_ride(a_ride()).model_dump()
    assert body["start_pin"] == "4821"
    assert "rider_name" not in body


def test_neither_driver_nor_operator_sees_the_pin_whatever_the_message_carries() -> None:
    assert "4821" not in driver_ride(a_ride()).model_dump_json()
    assert "4821" not in operator_ride(a_ride()).model_dump_json()


def test_what_a_ride_does_not_have_yet_is_null() -> None:
    body = rider_ride(a_ride(start_pin="", reason="")).model_dump()
    absent = (
        "driver",
        "pickup_eta_seconds",
        "assigned_at",
        "arrived_at",
        "started_at",
        "ended_at",
        "reason",
        "start_pin",
    )
    assert [body[name] for name in absent] == [None] * len(absent)
    assert body["dropoff"]["address"] is None


def test_names_and_times_are_written_in_the_public_form() -> None:
    body = rider_ride(a_ride()).model_dump()
    assert body["id"].startswith("ride_")
    assert (body["state"], body["payment_state"]) == ("driver_en_route", "held")
    assert body["requested_at"] == "2030-01-01T00:00:00.120000Z"


@pytest.mark.parametrize("read", [rider_ride, driver_ride, operator_ride])
@pytest.mark.parametrize(
    ("funding", "told"),
    [
        (rides_pb2.FUNDING_UNSPECIFIED, "card"),
        (rides_pb2.FUNDING_CARD, "card"),
        (rides_pb2.FUNDING_WALLET, "wallet"),
        (rides_pb2.FUNDING_CASH, "cash"),
    ],
)
def test_everybody_sees_how_a_ride_is_paid(
    read: Callable[[rides_pb2.Ride], BaseModel], funding: rides_pb2.Funding.ValueType, told: str
) -> None:
    assert read(a_ride(funding=funding)).model_dump()["funding"] == told


def test_a_receipt_tells_what_brought_the_money_and_what_is_owed() -> None:
    def usd(amount_minor: int) -> money_pb2.Money:
        return money_pb2.Money(currency_code="USD", amount_minor=amount_minor)

    message = payments_pb2.Receipt(
        payment_id=ID,
        ride_id=ID,
        capture_time=Timestamp(seconds=1893456000),
        total=usd(2000),
        funding=payments_pb2.FUNDING_WALLET,
        captured=usd(1200),
        credit_used=usd(500),
        receivable=usd(300),
    )
    body = receipt(message).model_dump()
    assert (body["funding"], body["brand"], body["last_digits"]) == ("wallet", None, None)
    parts = [body[name]["amount_minor"] for name in ("captured", "credit_used", "receivable")]
    assert parts == [1200, 500, 300]
    assert sum(parts) == body["total"]["amount_minor"]


def test_a_state_of_a_newer_contract_is_told_as_unknown() -> None:
    assert RIDE_STATES.text(999) == "unknown"


def test_the_zero_value_of_an_enumeration_can_stand_for_none() -> None:
    colors = OpenEnum([("COLOR_UNSPECIFIED", 0), ("COLOR_RED", 1)], "COLOR")
    assert (colors.text(1), colors.text_or_none(0), colors.text(0)) == ("red", None, "unspecified")


def test_an_empty_id_stands_for_none() -> None:
    assert public_id_or_none("ride", "") is None
    assert public_id_or_none("ride", ID) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-01-01T12:00:00Z", datetime(2030, 1, 1, 12, tzinfo=UTC)),
        ("2030-01-01t12:00:00.5+02:00", datetime(2030, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times_with_an_offset_are_read(text: str, expected: datetime) -> None:
    assert read_moment(text) == expected


@pytest.mark.parametrize(
    "text",
    ["2030-01-01", "2030-01-01T12:00:00", "2030-02-30T12:00:00Z", "1893456000", 5, None, "0001-01-01T00:00:00+23:59"],
)
def test_anything_else_is_no_time(text: object) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        read_moment(text)


def test_a_time_is_written_the_same_however_it_comes() -> None:
    assert rfc3339(datetime(2030, 1, 1, tzinfo=UTC)) == timestamp(Timestamp(seconds=1893456000))


def test_a_shift_that_ends_after_the_ride_is_still_online() -> None:
    shift = rides_pb2.Shift(shift_id=ID, driver_id=ID, ends_after_ride=True)
    assert availability(shift).online
    shift.end_time.FromSeconds(1893456000)
    assert not availability(shift).online
    assert availability(None).shift is None
