"""Trips and vehicles as the Mobility Data Specification 2.0 describes them, in its mode passenger-services.

What an agency needs to see of a fleet, and no more: no rider, no driver's name or license, no address. Ids are derived
from the provider's own, so that they are the same in every export and tell nothing by themselves; times are whole
minutes and places the middles of cells of about 5 km².
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from matching_service.domain.city import Product, VehicleClass
from matching_service.domain.quote import FareLineKind
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import Shift
from matching_service.domain.terms import Funding
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

VERSION = "2.0.0"
_PAYMENT_TYPES = {Funding.CARD: "credit_card", Funding.WALLET: "mobile", Funding.CASH: "cash"}


class VehicleState(StrEnum):
    """Where a vehicle stands, by the specification's names."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    STOPPED = "stopped"
    ON_TRIP = "on_trip"
    NON_OPERATIONAL = "non_operational"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MdsTrip:
    """A trip with passengers that came to its end."""

    device_id: UUID
    trip_id: UUID
    trip_type: str
    start_time: datetime
    end_time: datetime
    start: GeoPoint
    end: GeoPoint
    distance_meters: int
    passenger_count: int
    request_time: datetime
    payment_type: str
    fare: Money
    taxes: Money
    tolls: Money
    surcharge: Money
    wheelchair: bool

    @property
    def duration_seconds(self) -> int:
        """Between the times as they are told."""
        return int((self.end_time - self.start_time).total_seconds())


@dataclass(frozen=True, slots=True)
class MdsVehicle:
    """A vehicle in service, its last event, and where it was heard of last (None while that is not known)."""

    device_id: UUID
    plate: str
    model: str
    color: str
    wheelchair: bool
    state: VehicleState
    event_type: str
    event_id: UUID
    event_time: datetime
    trip_id: UUID | None
    heard_at: datetime | None
    place: GeoPoint | None
    telemetry_id: UUID


def device_id(provider_id: UUID, plate: str) -> UUID:
    """Name a vehicle."""
    return uuid5(provider_id, f"vehicle:{plate}")


def trip_id(provider_id: UUID, ride_id: UUID) -> UUID:
    """Name a trip; our own ids hold the moment of the request."""
    return uuid5(provider_id, f"trip:{ride_id}")


def trip_of(ride: Ride, product: Product | None, provider_id: UUID, start: GeoPoint, end: GeoPoint) -> MdsTrip | None:
    """Return the trip of a completed ride with passengers, between coarse places; None for any other.

    `product` is the ride's; None where its city knows it no more.
    """
    if ride.state is not RideState.COMPLETED or ride.kind is RideKind.DELIVERY or ride.driver is None:
        return None
    if ride.started_at is None or ride.ended_at is None:
        return None
    return MdsTrip(
        device_id=device_id(provider_id, ride.driver.vehicle_plate),
        trip_id=trip_id(provider_id, ride.id),
        trip_type="shared" if ride.kind is RideKind.POOLED else "private",
        start_time=minute(ride.started_at),
        end_time=minute(ride.ended_at),
        start=start,
        end=end,
        distance_meters=ride.distance_meters,
        passenger_count=ride.passengers,
        request_time=minute(ride.requested_at),
        payment_type=_PAYMENT_TYPES[ride.funding],
        fare=ride.owed.total,
        taxes=_sum(ride, FareLineKind.TAX),
        tolls=_sum(ride, FareLineKind.TOLL),
        surcharge=_sum(ride, FareLineKind.SURGE, FareLineKind.SURCHARGE),
        # By who may serve it: what a city calls its products says nothing.
        wheelchair=product is not None and product.vehicle_classes == frozenset({VehicleClass.WHEELCHAIR}),
    )


def vehicle_of(
    shift: Shift, ride: Ride | None, provider_id: UUID, heard_at: datetime | None, place: GeoPoint | None
) -> MdsVehicle:
    """Return a vehicle in service.

    `ride` is the last one of the shift, under way or over; None without any.
    """
    state, event_type, since = _state(shift, ride)
    known = trip_id(provider_id, ride.id) if ride is not None and event_type not in _WITHOUT_TRIP else None
    device = device_id(provider_id, shift.driver.vehicle_plate)
    return MdsVehicle(
        device_id=device,
        plate=shift.driver.vehicle_plate,
        model=shift.driver.vehicle_model,
        color=shift.driver.vehicle_color,
        wheelchair=shift.vehicle_class is VehicleClass.WHEELCHAIR,
        state=state,
        event_type=event_type,
        event_id=uuid5(device, f"{event_type}:{since.isoformat()}"),
        event_time=minute(since),
        trip_id=known,
        heard_at=None if heard_at is None else minute(heard_at),
        place=place,
        telemetry_id=uuid5(device, f"heard:{'' if heard_at is None else heard_at.isoformat()}"),
    )


def minute(moment: datetime) -> datetime:
    """Return the whole minute that a moment lies in."""
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


_WITHOUT_TRIP = frozenset({"service_start", "service_end", "comms_lost"})
_ENDS = {
    RideState.COMPLETED: "trip_end",
    RideState.CANCELED_BY_RIDER: "passenger_cancellation",
    RideState.NO_SHOW: "driver_cancellation",
}


def _state(shift: Shift, ride: Ride | None) -> tuple[VehicleState, str, datetime]:
    state, event_type, since = VehicleState.AVAILABLE, "service_start", shift.started_at
    if shift.silent_since is not None:
        state, event_type, since = VehicleState.UNKNOWN, "comms_lost", shift.silent_since
    elif shift.break_since is not None:
        state, event_type, since = VehicleState.NON_OPERATIONAL, "service_end", shift.break_since
    elif ride is not None and ride.kind is RideKind.DELIVERY:
        # Goods are no passengers: meanwhile nobody can hail it, and it is back in service after.
        if ride.is_live:
            state, event_type, since = VehicleState.NON_OPERATIONAL, "service_end", ride.assigned_at or ride.moved_at
        else:
            since = ride.ended_at or ride.moved_at
    elif ride is not None:
        state, event_type, since = _state_on(ride)
    return state, event_type, since


def _state_on(ride: Ride) -> tuple[VehicleState, str, datetime]:
    match ride.state:
        case RideState.DRIVER_EN_ROUTE:
            return VehicleState.RESERVED, "reservation_start", ride.assigned_at or ride.moved_at
        case RideState.ARRIVED:
            return VehicleState.STOPPED, "reservation_stop", ride.arrived_at or ride.moved_at
        case RideState.IN_PROGRESS:
            return VehicleState.ON_TRIP, "trip_start", ride.started_at or ride.moved_at
        case _:
            ended_at = ride.ended_at or ride.moved_at
            return VehicleState.AVAILABLE, _ENDS.get(ride.state, "provider_cancellation"), ended_at


def _sum(ride: Ride, *kinds: FareLineKind) -> Money:
    total = Money.zero(ride.owed.total.currency_code)
    for line in ride.owed.lines:
        if line.kind in kinds:
            total = total + line.amount
    return total
