"""Which driver for which ride: what a pair costs, and the plain greedy choice for when time is short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias
from uuid import UUID

from matching_service.domain.candidates import Seeker
from matching_service.domain.dispatch_policy import NO_WEIGHTS

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


def head_start_seconds(waited_seconds: float, returned: bool) -> float:
    """Return by how much a ride comes first over a new one; grows with its wait up to a cap."""
    aging = AGING_RATE * min(max(waited_seconds, 0.0), AGING_CAP_SECONDS)
    return aging + (RETURNED_BONUS_SECONDS if returned else 0.0)


class DriverTerms(NamedTuple):
    """What speaks for or against a driver whatever the ride, before the city's weights."""

    earnings_deficit: float = 0.0
    """See `driver_record`: 1 for who has earned nothing, below 0 for who has more than the mean."""
    miss_chance: float = 0.0
    extra_idle_seconds: float = 0.0
    """How much longer than elsewhere drivers wait where this one is."""


NO_TERMS = DriverTerms()


Weighable: TypeAlias = tuple[int, UUID, float, DriverTerms]
"""A driver who may come to a ride: the place in the list of drivers, the id, the seconds to the pickup, the terms."""


def pair_costs(place: int, seeker: Seeker, drivers: Iterable[Weighable]) -> list[PairCost]:
    """Weigh a ride, by its place, with each of some drivers, in order.

    A ride's own driver, who is on the way, costs no more than the time that is left. Of a ride that has a driver
    nothing but time counts: what a change is worth, riders feel.
    """
    if seeker.bound is not None:
        return _bound_costs(place, seeker.bound.driver_id, float(seeker.swaps.cost_seconds), drivers)
    weights = seeker.weights
    if weights is NO_WEIGHTS:
        return [PairCost(place, driver, eta_seconds) for driver, _, eta_seconds, _ in drivers]
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
