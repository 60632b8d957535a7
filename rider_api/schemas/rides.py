"""Rides as riders, drivers and operators see them: each role has a model of its own."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    OpenEnum,
    Place,
    Timestamp,
    place,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_or_none,
)
from rider_api.schemas.deliveries import RIDE_KINDS, Delivery, delivery
from rider_api.schemas.quotes import AppliedPromotion, Fare, applied_promotion, fare
from ridesharing.matching.v1 import ride_service_pb2, rides_pb2

RIDE_STATES = OpenEnum(rides_pb2.RideState.items(), "RIDE_STATE")
PAYMENT_STATES = OpenEnum(rides_pb2.PaymentState.items(), "PAYMENT_STATE")
STOP_STATES = OpenEnum(rides_pb2.StopState.items(), "STOP_STATE")
FUNDINGS = OpenEnum(rides_pb2.Funding.items(), "FUNDING")


class RideSharing(Answer):
    """What the rider of a pooled ride agreed to."""

    max_detour_seconds: int = Field(description="How much longer than alone the ride may become for others.")
    max_wait_seconds: int = Field(description="How much later the pickup may become after a driver accepted.")
    run_id: str | None = Field(description="Rides that share a vehicle have one run.")


class VehicleFacts(Answer):
    """What to look for at the kerb."""

    model: str
    color: str
    plate: str


class RideDriver(Answer):
    """The driver of a ride."""

    id: str
    display_name: str
    vehicle: VehicleFacts


class RideStop(Answer):
    """A stop on the way."""

    id: str = Field(examples=["stop_01h4556qpqexqvskwzpczs00jq"])
    place: Place
    state: str = Field(examples=["pending"])
    reached_at: Timestamp | None
    left_at: Timestamp | None


class RideBase(Answer):
    """What all roles see of a ride."""

    id: str = Field(examples=["ride_01h4556qpqexqvskwzpczs00jq"])
    state: str = Field(examples=["driver_en_route"])
    payment_state: str | None = Field(examples=["held"])
    kind: str = Field(examples=["private"])
    sharing: RideSharing | None
    funding: str = Field(description="Where the rider's money comes from.", examples=["card"])
    version: int
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    driver: RideDriver | None
    pickup_eta_seconds: int | None
    promised_pickup_at: Timestamp | None = Field(
        description="When the driver who accepted first would have come; a swap of drivers never makes it later."
    )
    swap_count: int = Field(description="How often another driver came instead, since that one is there sooner.")
    requested_at: Timestamp
    assigned_at: Timestamp | None
    arrived_at: Timestamp | None
    started_at: Timestamp | None
    ended_at: Timestamp | None
    reason: str | None
    driver_silent_since: Timestamp | None = Field(
        description="Since when the driver's device is not heard of; the driver may be out of coverage."
    )
    stops: list[RideStop] = Field(description="In the order in which they are driven to.")
    passengers: int
    pickup_at: Timestamp | None = Field(description="When the rider is to be picked up; null for a ride now.")
    distance_meters: int = Field(description="Expected, by way of the stops.")
    trip_eta_seconds: int = Field(description="Expected time in the vehicle, with the wait at each stop.")
    note: str | None = Field(
        description="The rider's words for the driver, whom they are told to from the acceptance to the end.",
        examples=["by the fountain"],
    )


class RiderRide(RideBase):
    """A rider's own ride."""

    start_pin: str | None = Field(
        description="To be told to the driver at the start; of a delivery, the shop's pickup code.", examples=["4821"]
    )
    delivery: Delivery | None
    promotion: AppliedPromotion | None = Field(description="The promotion of the account that the ride has.")


class DriverRide(RideBase):
    """A ride as its driver sees it."""

    rider_name: str | None
    delivery: Delivery | None


class OperatorRide(RideBase):
    """A ride as operators see it."""

    rider_id: str
    city: str | None
    policy_version: int | None = Field(description="Version of the city's policy that the ride keeps to.")
    delivery: Delivery | None
    promotion: AppliedPromotion | None = Field(description="The rider's promotion that the ride has.")


def _base(message: rides_pb2.Ride) -> dict[str, Any]:
    driver: RideDriver | None = None
    if message.HasField("driver"):
        facts = message.driver
        driver = RideDriver(
            id=public_id("acct", facts.driver_id),
            display_name=facts.display_name,
            vehicle=VehicleFacts(model=facts.vehicle_model, color=facts.vehicle_color, plate=facts.vehicle_plate),
        )
    return {
        "id": public_id("ride", message.ride_id),
        "state": RIDE_STATES.text(message.state),
        "payment_state": PAYMENT_STATES.text_or_none(message.payment_state),
        "sharing": _sharing(message.sharing) if message.HasField("sharing") else None,
        "kind": RIDE_KINDS.text(message.kind or rides_pb2.RIDE_KIND_PRIVATE),
        "funding": FUNDINGS.text(message.funding or rides_pb2.FUNDING_CARD),
        "version": message.version,
        "product": message.product,
        "pickup": place(message.pickup),
        "dropoff": place(message.dropoff),
        "fare": fare(message.fare),
        "driver": driver,
        "pickup_eta_seconds": message.pickup_eta_seconds if message.HasField("pickup_eta_seconds") else None,
        "promised_pickup_at": timestamp_or_none(message, "promised_pickup_time"),
        "swap_count": message.swap_count,
        "requested_at": timestamp(message.request_time),
        "assigned_at": timestamp_or_none(message, "assign_time"),
        "arrived_at": timestamp_or_none(message, "arrive_time"),
        "started_at": timestamp_or_none(message, "start_time"),
        "ended_at": timestamp_or_none(message, "end_time"),
        "reason": message.reason or None,
        "driver_silent_since": timestamp_or_none(message, "driver_silent_since_time"),
        "stops": [ride_stop(item) for item in message.stops],
        "passengers": message.passengers,
        "pickup_at": timestamp_or_none(message, "pickup_time"),
        "distance_meters": message.distance_meters,
        "trip_eta_seconds": message.trip_eta_seconds,
        "note": message.note or None,
    }


def ride_stop(message: rides_pb2.RideStop) -> RideStop:
    return RideStop(
        id=public_id("stop", message.stop_id),
        place=place(message.place),
        state=STOP_STATES.text(message.state),
        reached_at=timestamp_or_none(message, "reach_time"),
        left_at=timestamp_or_none(message, "leave_time"),
    )


def _sharing(message: rides_pb2.Sharing) -> RideSharing:
    return RideSharing(
        max_detour_seconds=message.max_detour_seconds,
        max_wait_seconds=message.max_wait_seconds,
        run_id=public_id_or_none("run", message.run_id),
    )


def _delivery(message: rides_pb2.Ride, *, with_pin: bool = False, with_phones: bool = True) -> Delivery | None:
    if not message.HasField("delivery"):
        return None
    return delivery(message.delivery, with_pin=with_pin, with_phones=with_phones)


def _promotion(message: rides_pb2.Ride) -> AppliedPromotion | None:
    return applied_promotion(message.promotion) if message.HasField("promotion") else None


def rider_ride(message: rides_pb2.Ride) -> RiderRide:
    """Convert a ride for its rider."""
    carried = _delivery(message, with_pin=True)
    return RiderRide(
        **_base(message), start_pin=message.start_pin or None, delivery=carried, promotion=_promotion(message)
    )


def driver_ride(message: rides_pb2.Ride) -> DriverRide:
    """Convert a ride for its driver: never with the PIN, whatever the message carries."""
    return DriverRide(**_base(message), rider_name=message.rider_name or None, delivery=_delivery(message))


def operator_ride(message: rides_pb2.Ride) -> OperatorRide:
    """Convert a ride for operators."""
    return OperatorRide(
        **_base(message),
        rider_id=public_id("acct", message.rider_id),
        city=message.city or None,
        policy_version=message.policy_version or None,
        delivery=_delivery(message, with_phones=False),
        promotion=_promotion(message),
    )


class RiderRides(Answer):
    """A page of a rider's rides, newest first."""

    items: list[RiderRide]
    next_cursor: str | None


class ScheduledRides(Answer):
    """A rider's rides that wait for their time, the next one first."""

    items: list[RiderRide]


class DriverRides(Answer):
    """A page of a driver's rides, newest first."""

    items: list[DriverRide]
    next_cursor: str | None


class RideLocation(Answer):
    """Where the driver of a ride is."""

    latitude: float
    longitude: float
    measured_at: Timestamp


def ride_location(message: ride_service_pb2.GetRideLocationResponse) -> RideLocation:
    """Convert a location."""
    return RideLocation(
        latitude=message.point.latitude,
        longitude=message.point.longitude,
        measured_at=timestamp(message.measure_time),
    )
