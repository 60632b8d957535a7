"""Trips and vehicles by the Mobility Data Specification 2.0, mode passenger-services: its own names and units.

Timestamps are milliseconds of Unix time, amounts the currency's smallest unit.
"""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp as TimestampMessage
from pydantic import Field

from rider_api.schemas.common import Answer, PageQuery
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import mds_service_pb2

_TTL_MILLIS = 60_000
_UUID = "4f6f4c2e-5f0e-5c6c-9a55-3a3b1f0b6a5e"
EXAMPLE_HOUR = "2030-01-01T12"


class MdsHourQuery(PageQuery):
    """Which hour."""

    end_time: str = Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}$",
        description="The hour in which trips ended, in UTC.",
        examples=[EXAMPLE_HOUR],
    )


class Gps(Answer):
    """A place: the middle of a cell of about 5 km²."""

    lat: float
    lng: float


class TripAttributes(Answer):
    """What the mode tells of a trip."""

    hail_type: str = Field(examples=["app"])
    passenger_count: int
    request_time: int


class FareAttributes(Answer):
    """What the mode tells of a fare."""

    payment_type: str = Field(examples=["credit_card"])
    fare_type: str = Field(examples=["upfront_pricing"])
    taxes: int
    tolls: int
    surcharge: int


class MdsTrip(Answer):
    """A trip with passengers."""

    provider_id: str = Field(examples=[_UUID])
    device_id: str = Field(examples=[_UUID])
    trip_id: str = Field(examples=[_UUID])
    trip_type: str = Field(examples=["private"])
    trip_attributes: TripAttributes
    fare_attributes: FareAttributes
    start_time: int
    end_time: int
    start_location: Gps
    end_location: Gps
    duration: int = Field(description="In seconds.")
    distance: int = Field(description="In meters, of the way that was quoted.")
    accessibility_attributes: list[str]
    actual_cost: int
    currency: str = Field(examples=["USD"])


class Links(Answer):
    """Where the export goes on."""

    next: str | None = Field(description="The query of the next page; null on the last.")


class MdsTrips(Answer):
    """Trips that ended in an hour."""

    version: str = Field(examples=["2.0.0"])
    trips: list[MdsTrip]
    links: Links


class VehicleAttributes(Answer):
    """What the mode tells of a vehicle."""

    model: str
    color: str


class MdsVehicle(Answer):
    """A vehicle in service."""

    provider_id: str = Field(examples=[_UUID])
    device_id: str = Field(examples=[_UUID])
    vehicle_id: str = Field(description="The registration plate.")
    vehicle_type: str = Field(examples=["car"])
    vehicle_attributes: VehicleAttributes
    propulsion_types: list[str] = Field(description="Empty: it is not known here.")
    accessibility_attributes: list[str]


class MdsVehicles(Answer):
    """The vehicles in service."""

    version: str = Field(examples=["2.0.0"])
    last_updated: int
    ttl: int
    vehicles: list[MdsVehicle]
    links: Links


class MdsEvent(Answer):
    """What brought a vehicle into its state."""

    provider_id: str
    device_id: str
    event_id: str
    vehicle_state: str = Field(examples=["on_trip"])
    event_types: list[str] = Field(examples=[["trip_start"]])
    timestamp: int
    location: Gps
    trip_ids: list[str]


class MdsTelemetry(Answer):
    """Where a vehicle was heard of last."""

    provider_id: str
    device_id: str
    telemetry_id: str
    timestamp: int
    trip_ids: list[str] | None
    journey_id: str | None
    location: Gps


class VehicleStatus(Answer):
    """The state of a vehicle."""

    provider_id: str
    device_id: str
    last_event: MdsEvent
    last_telemetry: MdsTelemetry


class MdsVehicleStatuses(Answer):
    """The states of the vehicles in service whose place is known."""

    version: str = Field(examples=["2.0.0"])
    last_updated: int
    ttl: int
    vehicles_status: list[VehicleStatus]
    links: Links


def mds_trips(message: mds_service_pb2.ExportTripsResponse, next_page: str | None) -> MdsTrips:
    """Convert a page of trips."""
    trips = [_trip(trip, message.provider_id) for trip in message.trips]
    return MdsTrips(version=message.version, trips=trips, links=Links(next=next_page))


def mds_vehicles(message: mds_service_pb2.ExportVehiclesResponse, next_page: str | None) -> MdsVehicles:
    """Convert a page of vehicles."""
    return MdsVehicles(
        version=message.version,
        last_updated=_millis(message.made_time),
        ttl=_TTL_MILLIS,
        vehicles=[
            MdsVehicle(
                provider_id=message.provider_id,
                device_id=vehicle.device_id,
                vehicle_id=vehicle.vehicle_id,
                vehicle_type="car",
                vehicle_attributes=VehicleAttributes(model=vehicle.model, color=vehicle.color),
                propulsion_types=[],
                accessibility_attributes=_accessibility(vehicle.wheelchair_accessible),
            )
            for vehicle in message.vehicles
        ],
        links=Links(next=next_page),
    )


def mds_statuses(message: mds_service_pb2.ExportVehiclesResponse, next_page: str | None) -> MdsVehicleStatuses:
    """Convert a page of vehicles to their states; those whose place is not known are left out, as it is required."""
    return MdsVehicleStatuses(
        version=message.version,
        last_updated=_millis(message.made_time),
        ttl=_TTL_MILLIS,
        vehicles_status=[
            _status(vehicle, message.provider_id) for vehicle in message.vehicles if vehicle.HasField("location")
        ],
        links=Links(next=next_page),
    )


def _trip(trip: mds_service_pb2.MdsTrip, provider_id: str) -> MdsTrip:
    return MdsTrip(
        provider_id=provider_id,
        device_id=trip.device_id,
        trip_id=trip.trip_id,
        trip_type=trip.trip_type,
        trip_attributes=TripAttributes(
            hail_type="app", passenger_count=trip.passenger_count, request_time=_millis(trip.request_time)
        ),
        fare_attributes=FareAttributes(
            payment_type=trip.payment_type,
            fare_type="upfront_pricing",
            taxes=trip.taxes.amount_minor,
            tolls=trip.tolls.amount_minor,
            surcharge=trip.surcharge.amount_minor,
        ),
        start_time=_millis(trip.start_time),
        end_time=_millis(trip.end_time),
        start_location=_gps(trip.start_location),
        end_location=_gps(trip.end_location),
        duration=trip.duration_seconds,
        distance=trip.distance_meters,
        accessibility_attributes=_accessibility(trip.wheelchair_accessible),
        actual_cost=trip.fare.amount_minor,
        currency=trip.fare.currency_code,
    )


def _status(vehicle: mds_service_pb2.MdsVehicle, provider_id: str) -> VehicleStatus:
    trips = [vehicle.trip_id] if vehicle.trip_id else []
    place = _gps(vehicle.location)
    return VehicleStatus(
        provider_id=provider_id,
        device_id=vehicle.device_id,
        last_event=MdsEvent(
            provider_id=provider_id,
            device_id=vehicle.device_id,
            event_id=vehicle.event_id,
            vehicle_state=vehicle.vehicle_state,
            event_types=[vehicle.event_type],
            timestamp=_millis(vehicle.event_time),
            location=place,
            trip_ids=trips,
        ),
        last_telemetry=MdsTelemetry(
            provider_id=provider_id,
            device_id=vehicle.device_id,
            telemetry_id=vehicle.telemetry_id,
            timestamp=_millis(vehicle.heard_time),
            trip_ids=trips if vehicle.vehicle_state == "on_trip" else None,
            journey_id=None,
            location=place,
        ),
    )


def _accessibility(wheelchair: bool) -> list[str]:
    return ["wheelchair_accessible"] if wheelchair else []


def _gps(point: geo_point_pb2.GeoPoint) -> Gps:
    return Gps(lat=point.latitude, lng=point.longitude)


def _millis(time: TimestampMessage) -> int:
    return time.seconds * 1000 + time.nanos // 1_000_000
