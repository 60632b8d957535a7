"""The policy of a city: where it serves, what it sells, what it charges and how long it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
class PickupCap:
    """How far off a driver may be: at first, and how much further for each second that the rider has waited."""

    first_seconds: float
    growth: float
    most_seconds: float


@dataclass(frozen=True, slots=True)
class SwapPolicy:
    """When a driver who is on the way may change: never later for the rider than promised."""

    max_per_ride: int
    """0 keeps every driver until the pickup."""
    min_gain_seconds: int
    """What a change must save, each change of drivers by itself."""
    cost_seconds: int
    """What a change counts as when all rides are weighed together; less than it must save, for what it saves others."""
    not_within_seconds: int
    """Whoever is this near to the pickup stays."""
    reroute_without_consent: bool
    """Whether drivers on the way are sent to another rider without being asked; who is free is always asked."""


NO_SWAPS = SwapPolicy(0, 0, 0, 0, reroute_without_consent=False)


class CostWeights(NamedTuple):
    """What beside the time to the pickup counts when a driver is chosen, in seconds of that time."""

    fairness_share: float
    """By so much of the way nearer counts a driver who has earned nothing yet, and further one with twice the mean."""
    fairness_seconds: float
    """But by no more than this."""
    decline_seconds: float
    """What a rider loses by an offer that is declined; counts by how likely that is."""
    destination: float
    """Seconds for each second that drivers wait longer where the ride ends than where the driver is."""


NO_WEIGHTS = CostWeights(0.0, 0.0, 0.0, 0.0)


class DispatchMode(StrEnum):
    """How a ride is proposed."""

    BATCH = "batch"
    """To the one driver whom the solver chose for it, with all rides of the moment in view."""
    BROADCAST = "broadcast"
    """To several of the nearest at once; the first to accept has it."""


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """How drivers are looked for."""

    tick_seconds: float
    """Between two looks for drivers."""
    offer_seconds: int
    search_window_seconds: int
    pickup_eta_cap_seconds: int
    """The most, however long a ride has waited."""
    first_pickup_eta_cap_seconds: int
    pickup_eta_cap_growth: float
    swaps: SwapPolicy
    mode: DispatchMode = DispatchMode.BATCH
    broadcast_offers: int = 5
    """So many drivers are asked at once in the mode of that name."""
    weights: CostWeights = NO_WEIGHTS
    late_accept_seconds: int = 10
    """So long after its end an offer may still be accepted, if the ride has found nobody and the driver is free."""
    most_tick_seconds: float = 5.0
    """How far the tick may grow while rides far outnumber free drivers."""

    @property
    def pickup_cap(self) -> PickupCap:
        """How far off drivers may be."""
        most = float(self.pickup_eta_cap_seconds)
        return PickupCap(min(float(self.first_pickup_eta_cap_seconds), most), self.pickup_eta_cap_growth, most)


class Bounds(NamedTuple):
    """A box on the map, in degrees."""

    south: float
    west: float
    north: float
    east: float


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
