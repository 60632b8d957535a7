"""Driver applications, shifts, locations and offers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    Moment,
    Money,
    OfferId,
    OpenEnum,
    Parameters,
    Place,
    Request,
    Timestamp,
    money,
    place,
    public_id,
    timestamp,
    timestamp_message,
)
from rider_api.schemas.deliveries import (
    RIDE_KINDS,
    DeliveryOrder,
    delivery_order,
)
from rider_api.schemas.rides import FUNDINGS
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.matching.v1 import driver_service_pb2, rides_pb2

DRIVER_STATUSES = OpenEnum(accounts_pb2.DriverStatus.items(), "DRIVER_STATUS")
VEHICLE_CLASSES = OpenEnum(accounts_pb2.VehicleClass.items(), "VEHICLE_CLASS")
PING_VERDICTS = OpenEnum(driver_service_pb2.PingVerdict.items(), "PING_VERDICT")
PLAN_ACTIONS = OpenEnum(rides_pb2.PlanAction.items(), "PLAN_ACTION")
OFFER_STATES = OpenEnum(rides_pb2.OfferState.items(), "OFFER_STATE")
# float32 on the wire: beyond its range a finite number would turn into infinity.
_MAX_ACCURACY_METERS = 1e9
# The greatest integer that every JSON reader takes exactly (RFC 8259 §6).
_MAX_SEQUENCE = 2**53 - 1


class VehicleRequest(Request):
    """The vehicle an applicant drives."""

    model: str = Field(min_length=1, max_length=60, examples=["Toyota Prius"])
    color: str = Field(min_length=1, max_length=30, examples=["silver"])
    plate: str = Field(min_length=1, max_length=16, examples=["7ABC123"])
    vehicle_class: Literal["economy", "xl", "wheelchair"]


class DriverApplication(Request):
    """Asks to drive."""

    display_name: str = Field(min_length=1, max_length=80, examples=["Sam"])
    vehicle: VehicleRequest

    def vehicle_message(self) -> accounts_pb2.Vehicle:
        """Write the vehicle for the contracts."""
        return accounts_pb2.Vehicle(
            model=self.vehicle.model,
            color=self.vehicle.color,
            plate=self.vehicle.plate,
            vehicle_class=accounts_pb2.VehicleClass.Value(f"VEHICLE_CLASS_{self.vehicle.vehicle_class.upper()}"),
        )


class Vehicle(Answer):
    """A driver's vehicle."""

    model: str
    color: str
    plate: str
    vehicle_class: str = Field(examples=["economy"])


class Driver(Answer):
    """An account's standing as a driver."""

    id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    display_name: str
    status: str = Field(examples=["approved"])
    vehicle: Vehicle


def driver(message: accounts_pb2.Driver) -> Driver:
    """Convert a driver."""
    return Driver(
        id=public_id("acct", message.driver_id),
        display_name=message.display_name,
        status=DRIVER_STATUSES.text(message.status),
        vehicle=Vehicle(
            model=message.vehicle.model,
            color=message.vehicle.color,
            plate=message.vehicle.plate,
            vehicle_class=VEHICLE_CLASSES.text(message.vehicle.vehicle_class),
        ),
    )


class LocationPing(Request):
    """One position of a driver's device."""

    latitude: float = Field(ge=-90, le=90, examples=[37.7793])
    longitude: float = Field(ge=-180, le=180, examples=[-122.4193])
    measured_at: Moment
    sequence: int = Field(ge=1, le=_MAX_SEQUENCE, description="Grows with each ping of a shift.")
    accuracy_meters: float = Field(default=0.0, ge=0, le=_MAX_ACCURACY_METERS, description="0 when not known.")

    def message(self) -> rides_pb2.LocationPing:
        """Write it for the contracts."""
        return rides_pb2.LocationPing(
            point=geo_point_pb2.GeoPoint(latitude=self.latitude, longitude=self.longitude),
            measure_time=timestamp_message(self.measured_at),
            sequence=self.sequence,
            accuracy_meters=self.accuracy_meters,
        )


class LocationBatch(Request):
    """Positions, oldest first."""

    locations: list[LocationPing] = Field(min_length=1, max_length=50)


class DroppedLocations(Answer):
    """How many positions were dropped for one reason."""

    reason: str = Field(
        description="out_of_order, inaccurate, too_fast, in_the_future, too_old, outside_area or rate_limited.",
        examples=["too_fast"],
    )
    count: int


class LocationAnswer(Answer):
    """How many were taken, how many dropped, and why."""

    accepted_count: int
    dropped_count: int
    dropped: list[DroppedLocations]


def location_answer(message: driver_service_pb2.ReportLocationsResponse) -> LocationAnswer:
    """Convert the answer to a batch."""
    return LocationAnswer(
        accepted_count=message.accepted_count,
        dropped_count=message.dropped_count,
        dropped=[
            DroppedLocations(reason=PING_VERDICTS.text(item.verdict), count=item.count) for item in message.dropped
        ],
    )


class OfferPath(Parameters):
    """Names an offer."""

    offer_id: OfferId


class Offer(Answer):
    """A ride proposed to a driver for some seconds."""

    id: str = Field(examples=["offer_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str
    state: str = Field(examples=["open"])
    expires_at: Timestamp
    pickup: Place
    dropoff: Place
    pickup_eta_seconds: int
    distance_meters: int
    earnings: Money
    funding: str = Field(description="Where the rider's money comes from; cash is to be collected.", examples=["cash"])
    stops: list[Place] = Field(description="On the way, in this order.")
    passengers: int
    kind: str = Field(examples=["private"])
    order: DeliveryOrder | None = Field(description="What a delivery carries.")
    joins_run: bool = Field(description="Of a pooled ride: others share the vehicle already.")
    pickup_at: Timestamp | None = Field(description="When the rider is to be picked up; null for a ride now.")


def offer(message: rides_pb2.Offer) -> Offer:
    """Convert an offer."""
    return Offer(
        id=public_id("offer", message.offer_id),
        ride_id=public_id("ride", message.ride_id),
        state=OFFER_STATES.text(message.state),
        expires_at=timestamp(message.expire_time),
        pickup=place(message.pickup),
        dropoff=place(message.dropoff),
        pickup_eta_seconds=message.pickup_eta_seconds,
        distance_meters=message.distance_meters,
        earnings=money(message.earnings),
        funding=FUNDINGS.text(message.funding or rides_pb2.FUNDING_CARD),
        stops=[place(stop) for stop in message.stops],
        passengers=message.passengers,
        kind=RIDE_KINDS.text(message.kind or rides_pb2.RIDE_KIND_PRIVATE),
        order=delivery_order(message.order) if message.HasField("order") else None,
        joins_run=message.joins_run,
        pickup_at=timestamp(message.pickup_time) if message.HasField("pickup_time") else None,
    )


class PlanStop(Answer):
    """A stop of a driver's plan."""

    ride_id: str = Field(examples=["ride_01h4556qpqexqvskwzpczs00jq"])
    action: str = Field(
        description="pick_up, drop_off, or stop: the driver waits for a while on the way.", examples=["pick_up"]
    )
    place: Place
    passengers: int = Field(description="How many get in or out; 0 at a stop.")


class Plan(Answer):
    """The stops that are left, the next one first."""

    stops: list[PlanStop]


def plan(message: driver_service_pb2.GetPlanResponse) -> Plan:
    """Convert a plan."""
    return Plan(
        stops=[
            PlanStop(
                ride_id=public_id("ride", stop.ride_id),
                action=PLAN_ACTIONS.text(stop.action),
                place=place(stop.place),
                passengers=stop.passengers,
            )
            for stop in message.stops
        ]
    )


class TripStart(Request):
    """Begins a trip with the PIN the rider tells."""

    pin: str = Field(pattern="^[0-9]{4}$", examples=["4821"])


class AssignmentCancellation(Request):
    """Gives a ride back."""

    reason: str = Field(default="", max_length=200)
