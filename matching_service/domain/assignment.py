"""Which driver for which ride: the costs, and the plain greedy choice for when time is short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.dispatch_policy import NO_SWAPS, NO_WEIGHTS, CostWeights, PickupCap, SwapPolicy
from matching_service.domain.heading import brings_closer
from matching_service.domain.locations import DriverPosition
from matching_service.domain.ride_kind import Capability
from matching_service.domain.run import Sharing
from shared_kernel.geo import GeoPoint

AGING_RATE = 0.02
"""Seconds of pickup time that a second of waiting makes up for. It decides between riders who are about as near: the
cap on pickup time grows with the wait anyway, and a rate of 0.1 made all waits in a full city 1 to 2 % longer
(docs/decisions/0050-what-a-change-of-drivers-costs.md)."""
AGING_CAP_SECONDS = 300.0
"""Beyond it waiting counts no further, so that one ride cannot bend the whole batch."""
RETURNED_BONUS_SECONDS = 120.0
"""Head start of a ride whose offer was declined or ran out: its rider has waited for somebody else's reason."""
UNSERVED_CAPS = 2.0
"""To leave a ride unserved costs so many times the cap on pickup time: more than any pair that may be chosen."""


BOUND_UNSERVED_SECONDS = 1_000_000.0
"""To leave a ride without the driver who is on the way to it: never the better choice, whatever it would save."""


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


class CostTerms(NamedTuple):
    """What a pair's cost is the sum of, in seconds, each by its name.

    What a ride brings along whoever drives it (its head start) is no part of a pair: it stands in `unserved_seconds`.
    """

    pickup_eta: float = 0.0
    swap: float = 0.0
    """Of a ride that would change its driver: what each change counts as."""
    shared: float = 0.0
    """Of a pooled ride that joins others: what they lose and its own detour, less the vehicle that is spared."""
    fairness: float = 0.0
    """Below zero for a driver who has earned less than the others in the time they were out."""
    decline_risk: float = 0.0
    """What it costs the rider if the driver says no, by how likely that is."""
    destination: float = 0.0
    """Of a ride that leads to where drivers wait longer for the next one; below zero the other way round."""


class PairCost(NamedTuple):
    """A pair that may be chosen, and its cost in seconds."""

    seeker: int
    driver: int
    seconds: float
    swap_seconds: float = 0.0
    shared_seconds: float = 0.0
    fairness_seconds: float = 0.0
    decline_risk_seconds: float = 0.0
    destination_seconds: float = 0.0

    @property
    def terms(self) -> CostTerms:
        """What it is the sum of. Made when asked for: a tick weighs tens of thousands of pairs and explains a few."""
        others = self[3:]
        return CostTerms(round(self.seconds - sum(others), 3), *others)


_COST_OF = partial(tuple.__new__, PairCost)
"""Makes a cost of a tuple past the constructor: a tick makes tens of thousands."""


def is_able(seeker: Seeker, driver: DriverPosition, limits: Limits) -> bool:
    """Whether a driver could carry the ride: by vehicle class, by what it needs, and by how it is paid."""
    if driver.vehicle_class not in seeker.vehicle_classes:
        return False
    if seeker.pays_cash and driver.driver_id in limits.no_cash_driver_ids:
        return False
    return not seeker.needs or seeker.needs <= limits.capabilities.get(driver.driver_id, _NOTHING)


def able_places(seeker: Seeker, drivers: Sequence[DriverPosition], limits: Limits) -> list[int]:
    """Return the places of the drivers who could carry the ride, as `is_able` tells.

    Most rides ask for nothing but a class of vehicle, and then no driver needs more than a look at that.
    """
    if seeker.needs or (seeker.pays_cash and limits.no_cash_driver_ids):
        return [place for place, driver in enumerate(drivers) if is_able(seeker, driver, limits)]
    classes = seeker.vehicle_classes
    return [place for place, driver in enumerate(drivers) if driver.vehicle_class in classes]


def is_on_the_way(seeker: Seeker, driver: DriverPosition, limits: Limits) -> bool:
    """Whether a driver takes the ride as far as its end goes: all do but those on the way home."""
    home = limits.headings.get(driver.driver_id)
    if home is None or seeker.dropoff is None:
        return True
    return brings_closer(driver.point, seeker.pickup, seeker.dropoff, home)


def head_start_seconds(waited_seconds: float, returned: bool) -> float:
    """Return by how much a ride comes first over a new one; grows with its wait up to a cap."""
    aging = AGING_RATE * min(max(waited_seconds, 0.0), AGING_CAP_SECONDS)
    return aging + (RETURNED_BONUS_SECONDS if returned else 0.0)


def pickup_cap_seconds(seeker: Seeker) -> float:
    """Return from how far a seeker may be served: further the longer it has waited, so that a far driver is not spent
    on a rider whom a nearer one will soon reach, and nobody is left to the end of the search window.

    A seeker with a driver on the way may get another who saves enough.
    """
    if seeker.bound is not None:
        return seeker.bound.latest_pickup_seconds
    cap = seeker.cap
    return min(cap.first_seconds + cap.growth * max(seeker.waited_seconds, 0.0), cap.most_seconds)


class DriverTerms(NamedTuple):
    """What speaks for or against a driver whatever the ride, before the city's weights."""

    earnings_deficit: float = 0.0
    """See `driver_record`: 1 for who has earned nothing, below 0 for who has more than the mean."""
    miss_chance: float = 0.0
    extra_idle_seconds: float = 0.0
    """How much longer than elsewhere drivers wait where this one is."""


NO_TERMS = DriverTerms()


class Weighable(NamedTuple):
    """A driver who may come to a ride."""

    place: int
    """In the list of drivers."""
    driver_id: UUID
    eta_seconds: int
    terms: DriverTerms = NO_TERMS


def pair_costs(place: int, seeker: Seeker, drivers: Iterable[Weighable]) -> list[PairCost]:
    """Weigh a ride, by its place, with each of some drivers, in order.

    A ride's own driver, who is on the way, costs no more than the time that is left. Of a ride that has a driver
    nothing but time counts: what a change is worth, riders feel.
    """
    if seeker.bound is not None:
        return _bound_costs(place, seeker.bound.driver_id, float(seeker.swaps.cost_seconds), drivers)
    weights = seeker.weights
    if weights is NO_WEIGHTS:
        return [PairCost(place, driver.place, driver.eta_seconds) for driver in drivers]
    fairness_share, fairness_most, miss_seconds, idle_weight = weights
    extra_idle_seconds = seeker.dropoff_extra_idle_seconds
    costs: list[PairCost] = []
    for driver, _, eta_seconds, (earnings_deficit, miss_chance, idle_here_seconds) in drivers:
        fairness = -min(fairness_share * eta_seconds, fairness_most) * earnings_deficit
        decline_risk = miss_seconds * miss_chance
        destination = idle_weight * (extra_idle_seconds - idle_here_seconds)
        seconds = eta_seconds + fairness + decline_risk + destination
        costs.append(_COST_OF((place, driver, seconds, 0.0, 0.0, fairness, decline_risk, destination)))
    return costs


def _bound_costs(place: int, own: UUID, change_seconds: float, drivers: Iterable[Weighable]) -> list[PairCost]:
    costs: list[PairCost] = []
    for driver, driver_id, eta_seconds, _ in drivers:
        swap_seconds = 0.0 if driver_id == own else change_seconds
        costs.append(_COST_OF((place, driver, eta_seconds + swap_seconds, swap_seconds, 0.0, 0.0, 0.0, 0.0)))
    return costs


def unserved_seconds(seeker: Seeker, pickup_eta_cap_seconds: int) -> float:
    """Return what it costs to leave a ride without a driver in this batch.

    With one such cost a ride, taking the head start off all of its pairs or adding it here chooses the same pairs.
    """
    if seeker.bound is not None:
        return BOUND_UNSERVED_SECONDS
    return UNSERVED_CAPS * pickup_eta_cap_seconds + seeker.head_start_seconds


def choose_greedily(costs: Sequence[PairCost], seekers: Sequence[Seeker]) -> list[int]:
    """Choose pairs one by one, the least of pickup time less head start first; ties go to the earlier pair.

    Returns indices into `costs`. Within 5 to 15 % of the best choice on real evenings, and as quick as a sort.
    """
    order = sorted(
        range(len(costs)), key=lambda index: costs[index].seconds - seekers[costs[index].seeker].head_start_seconds
    )
    served: set[int] = set()
    taken: set[int] = set()
    chosen: list[int] = []
    for index in order:
        seeker, driver = costs[index].seeker, costs[index].driver
        if seeker not in served and driver not in taken:
            served.add(seeker)
            taken.add(driver)
            chosen.append(index)
    return chosen


def total_seconds(costs: Sequence[PairCost], chosen: Sequence[int], unserved: Sequence[float]) -> float:
    """Return the cost of a choice: its pairs, and the seekers it leaves unserved."""
    served = {costs[index].seeker for index in chosen}
    left_out = sum(cost for seeker, cost in enumerate(unserved) if seeker not in served)
    return left_out + sum(costs[index].seconds for index in chosen)
