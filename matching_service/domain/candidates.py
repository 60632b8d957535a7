"""Who may come to a ride at all: rides that seek a driver, and who is able to come, near enough and on the way there.

What a pair of these costs, and which are chosen, is `assignment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.dispatch_policy import NO_SWAPS, NO_WEIGHTS, CostWeights, PickupCap, SwapPolicy
from matching_service.domain.heading import brings_closer
from matching_service.domain.locations import DriverPosition
from matching_service.domain.positions import Positions
from matching_service.domain.ride_kind import Capability
from matching_service.domain.run import Sharing
from shared_kernel.geo import GeoPoint

_NOTHING: frozenset[Capability] = frozenset()
_NO_GROWTH = PickupCap(1_200.0, 0.0, 1_200.0)


@dataclass(frozen=True, slots=True)
class Bound:
    """The driver who is on the way to a seeker, and by when another must be there to come instead."""

    driver_id: UUID
    latest_pickup_seconds: float
    """From now. It saves the rider enough against the own driver, and so is never later than promised either, unless
    that one will be late."""


class Seeker(NamedTuple):
    """A ride as the matcher sees it: one that waits for a driver, or one whose driver (`bound`) may still change.

    A tuple, since a tick makes thousands: a frozen dataclass of as many fields takes several times as long.
    """

    ride_id: UUID
    pickup: GeoPoint
    vehicle_classes: frozenset[VehicleClass]
    excluded_driver_ids: frozenset[UUID]
    head_start_seconds: float
    pays_cash: bool = False
    dropoff: GeoPoint | None = None
    pickup_eta_cap_seconds: int = 1_200
    """The city's, however long the ride has waited: no driver who is further away is asked."""
    needs: frozenset[Capability] = frozenset()
    """What a driver must have declared to carry a delivery."""
    waited_seconds: float = 0.0
    bound: Bound | None = None
    cap: PickupCap = _NO_GROWTH
    swaps: SwapPolicy = NO_SWAPS
    weights: CostWeights = NO_WEIGHTS
    """What beside the time to the pickup the city weighs."""
    city: str = ""
    dropoff_extra_idle_seconds: float = 0.0
    """How much longer than elsewhere drivers wait where the ride ends (`destination_values`)."""
    broadcast_offers: int = 0
    """So many of the nearest are asked at once, in cities of the mode broadcast; 0: the solver chooses one."""
    shard: str = ""
    sharing: Sharing | None = None
    """Of a pooled ride, with how many come along."""
    passengers: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How many candidates a seeker gets, how far they may be as the crow flies, and who gets no ride paid in cash.

    `headings`: where drivers want to get to, of those who take only rides on their way. `capabilities`: what drivers
    declared, of those who declared anything.
    """

    candidates: int
    reach_meters: float
    no_cash_driver_ids: frozenset[UUID] = frozenset()
    headings: Mapping[UUID, GeoPoint] = field(default_factory=dict[UUID, GeoPoint])
    capabilities: Mapping[UUID, frozenset[Capability]] = field(default_factory=dict[UUID, frozenset[Capability]])
    hands: int = 1
    """In so many hands the drivers are dealt out; half of a seeker's candidates are the nearest of one hand.

    A crowd has the same nearest drivers, however many each may name. With as many hands as it takes, those who stand
    together see together as many drivers as they are.
    """


class Pair(NamedTuple):
    """A seeker and a driver, by their places in the two lists."""

    seeker: int
    driver: int


def is_able(seeker: Seeker, driver: DriverPosition, limits: Limits) -> bool:
    """Whether a driver could carry the ride: by vehicle class, by what it needs, and by how it is paid."""
    if driver.vehicle_class not in seeker.vehicle_classes:
        return False
    if seeker.pays_cash and driver.driver_id in limits.no_cash_driver_ids:
        return False
    return not seeker.needs or seeker.needs <= limits.capabilities.get(driver.driver_id, _NOTHING)


def able_places(seeker: Seeker, drivers: Positions, limits: Limits) -> list[int]:
    """Return the places, ascending, of the drivers who could carry the ride, as `is_able` tells of each."""
    places = drivers.of_classes(seeker.vehicle_classes)
    if seeker.pays_cash and limits.no_cash_driver_ids:
        barred = {drivers.place_of(driver_id) for driver_id in limits.no_cash_driver_ids}
        places = [place for place in places if place not in barred]
    if seeker.needs:
        declared = {drivers.place_of(driver) for driver, able in limits.capabilities.items() if seeker.needs <= able}
        places = [place for place in places if place in declared]
    return places


def all_at(drivers: Positions, places: Sequence[int]) -> Positions:
    """Return the drivers at some places, which ascend; where these are all places, nothing is copied."""
    return drivers if len(places) == len(drivers) else drivers.at(places)


def is_on_the_way(seeker: Seeker, driver: DriverPosition, limits: Limits) -> bool:
    """Whether a driver takes the ride as far as its end goes: all do but those on the way home."""
    home = limits.headings.get(driver.driver_id)
    if home is None or seeker.dropoff is None:
        return True
    return brings_closer(driver.point, seeker.pickup, seeker.dropoff, home)


def pickup_cap_seconds(seeker: Seeker) -> float:
    """Return from how far a seeker may be served: further the longer it has waited, so that a far driver is not spent
    on a rider whom a nearer one will soon reach, and nobody is left to the end of the search window.

    A seeker with a driver on the way may get another who saves enough.
    """
    if seeker.bound is not None:
        return seeker.bound.latest_pickup_seconds
    cap = seeker.cap
    return min(cap.first_seconds + cap.growth * max(seeker.waited_seconds, 0.0), cap.most_seconds)
