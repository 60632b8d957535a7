"""The fleet as operators watch it, and where the cities serve."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    Moment,
    Money,
    OpenEnum,
    Parameters,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.rides import RIDE_STATES
from rider_api.schemas.shifts import Point
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import fleet_service_pb2, product_service_pb2, trip_alerts_pb2

TRIP_ALERT_KINDS = OpenEnum(trip_alerts_pb2.TripAlertKind.items(), "TRIP_ALERT_KIND")
VEHICLE_STATES = OpenEnum(fleet_service_pb2.VehicleState.items(), "VEHICLE_STATE")
_STATES = "free, offered, en_route, arrived, in_trip, on_break or silent."


class FleetQuery(Parameters):
    """A box on the map (WGS 84), and how much of it to return at most."""

    south: float = Field(ge=-90, le=90, examples=[37.7])
    west: float = Field(ge=-180, le=180, examples=[-122.55])
    north: float = Field(ge=-90, le=90, examples=[37.85])
    east: float = Field(ge=-180, le=180, examples=[-122.3])
    vehicle_limit: int = Field(default=500, ge=1, le=2000)
    ride_limit: int = Field(default=200, ge=1, le=1000)


class FleetVehicle(Answer):
    """A vehicle on shift."""

    driver_id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    state: str = Field(description=_STATES, examples=["free"])
    latitude: float
    longitude: float
    measured_at: Timestamp
    vehicle_class: str = Field(examples=["economy"])
    driver_name: str
    vehicle_plate: str
    ride_id: str | None = Field(description="The ride that it is on, the furthest on of several.")


class FleetRide(Answer):
    """A live ride."""

    id: str = Field(examples=["ride_01h4556qpqexqvskwzpczs00jq"])
    state: str = Field(examples=["driver_en_route"])
    product: str = Field(examples=["economy"])
    pickup: Point
    dropoff: Point
    driver_id: str | None
    requested_at: Timestamp


class FleetOffer(Answer):
    """An open offer of one of the rides."""

    id: str = Field(examples=["offer_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str
    driver_id: str
    expires_at: Timestamp


class Fleet(Answer):
    """What is in the box now."""

    taken_at: Timestamp
    vehicles: list[FleetVehicle]
    vehicle_count: int = Field(description="More than are returned where `vehicle_limit` cut some off.")
    rides: list[FleetRide] = Field(description="Those that begin or end in the box, newest first.")
    offers: list[FleetOffer]


def fleet(message: fleet_service_pb2.GetFleetResponse) -> Fleet:
    """Convert the picture of a box."""
    return Fleet(
        taken_at=timestamp(message.take_time),
        vehicles=[
            FleetVehicle(
                driver_id=public_id("acct", item.driver_id),
                state=VEHICLE_STATES.text(item.state),
                latitude=item.point.latitude,
                longitude=item.point.longitude,
                measured_at=timestamp(item.measure_time),
                vehicle_class=item.vehicle_class,
                driver_name=item.driver_name,
                vehicle_plate=item.vehicle_plate,
                ride_id=public_id_or_none("ride", item.ride_id),
            )
            for item in message.vehicles
        ],
        vehicle_count=message.vehicle_count,
        rides=[
            FleetRide(
                id=public_id("ride", item.ride_id),
                state=RIDE_STATES.text(item.state),
                product=item.product,
                pickup=_point(item.pickup),
                dropoff=_point(item.dropoff),
                driver_id=public_id_or_none("acct", item.driver_id),
                requested_at=timestamp(item.request_time),
            )
            for item in message.rides
        ],
        offers=[
            FleetOffer(
                id=public_id("offer", item.offer_id),
                ride_id=public_id("ride", item.ride_id),
                driver_id=public_id("acct", item.driver_id),
                expires_at=timestamp(item.expire_time),
            )
            for item in message.offers
        ],
    )


class PulseQuery(Parameters):
    """Since when, in which steps; at most 240 of them."""

    since: Moment
    step_seconds: int = Field(default=60, ge=10, le=86_400)


class StateCount(Answer):
    """How many stand in a state."""

    state: str = Field(examples=["free"])
    count: int


class PulseStep(Answer):
    """What happened within a step to rides that were asked for since the begin."""

    started_at: Timestamp
    requested_count: int
    completed_count: int
    canceled_count: int = Field(description="By the rider or the platform, or since the rider did not come.")
    unmatched_count: int = Field(description="No driver was found, or the hold was declined.")
    pickup_count: int
    mean_wait_seconds: float = Field(description="From the request to the driver's arrival, of rides for now.")
    fares: list[Money] = Field(description="Of the completed rides, one amount a currency; refunds are not taken off.")


class Pulse(Answer):
    """How it goes."""

    taken_at: Timestamp
    vehicles: list[StateCount] = Field(description="Drivers on shift by what they do: " + _STATES)
    rides: list[StateCount] = Field(description="Live rides by state.")
    open_offer_count: int
    steps: list[PulseStep] = Field(description="Oldest first, the last one under way.")


def pulse(message: fleet_service_pb2.GetPulseResponse) -> Pulse:
    """Convert the pulse."""
    return Pulse(
        taken_at=timestamp(message.take_time),
        vehicles=[StateCount(state=VEHICLE_STATES.text(item.state), count=item.count) for item in message.vehicles],
        rides=[StateCount(state=RIDE_STATES.text(item.state), count=item.count) for item in message.rides],
        open_offer_count=message.open_offer_count,
        steps=[
            PulseStep(
                started_at=timestamp(step.start_time),
                requested_count=step.requested_count,
                completed_count=step.completed_count,
                canceled_count=step.canceled_count,
                unmatched_count=step.unmatched_count,
                pickup_count=step.pickup_count,
                mean_wait_seconds=step.mean_wait_seconds,
                fares=[money(amount) for amount in step.fares],
            )
            for step in message.steps
        ],
    )


class Zone(Answer):
    """A named part of a city that prices or products depend on."""

    name: str = Field(examples=["airport"])
    corners: list[Point] = Field(description="In order; the last joins the first.")


class ServiceArea(Answer):
    """Where a city serves."""

    city: str = Field(examples=["san_francisco"])
    name: str
    corners: list[Point] = Field(description="In order; the last joins the first.")
    zones: list[Zone]


class ServiceAreas(Answer):
    """All cities, in the order of their keys."""

    items: list[ServiceArea]


def service_areas(message: product_service_pb2.ListServiceAreasResponse) -> ServiceAreas:
    """Convert the areas."""
    return ServiceAreas(
        items=[
            ServiceArea(
                city=area.city,
                name=area.name,
                corners=[_point(corner) for corner in area.corners],
                zones=[
                    Zone(name=zone.name, corners=[_point(corner) for corner in zone.corners]) for zone in area.zones
                ],
            )
            for area in message.areas
        ]
    )


class TripAlert(Answer):
    """Something that looks wrong on a trip; its rider was asked whether all is well."""

    id: str = Field(examples=["alert_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str
    rider_id: str
    driver_id: str
    kind: str = Field(description="route_deviated or long_stop.", examples=["long_stop"])
    point: Point = Field(description="Where the vehicle was then.")
    since: Timestamp = Field(description="Since when it was so.")
    raised_at: Timestamp


class TripAlerts(Answer):
    """A page of alerts, newest first, of thirty days."""

    items: list[TripAlert]
    next_cursor: str | None


def trip_alert(message: trip_alerts_pb2.TripAlert) -> TripAlert:
    """Convert an alert."""
    return TripAlert(
        id=public_id("alert", message.alert_id),
        ride_id=public_id("ride", message.ride_id),
        rider_id=public_id("acct", message.rider_id),
        driver_id=public_id("acct", message.driver_id),
        kind=TRIP_ALERT_KINDS.text(message.kind),
        point=_point(message.point),
        since=timestamp(message.since_time),
        raised_at=timestamp(message.raise_time),
    )


def _point(message: geo_point_pb2.GeoPoint) -> Point:
    return Point(latitude=message.latitude, longitude=message.longitude)
