"""What the rides of a run tell of dispatch, by the histories that the operator's interface keeps of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from jitney.simulator.invariants import rides_since
from jitney_client import Client
from jitney_client.models import RideHistory, RideTransition

MOST_RIDES = 2_000
"""Histories that are read, the newest rides' first: an operator may read some twenty a second."""
_READ_AT_ONCE = 4
_CANCELED: Final = frozenset({"canceled_by_rider", "canceled_by_platform", "no_show", "no_driver_available"})
_COMING: Final = frozenset({"driver_en_route", "arrived"})


@dataclass
class RideFigures:
    """Of all rides that were added; seconds of the service's clock, the one on the wall."""

    ride_count: int = 0
    first_offer_seconds: dict[str, float] = field(default_factory=dict[str, float])
    """From the request to the first offer, by ride; one that never had any is left out."""
    accept_seconds: list[float] = field(default_factory=list[float])
    """From an offer to its being accepted."""
    cancels: Counter[str] = field(default_factory=Counter[str])
    """Rides that came to nothing, and drivers who were lost on the way to a pickup, by their cause."""
    swap_count: int = 0
    most_swaps_of_a_ride: int = 0

    def add(self, history: RideHistory) -> None:
        """Count a ride."""
        ride, moves = history["ride"], history["transitions"]
        self.ride_count += 1
        self.swap_count += ride["swap_count"]
        self.most_swaps_of_a_ride = max(self.most_swaps_of_a_ride, ride["swap_count"])
        self.cancels.update(cause for cause in map(cause_of, moves) if cause)
        offered_at: datetime | None = None
        for move in moves:
            moment = datetime.fromisoformat(move["occurred_at"])
            if move["to_state"] == "offered":
                asked_seconds = (moment - datetime.fromisoformat(ride["requested_at"])).total_seconds()
                self.first_offer_seconds.setdefault(ride["id"], asked_seconds)
                offered_at = moment
            elif move["from_state"] == "offered" and move["to_state"] == "driver_en_route" and offered_at is not None:
                self.accept_seconds.append((moment - offered_at).total_seconds())


def cause_of(move: RideTransition) -> str | None:
    """Name why a ride, or its driver's way to the pickup, ended with a move; None for a move that ends neither.

    Riders cancel for reasons of their own: there the state that they canceled in is named.
    """
    source, target, reason = move["from_state"], move["to_state"], move["reason"]
    if source in _COMING and target == "matching":
        return reason or "driver_lost"
    if target not in _CANCELED:
        return None
    if target == "canceled_by_rider":
        return f"{target} ({source})"
    return f"{target} ({reason})" if reason and reason != target else target


async def read_ride_figures(operator: Client, since: datetime) -> RideFigures:
    """Read the histories of the rides that were asked for since a moment. Raises ApiError or Unreachable."""
    figures, gate = RideFigures(), asyncio.Semaphore(_READ_AT_ONCE)

    async def read(ride_id: str) -> RideHistory:
        async with gate:
            return await operator.read_ride_history(ride_id)

    ride_ids: list[str] = []
    async for ride in rides_since(operator, since):
        if len(ride_ids) == MOST_RIDES:
            break
        ride_ids.append(str(ride["id"]))
    for history in await asyncio.gather(*map(read, ride_ids)):
        figures.add(history)
    return figures
