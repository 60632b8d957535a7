"""Surge: by how much demand that exceeds supply raises prices, cell by cell.

demand = open requests + those forecast        both summed over the cell and, at a share, its neighbors
supply = idle drivers + those soon idle
target = 1 + slope * (demand / supply - start), from none to the cap; none where demand is small
mean   = the exponential moving average of the targets
price  = the mean, rounded to a step; it moves only when it is off by the hysteresis or more
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

NONE_PERMILLE = 1000
"""A multiplier of one, in thousandths."""
NEIGHBOR_SHARE = 0.5
"""What a neighbor's requests and drivers count for in a cell: riders walk, and drivers come from next door."""


Neighbors = Callable[[str], Collection[str]]
"""Tells the cells that share an edge with one."""


@dataclass(frozen=True, slots=True)
class SurgePolicy:
    """A city's rules of surge; thousandths where a name says so."""

    period_seconds: int
    """How often the multipliers are computed."""
    horizon_seconds: int
    """How far requests are forecast, and how soon a driver must be idle to count."""
    least_requests: int
    """With fewer requests, the neighbors' share included, a cell has no surge, whatever the ratio."""
    start_permille: int
    """The ratio of demand to supply at which surge begins."""
    slope_permille: int
    """By how much the multiplier grows with each unit of the ratio beyond it."""
    cap_permille: int
    step_permille: int
    hysteresis_permille: int
    average_permille: int
    """The weight of the newest target in the moving average."""
    consent_permille: int
    """From this multiplier on, a ride needs the rider's explicit yes."""


@dataclass(frozen=True, slots=True)
class CellSurge:
    """A cell's multiplier as prices have it, and the moving average behind it."""

    permille: int
    mean_permille: float


@dataclass(frozen=True, slots=True)
class SurgeControl:
    """What an operator laid on a city's surge: multipliers that stand still, and a lower cap."""

    frozen: bool = False
    cap_permille: int | None = None

    def applied(self, permille: int) -> int:
        """Return the multiplier that holds under it."""
        return permille if self.cap_permille is None else min(permille, self.cap_permille)


@dataclass(frozen=True, slots=True)
class CellCounts:
    """What was counted in cells: requests, the forecast ones as fractions, and drivers."""

    requests: Mapping[str, float]
    drivers: Mapping[str, float]


def next_surges(
    policy: SurgePolicy,
    before: Mapping[str, CellSurge],
    counts: CellCounts,
    neighbors: Callable[[str], Collection[str]],
) -> dict[str, CellSurge]:
    """Return the cells that have a surge, or an average above none, one period after `before`."""
    concerned = set(before)
    for cell in counts.requests:
        concerned.add(cell)
        concerned.update(neighbors(cell))
    after: dict[str, CellSurge] = {}
    for cell in concerned:
        demand, supply = (_smoothed(cell, each, neighbors) for each in (counts.requests, counts.drivers))
        surge = _next(policy, before.get(cell), target_permille(policy, demand, supply))
        if surge.permille > NONE_PERMILLE or surge.mean_permille >= NONE_PERMILLE + 1:
            after[cell] = surge
    return after


def target_permille(policy: SurgePolicy, demand: float, supply: float) -> float:
    """Return the multiplier that demand and supply call for by themselves."""
    if demand < policy.least_requests:
        return NONE_PERMILLE
    # Less than one driver is as good as one: else a cell that nobody has reached yet jumps to the cap.
    ratio = demand / max(1.0, supply)
    target = NONE_PERMILLE + policy.slope_permille * (ratio - policy.start_permille / 1000)
    return min(float(policy.cap_permille), max(float(NONE_PERMILLE), target))


def _next(policy: SurgePolicy, before: CellSurge | None, target: float) -> CellSurge:
    known = before or CellSurge(NONE_PERMILLE, NONE_PERMILLE)
    mean = known.mean_permille + policy.average_permille / 1000 * (target - known.mean_permille)
    rounded = int((mean + policy.step_permille / 2) // policy.step_permille) * policy.step_permille
    rounded = min(policy.cap_permille, max(NONE_PERMILLE, rounded))
    moves = abs(rounded - known.permille) >= policy.hysteresis_permille or rounded == NONE_PERMILLE
    # A cap that was lowered holds at once, whatever the average.
    return CellSurge(rounded if moves else min(known.permille, policy.cap_permille), mean)


def _smoothed(cell: str, counts: Mapping[str, float], neighbors: Neighbors) -> float:
    around = sum(counts.get(neighbor, 0.0) for neighbor in neighbors(cell))
    return counts.get(cell, 0.0) + NEIGHBOR_SHARE * around
