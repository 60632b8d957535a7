"""The fleet as operators watch it: what a vehicle does, what lies in a box on the map, how rides go step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.ride_states import RideState
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


class VehicleState(StrEnum):
    """What a vehicle on shift does; the names are those of the contract's VehicleState."""

    FREE = "free"
    OFFERED = "offered"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    IN_TRIP = "in_trip"
    ON_BREAK = "on_break"
    SILENT = "silent"


_BY_RIDE_STATE = {
    RideState.DRIVER_EN_ROUTE: VehicleState.EN_ROUTE,
    RideState.ARRIVED: VehicleState.ARRIVED,
    RideState.IN_PROGRESS: VehicleState.IN_TRIP,
    RideState.RETURNING: VehicleState.IN_TRIP,
}


def vehicle_state(ride_state: RideState | None, *, is_asked: bool, is_on_break: bool, is_silent: bool) -> VehicleState:
    """Tell what a vehicle does: a ride counts before all else, since it goes on without offers and without a signal."""
    if ride_state is not None:
        return _BY_RIDE_STATE[ride_state]
    if is_on_break:
        return VehicleState.ON_BREAK
    if is_silent:
        return VehicleState.SILENT
    return VehicleState.OFFERED if is_asked else VehicleState.FREE


@dataclass(frozen=True, slots=True)
class VehicleOnShift:
    """A vehicle on shift as the store knows it: everything but where it is."""

    driver_id: UUID
    driver_name: str
    vehicle_plate: str
    vehicle_class: VehicleClass
    state: VehicleState
    ride_id: UUID | None


@dataclass(frozen=True, slots=True)
class LiveRide:
    """A live ride on the map."""

    id: UUID
    state: RideState
    product: str
    pickup: GeoPoint
    dropoff: GeoPoint
    driver_id: UUID | None
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class FlyingOffer:
    """An open offer."""

    id: UUID
    ride_id: UUID
    driver_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PulseStep:
    """What happened within a step to rides that were asked for since the begin of all steps."""

    started_at: datetime
    requested_count: int = 0
    completed_count: int = 0
    canceled_count: int = 0
    """By the rider, by the platform, or since the rider did not come."""
    unmatched_count: int = 0
    """No driver was found, or the hold was declined."""
    pickup_count: int = 0
    mean_wait_seconds: float = 0.0
    """From the request to the driver's arrival, of rides for now."""
    fares: tuple[Money, ...] = ()
    """Of the completed rides, one amount a currency."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many there are of what, now."""

    vehicles: dict[VehicleState, int]
    rides: dict[RideState, int]
    open_offer_count: int
