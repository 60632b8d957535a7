"""Which driver for which ride: the costs, and the plain greedy choice for when time is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.heading import brings_closer
from matching_service.domain.locations import DriverPosition
from matching_service.domain.ride_kind import Capability
from shared_kernel.geo import GeoPoint

AGING_RATE = 0.5
"""Seconds of pickup time that a second of waiting makes up for."""
AGING_CAP_SECONDS = 300.0
"""Beyond it waiting counts no further, so that one ride cannot bend the whole batch."""
RETURNED_BONUS_SECONDS = 120.0
"""Head start of a ride whose offer was declined or ran out: its rider has waited for somebody else's reason."""
UNSERVED_CAPS = 2.0
"""To leave a ride unserved costs so many times the cap on pickup time: more than any pair that may be chosen."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """A waiting ride as the matcher sees it."""

    ride_id: UUID
    pickup: GeoPoint
    vehicle_classes: frozenset[VehicleClass]
    excluded_driver_ids: frozenset[UUID]
    head_start_seconds: float
    pays_cash: bool = False
    dropoff: GeoPoint | None = None
    pickup_eta_cap_seconds: int = 1_200
    """The city's: no driver who is further away is asked."""
    needs: frozenset[Capability] = frozenset()
    """What a driver must have declared to carry a delivery."""


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


class Pair(NamedTuple):
    """A seeker and a driver, by their places in the two lists."""

    seeker: int
    driver: int


class PairCost(NamedTuple):
    """A pair that may be chosen, and its cost in seconds; always above zero."""

    seeker: int
    driver: int
    seconds: float


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


def unserved_seconds(seeker: Seeker, pickup_eta_cap_seconds: int) -> float:
    """Return what it costs to leave a ride without a driver in this batch.

    With one such cost a ride, taking the head start off all of its pairs or adding it here chooses the same pairs; here
    it keeps every weight above zero, which the sparse solver needs.
    """
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
        seeker, driver, _ = costs[index]
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
