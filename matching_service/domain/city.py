"""The policy of a city: where it serves, what it sells, what it charges and how long it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from matching_service.domain.dispatch_policy import DispatchPolicy
from matching_service.domain.fare_book import FareBook, Scope
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.surge import SurgePolicy
from matching_service.domain.zones import ServiceArea
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


class VehicleClass(StrEnum):
    """What a driver's vehicle is; identity_service approves it, a shift carries it."""

    __hash__ = str.__hash__  # an enumeration's own is written in Python, and a tick looks tens of thousands up

    ECONOMY = "economy"
    XL = "xl"
    WHEELCHAIR = "wheelchair"


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    """What parties of a pooled product agree to: how much longer ride and wait may become for others."""

    max_detour_seconds: int
    max_detour_basis_points: int
    """Of the ride alone; the less of the two bounds counts."""
    max_wait_seconds: int
    """How much later the pickup may become after a driver accepted."""
    parties: int
    """How many share a vehicle at most."""


@dataclass(frozen=True, slots=True)
class Product:
    """What a rider can ask for, who may serve it and what it costs."""

    name: str
    vehicle_classes: frozenset[VehicleClass]
    base: Money
    per_kilometer: Money
    per_minute: Money
    minimum: Money
    """Base, distance and time together are at least this."""
    booking_fee: Money
    """The platform's own; no driver earns from it."""
    seats: int
    """How many passengers it carries at most."""
    waiting_per_minute: Money
    """For the driver's wait at the pickup beyond the city's grace."""
    available: Scope
    """Where and when it can be asked for."""
    kind: RideKind = RideKind.PRIVATE
    return_fee: Money | None = None
    """Of a delivery: what bringing the goods back costs beside the fare."""
    sharing: SharingPolicy | None = None
    """Of a pooled product, and of no other."""


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What is owed when a ride does not come about, and how long that stays free."""

    free_cancel_seconds: int
    """From the assignment on, a rider's cancel is free for so long."""
    cancel_fee: Money
    no_show_fee: Money
    no_show_wait_seconds: int
    """From the arrival on, a driver waits for so long before a no-show can be reported."""
    cancel_fee_per_minute: Money
    """Comes on top for each minute that the driver has driven to the pickup beyond the free time."""
    cancel_fee_most: Money
    """The fee grows no further than this."""
    late_grace_seconds: int | None
    """So long after the promised arrival of a driver who is not there, a cancel is free again; None: it is not."""
    waiting_grace_seconds: int
    """From the arrival on, the driver's wait is free for so long."""
    waiting_most_seconds: int
    """A longer wait than this beyond the grace is not charged for."""


@dataclass(frozen=True, slots=True)
class StopPolicy:
    """Stops between the pickup and the dropoff."""

    max_stops: int
    wait_seconds: int
    """So long a driver waits at each stop; the fare has it as time in the vehicle."""


@dataclass(frozen=True, slots=True)
class EditPolicy:
    """What riders may change of a ride that is under way."""

    quote_seconds: int
    """So long the price of an edit is kept."""
    max_pickup_meters: int
    """How far the pickup may be moved, as the crow flies."""
    redispatch_meters: int
    """When it is moved by more than that, another driver is looked for."""
    driver_consent_seconds: int
    """A driver who is bound is asked before the rest of the trip gets longer by more than that."""
    driver_answer_seconds: int
    """So long the driver may think."""


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """Rides that are asked for ahead."""

    min_ahead_seconds: int
    max_ahead_seconds: int
    max_rides: int
    """How many of them a rider may have at a time."""
    hold_lead_seconds: int
    """So long before the pickup the fare is held."""
    remind_lead_seconds: int
    search_lead_seconds: int
    """So long before the pickup drivers are first looked at."""
    search_margin_seconds: int
    """The search begins so much earlier than the nearest driver needs, for the time of offers."""
    free_cancel_lead_seconds: int
    """Until so long before the pickup a cancel is free even when a driver is on the way."""


@dataclass(frozen=True, slots=True)
class LocationPolicy:
    """What pings of a driver are believed."""

    max_speed_kmh: float
    max_accuracy_meters: float


@dataclass(frozen=True, slots=True)
class TravelPolicy:
    """How a distance as the crow flies becomes a way and a time, where no street graph tells better."""

    circuity: float
    """Length of the way through the streets over the great-circle distance."""
    speed_kmh: float
    """Mean speed on that way, stops included."""


@dataclass(frozen=True, slots=True)
class CityPolicy:
    """All that one city decides. Every amount of it is in `currency_code`."""

    city: str
    """The city's key: what rides, quotes and versions of the policy name it by."""
    name: str
    time_zone: str
    """Name in the IANA time zone database: the clock that hours and weekdays of the policy are read by."""
    currency_code: str
    service_area: ServiceArea
    products: Mapping[str, Product]
    fares: FareBook
    surge: SurgePolicy | None
    """None: the city has no surge."""
    commission_basis_points: int
    """The platform's share of base, distance, time, minimum and surge."""
    cash_accepted: bool
    """Whether riders may pay in cash."""
    quote_seconds: int
    min_trip_meters: int
    max_trip_meters: int
    fees: FeePolicy
    dispatch: DispatchPolicy
    stops: StopPolicy
    edits: EditPolicy
    schedule: SchedulePolicy
    locations: LocationPolicy
    travel: TravelPolicy
    version: int = 0
    """Counts the policies that the city has had; 0 for one that no store has numbered."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """The policies in force at one moment, one a city, in the order of their keys."""

    policies: tuple[CityPolicy, ...]

    def named(self, city: str) -> CityPolicy | None:
        """Return a city's policy by its key."""
        return next((policy for policy in self.policies if policy.city == city), None)

    def at(self, point: GeoPoint) -> CityPolicy | None:
        """Return the policy of the city that serves a place; where two do, that of the first key."""
        return next((policy for policy in self.policies if policy.service_area.contains(point)), None)

    def of(self, city: str, pickup: GeoPoint) -> CityPolicy | None:
        """Return the policy for a ride: by its city, or by its pickup where it was asked for before cities had keys."""
        return self.named(city) or self.at(pickup)
