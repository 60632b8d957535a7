"""Parties who share a vehicle: where a new one's pickup and dropoff go in the order of stops, if anywhere.

A plan is an order of stops that is driven from where the vehicle is now. A new party's two stops are put in between;
the order of all others stays, so that nobody's driver turns around for them. What every party was promised is kept: a
pickup no later than its limit, a ride no longer than its limit, and a seat for everybody. What a delay has broken
already may not become worse.

The cost of a plan is what all parties together wait and ride longer than if the new party were not there. After
Alonso-Mora et al., "On-demand high-capacity ride-sharing via dynamic trip-vehicle assignment", PNAS 2017: the sum of
delays, under hard limits of wait and detour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

MAX_PARTIES = 4
"""Of one vehicle at a time; the search over insertions grows with its square."""
SPARED_VEHICLE_SECONDS = 180.0
"""So much added time is worth a vehicle that stays free for others."""


class StopAction(StrEnum):
    """What happens at a stop; the names are those of the contract's PlanAction."""

    PICK_UP = "pick_up"
    DROP_OFF = "drop_off"
    STOP = "stop"
    """On the way of a private ride: pooled ones have none."""


class PlanStop(NamedTuple):
    """One stop of a plan: whose, and what for."""

    ride_id: UUID
    action: StopAction


@dataclass(frozen=True, slots=True)
class Party:
    """What one party of a plan was promised, in seconds from now.

    `pick_up_within_seconds` counts until somebody is on board; from then on `ridden_seconds` have gone by.
    """

    ride_id: UUID
    seats: int
    direct_seconds: float
    """The ride alone, without anybody else."""
    max_ride_seconds: float
    pick_up_within_seconds: float
    on_board: bool = False
    ridden_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a plan picks up and drops off, in seconds from now, by ride."""

    picked_up: Mapping[UUID, float]
    dropped_off: Mapping[UUID, float]
    total_seconds: float


@dataclass(frozen=True, slots=True)
class Insertion:
    """A plan with the new party in it. `added_seconds` is what all parties together lose by it, the new one's wait and
    detour included; `pickup_seconds` is until the new party is picked up."""

    plan: tuple[PlanStop, ...]
    added_seconds: float
    pickup_seconds: float


Travel = Callable[[PlanStop | None, PlanStop], float]
"""Seconds from one stop to another; from None: from where the vehicle is now."""


def timeline(plan: Sequence[PlanStop], travel: Travel) -> Timeline:
    """Drive a plan from now on."""
    at: PlanStop | None = None
    clock = 0.0
    picked_up: dict[UUID, float] = {}
    dropped_off: dict[UUID, float] = {}
    for stop in plan:
        clock += travel(at, stop)
        at = stop
        (picked_up if stop.action is StopAction.PICK_UP else dropped_off)[stop.ride_id] = clock
    return Timeline(picked_up, dropped_off, clock)


def is_legal(plan: Sequence[PlanStop], parties: Mapping[UUID, Party]) -> bool:
    """Tell whether a plan picks up everybody who waits once, and drops everybody off once, after the pickup."""
    wanted = {PlanStop(ride_id, StopAction.DROP_OFF) for ride_id in parties}
    wanted |= {PlanStop(ride_id, StopAction.PICK_UP) for ride_id, party in parties.items() if not party.on_board}
    if len(plan) != len(wanted) or set(plan) != wanted:
        return False
    place = {stop: index for index, stop in enumerate(plan)}
    return all(
        party.on_board or place[PlanStop(ride_id, StopAction.PICK_UP)] < place[PlanStop(ride_id, StopAction.DROP_OFF)]
        for ride_id, party in parties.items()
    )


def has_seats(plan: Sequence[PlanStop], parties: Mapping[UUID, Party], seats: int) -> bool:
    """Tell whether nobody has to stand at any time."""
    taken = sum(party.seats for party in parties.values() if party.on_board)
    if taken > seats:
        return False
    for stop in plan:
        taken += parties[stop.ride_id].seats * (1 if stop.action is StopAction.PICK_UP else -1)
        if taken > seats:
            return False
    return True


def ride_seconds(party: Party, times: Timeline) -> float:
    """Return how long a party is in the vehicle in all."""
    if party.on_board:
        return party.ridden_seconds + times.dropped_off[party.ride_id]
    return times.dropped_off[party.ride_id] - times.picked_up[party.ride_id]


def keeps_promises(times: Timeline, parties: Mapping[UUID, Party], before: Timeline | None = None) -> bool:
    """Tell whether every limit is kept, or was broken before and gets no worse."""
    for ride_id, party in parties.items():
        known = before is not None and ride_id in before.dropped_off
        longest = party.max_ride_seconds
        if known and before is not None:
            longest = max(longest, ride_seconds(party, before))
        if ride_seconds(party, times) > longest:
            return False
        if party.on_board:
            continue
        latest = party.pick_up_within_seconds
        if known and before is not None:
            latest = max(latest, before.picked_up[ride_id])
        if times.picked_up[ride_id] > latest:
            return False
    return True


def insert(
    plan: Sequence[PlanStop],
    parties: Mapping[UUID, Party],
    party: Party,
    seats: int,
    travel: Travel,
    *,
    first_stays: bool = False,
) -> Insertion | None:
    """Return the best place for a new party in a plan, or None where there is none.

    Among all insertions that keep the order of the others, every promise and the seats, it is the one of least added
    time; of equal ones the first. With p stops it looks at (p + 1)(p + 2) / 2 plans. `first_stays`: the vehicle waits
    at the first stop already.
    """
    if len(parties) >= MAX_PARTIES:
        return None
    before = timeline(plan, travel)
    everybody = {**parties, party.ride_id: party}
    best: Insertion | None = None
    for candidate in insertions(plan, party.ride_id, 1 if first_stays and plan else 0):
        if not has_seats(candidate, everybody, seats):
            continue
        times = timeline(candidate, travel)
        if not keeps_promises(times, everybody, before):
            continue
        added = added_seconds(times, before, party)
        if best is None or added < best.added_seconds:
            best = Insertion(candidate, added, times.picked_up[party.ride_id])
    return best


def join_seconds(insertion: Insertion) -> float:
    """Return what it costs to join, beside what a free driver's pickup time costs; above zero, as the solver asks."""
    return max(1.0, insertion.added_seconds - SPARED_VEHICLE_SECONDS)


def insertions(plan: Sequence[PlanStop], ride_id: UUID, earliest: int = 0) -> list[tuple[PlanStop, ...]]:
    """Return every plan with the pickup and then the dropoff of a ride put in somewhere, not before a place."""
    pick_up, drop_off = PlanStop(ride_id, StopAction.PICK_UP), PlanStop(ride_id, StopAction.DROP_OFF)
    return [
        (*plan[:first], pick_up, *plan[first:second], drop_off, *plan[second:])
        for first in range(earliest, len(plan) + 1)
        for second in range(first, len(plan) + 1)
    ]


def added_seconds(times: Timeline, before: Timeline, party: Party) -> float:
    """Return what all parties lose: the others' later dropoffs, the new one's wait and its detour over a ride alone."""
    others = sum(times.dropped_off[ride_id] - at for ride_id, at in before.dropped_off.items())
    detour = ride_seconds(party, times) - party.direct_seconds
    return others + times.picked_up[party.ride_id] + detour


def pending(plan: Sequence[PlanStop], waiting: frozenset[UUID], on_board: frozenset[UUID]) -> tuple[PlanStop, ...]:
    """Return what is left of a plan: the pickups of those who wait, the dropoffs of all who are not there yet.

    What is left out has happened, or its ride was canceled or given back: that makes nobody's ride longer.
    """
    return tuple(
        stop
        for stop in plan
        if stop.ride_id in waiting or (stop.ride_id in on_board and stop.action is StopAction.DROP_OFF)
    )
