"""What the messages of this service have in common: money, places, times, fares and pages, to the domain and back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from matching_service.domain.quote import Fare, FareLineKind, Place
from matching_service.domain.terms import Funding
from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.matching.v1 import rides_pb2
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

# By name: the domain's enums carry the contract's names, and a test compares both sides.
FARE_LINE_KINDS = {kind: rides_pb2.FareLineKind.Value(f"FARE_LINE_KIND_{kind.name}") for kind in FareLineKind}
FUNDINGS = {funding: rides_pb2.Funding.Value(f"FUNDING_{funding.name}") for funding in Funding}
_FUNDING_BY_NUMBER: dict[int, Funding] = {number: funding for funding, number in FUNDINGS.items()}


def money_message(money: Money) -> money_pb2.Money:
    """Write an amount."""
    return money_pb2.Money(currency_code=money.currency_code, amount_minor=money.amount_minor)


def point_message(point: GeoPoint) -> geo_point_pb2.GeoPoint:
    """Write a point."""
    return geo_point_pb2.GeoPoint(latitude=point.latitude, longitude=point.longitude)


def place_message(place: Place) -> geo_point_pb2.Place:
    """Write a place."""
    return geo_point_pb2.Place(point=point_message(place.point), address=place.address)


def point_from(message: geo_point_pb2.GeoPoint) -> GeoPoint:
    """Read a point that the contract's rules have passed."""
    return GeoPoint(message.latitude, message.longitude)


def place_from(message: geo_point_pb2.Place) -> Place:
    """Read a place that the contract's rules have passed."""
    return Place(point_from(message.point), message.address)


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment_from(message: Timestamp, field: str) -> datetime:
    """Read a moment; one that no calendar holds is `invalid_argument`."""
    try:
        return message.ToDatetime(UTC)
    except (ValueError, OverflowError):
        violation = FieldViolation(field, "is not a time between the years 1 and 9999")
        raise InvalidInput("invalid_argument", "a time is out of range", violations=[violation]) from None


def fare_message(fare: Fare) -> rides_pb2.Fare:
    """Write a fare."""
    lines = [
        rides_pb2.FareLine(kind=FARE_LINE_KINDS[line.kind], amount=money_message(line.amount), name=line.name)
        for line in fare.lines
    ]
    return rides_pb2.Fare(total=money_message(fare.total), lines=lines)


def funding_from(number: int) -> Funding:
    """Read a funding that the contract's rules have passed; one that is not told is a card."""
    return _FUNDING_BY_NUMBER.get(number, Funding.CARD)


def page_token(before: UUID | None) -> str:
    """Write where a page ended; empty on the last."""
    return "" if before is None else before.hex


def before_from(token: str) -> UUID | None:
    """Read where the last page ended; anything that we did not write is `invalid_page_token`."""
    if not token:
        return None
    try:
        return UUID(hex=token)
    except ValueError:
        violation = FieldViolation("page_token", "must be what the last page gave")
        raise InvalidInput("invalid_page_token", "the page token is not one of ours", violations=[violation]) from None
