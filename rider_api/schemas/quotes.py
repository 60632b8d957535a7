"""Products, fares and quotes: what can be asked for, and at what price."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rider_api.schemas.common import (
    Answer,
    Moment,
    Money,
    OpenEnum,
    Parameters,
    Place,
    PlaceRequest,
    Request,
    Timestamp,
    money,
    place,
    public_id,
    timestamp,
)
from rider_api.schemas.deliveries import RIDE_KINDS
from ridesharing.matching.v1 import product_service_pb2, ride_service_pb2, rides_pb2

FARE_LINE_KINDS = OpenEnum(rides_pb2.FareLineKind.items(), "FARE_LINE_KIND")


class Product(Answer):
    """What a rider can ask for, with its rates."""

    product: str = Field(examples=["economy"])
    base: Money
    per_kilometer: Money
    per_minute: Money
    minimum: Money
    booking_fee: Money
    cash_accepted: bool
    seats: int = Field(description="How many passengers it carries at most.", examples=[4])
    kind: str = Field(examples=["private"])
    parties: int = Field(description="Of a pooled product: how many share a vehicle at most; 0 for others.")
    return_fee: Money | None = Field(description="Of a delivery that has to be brought back, beside the fare.")
    waiting_per_minute: Money
    vehicle_classes: list[str] = Field(examples=[["economy", "xl"]])


class ProductsQuery(Parameters):
    """Where the ride would begin; needed where several cities are served."""

    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        return self


class Products(Answer):
    """All that the city sells there."""

    items: list[Product]


def products(message: product_service_pb2.ListProductsResponse) -> Products:
    """Convert the list of products."""
    return Products(
        items=[
            Product(
                product=item.product,
                base=money(item.base),
                per_kilometer=money(item.per_kilometer),
                per_minute=money(item.per_minute),
                minimum=money(item.minimum),
                booking_fee=money(item.booking_fee),
                cash_accepted=item.cash_accepted,
                seats=item.seats,
                kind=RIDE_KINDS.text(item.kind or rides_pb2.RIDE_KIND_PRIVATE),
                parties=item.parties,
                return_fee=money(item.return_fee) if item.HasField("return_fee") else None,
                waiting_per_minute=money(item.waiting_per_minute),
                vehicle_classes=list(item.vehicle_classes),
            )
            for item in message.products
        ]
    )


class QuoteRequest(Request):
    """Asks for prices from one place to another."""

    pickup: PlaceRequest
    dropoff: PlaceRequest
    product: str = Field(default="", max_length=40, description="Only this product.", examples=["economy"])
    stops: list[PlaceRequest] = Field(default=[], max_length=5, description="On the way, in this order.")
    passengers: int = Field(default=1, ge=1, le=60, description="Products with fewer seats are left out.")
    pickup_at: Moment | None = Field(default=None, description="When the ride is to begin; null for now.")
    without_promotion: bool = Field(
        default=False, description="Keep the promotions on the account for other rides.", examples=[False]
    )


class FareLine(Answer):
    """One part of a fare."""

    kind: str = Field(examples=["distance"])
    amount: Money = Field(description="Zero or more, also of the kind `promotion`, which is taken off.")
    name: str | None = Field(description="The toll, the surcharge, the tax's jurisdiction.", examples=["Bay Bridge"])


class Fare(Answer):
    """An amount owed; the lines, less a promotion, sum to the total."""

    total: Money
    lines: list[FareLine]


def fare(message: rides_pb2.Fare) -> Fare:
    """Convert a fare."""
    lines = [_line(line) for line in message.lines]
    return Fare(total=money(message.total), lines=lines)


def _line(message: rides_pb2.FareLine) -> FareLine:
    kind = FARE_LINE_KINDS.text(message.kind)
    return FareLine(kind=kind, amount=money(message.amount), name=message.name or None)


class AppliedPromotion(Answer):
    """A promotion in a price."""

    id: str = Field(examples=["promo_01h4556qpqexqvskwzpczs00jq"])
    code: str = Field(examples=["WELCOME-20"])
    amount_off: Money = Field(description="Zero where the ride came to cost no fare, or too little for it.")
    price_before: Money


def applied_promotion(message: rides_pb2.AppliedPromotion) -> AppliedPromotion:
    """Convert a promotion in a price."""
    return AppliedPromotion(
        id=public_id("promo", message.promotion_id),
        code=message.code,
        amount_off=money(message.amount_off),
        price_before=money(message.price_before),
    )


class Quote(Answer):
    """A price promised until it expires."""

    id: str = Field(examples=["quote_01h4556qpqexqvskwzpczs00jq"])
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    distance_meters: int
    trip_eta_seconds: int
    pickup_eta_seconds: int | None = Field(description="Null when no driver is near.")
    expires_at: Timestamp
    max_detour_seconds: int | None = Field(
        description="Of a pooled product: how much longer than alone the ride may become for others."
    )
    surge_permille: int = Field(description="Multiplier of demand in the price; 1000 is none.", examples=[1000])
    surge_consent_token: str | None = Field(
        description="Ask the rider for an explicit yes to the surge, and send it with the request for the ride."
    )
    stops: list[Place] = Field(description="On the way; distance and time are by way of them, with the wait at each.")
    route_polyline: str | None = Field(
        description="The way on the map, an encoded polyline of five decimals; null where no map tells it."
    )
    passengers: int
    pickup_at: Timestamp | None = Field(description="When the ride is to begin; null for now.")
    promotion: AppliedPromotion | None = Field(description="The promotion of the account that the fare contains.")


class Quotes(Answer):
    """One quote a product."""

    quotes: list[Quote]


def quotes(message: ride_service_pb2.CreateQuotesResponse) -> Quotes:
    """Convert quotes."""
    return Quotes(quotes=[_quote(item) for item in message.quotes])


def _quote(message: rides_pb2.Quote) -> Quote:
    return Quote(
        id=public_id("quote", message.quote_id),
        product=message.product,
        pickup=place(message.pickup),
        dropoff=place(message.dropoff),
        fare=fare(message.fare),
        distance_meters=message.distance_meters,
        trip_eta_seconds=message.trip_eta_seconds,
        pickup_eta_seconds=message.pickup_eta_seconds if message.HasField("pickup_eta_seconds") else None,
        expires_at=timestamp(message.expire_time),
        surge_permille=message.surge_permille,
        surge_consent_token=message.surge_consent_token or None,
        max_detour_seconds=message.sharing.max_detour_seconds if message.HasField("sharing") else None,
        stops=[place(stop) for stop in message.stops],
        route_polyline=message.route_polyline or None,
        passengers=message.passengers,
        pickup_at=timestamp(message.pickup_time) if message.HasField("pickup_time") else None,
        promotion=applied_promotion(message.promotion) if message.HasField("promotion") else None,
    )
