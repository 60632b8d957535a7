"""How long until a city's rides are matched again: its own tick, and longer while supply is scarce."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from matching_service.domain.dispatch_policy import DispatchPolicy
from matching_service.domain.locations import DriverPosition, bounds_around
from matching_service.domain.zones import ServiceArea

SCARCE_RIDES_A_DRIVER = 2.0
"""With more rides that wait for each free driver than this, supply is scarce."""


class Supply(NamedTuple):
    """What a tick saw of a city."""

    waiting: int
    free_drivers: int
    """No more than it takes to see that there are enough."""


def seconds_to_next_tick(policy: DispatchPolicy, supply: Supply) -> float:
    """Return the seconds from the beginning of a tick to that of the next.

    Where rides far outnumber drivers, each driver who becomes free goes to whoever is first in line: with more time
    between, more of them come free together, and each gets a ride near by. So the tick grows with the rides a driver,
    up to the policy's most.
    """
    stretch = supply.waiting / max(supply.free_drivers, 1) / SCARCE_RIDES_A_DRIVER
    return max(policy.tick_seconds, min(policy.tick_seconds * stretch, policy.most_tick_seconds))


def supply_of(area: ServiceArea, waiting: int, free: Iterable[DriverPosition]) -> Supply:
    """Count the free drivers of a city as far as it matters: once they are not scarce, the others are not looked at."""
    enough = int(waiting / SCARCE_RIDES_A_DRIVER) + 1
    south, west, north, east = bounds_around(area)
    near = (1 for each in free if south <= each.latitude <= north and west <= each.longitude <= east)
    return Supply(waiting, sum(islice(near, enough)))
