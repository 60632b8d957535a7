"""How a city looks for drivers: how far off they may be, what is weighed beside the time, and when one may change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


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
