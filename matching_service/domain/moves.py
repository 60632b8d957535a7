"""From a choice of pairs to moves that are each right by itself: offers, swap offers, and reroutes of bound drivers.

The solver chooses for all rides at once: those that wait and those whose driver is on the way. What it chooses falls
apart into chains and rings. A chain begins with a free driver, goes from ride to ride by the drivers on the way that
it sets free, and ends with a ride that waits or with a driver who is left over. A ring has bound drivers alone.

A free driver must be asked and may say no, so a chain cannot be done at once. Its first move is made, one that is good
by itself, and the next tick sees what became of it:

    free F -> bound ride E, whose rider gains enough          F is offered E; E's driver is the next tick's free one
    free F -> bound ride E -> E's driver -> waiting ride W    else F is offered W; F once on the way, E and W are a ring
    bound rides in a ring, who gain enough a change           all change drivers, in one transaction

When all rides are weighed together a change counts as less than it must save (`SwapPolicy`): what it saves riders who
wait is worth it. So not all that is chosen is done: each move must still save what it must.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matching_service.domain.assignment import Pair, PairCost, Seeker


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be done, by the places of seekers and drivers."""

    offers: list[Pair] = field(default_factory=list[Pair])
    """Waiting rides, each with a free driver; of a chain's end the pair may be further apart than the cap allows."""
    swaps: list[Pair] = field(default_factory=list[Pair])
    """Rides with a driver on the way, each with a free driver to be asked; their riders gain enough by themselves."""
    reroutes: list[tuple[Pair, ...]] = field(default_factory=list[tuple[Pair, ...]])
    """Rings: each ride gets the driver who is on the way to the next."""
    broadcasts: list[tuple[Pair, ...]] = field(default_factory=list[tuple[Pair, ...]])
    """Waiting rides, each with several free drivers who are asked at once, the nearest first."""

    @property
    def slot_by_pair(self) -> dict[Pair, int]:
        """The number of each pair among those of its broadcast, from 1 on."""
        return {pair: number for pairs in self.broadcasts for number, pair in enumerate(pairs, 1)}


def moves_of(
    chosen: Sequence[PairCost],
    seekers: Sequence[Seeker],
    bound_driver_by_seeker: Mapping[int, int],
    own_eta_seconds: Mapping[int, int],
) -> Moves:
    """Take a choice apart.

    Args:
        chosen: exclusive pairs; of a bound seeker none or its own driver's means that nothing changes.
        seekers: all that took part.
        bound_driver_by_seeker: the place of the driver who is on the way to each bound seeker.
        own_eta_seconds: when that driver will come.
    """
    seeker_by_driver = {pair.driver: pair.seeker for pair in chosen}
    pair_by_seeker = {pair.seeker: pair for pair in chosen}
    bound_drivers = set(bound_driver_by_seeker.values())
    moves = Moves()
    settled: set[int] = set()
    for pair in chosen:
        if pair.driver in bound_drivers:
            continue
        chain = _chain(pair.seeker, seeker_by_driver, bound_driver_by_seeker)
        settled.update(chain)
        if pair.seeker in own_eta_seconds and _saved_seconds(pair, seekers, own_eta_seconds) >= 0:
            moves.swaps.append(Pair(pair.seeker, pair.driver))
        elif seekers[chain[-1]].bound is None:
            moves.offers.append(Pair(chain[-1], pair.driver))
    for seeker in bound_driver_by_seeker:
        if seeker in settled:
            continue
        ring = _chain(seeker, seeker_by_driver, bound_driver_by_seeker)
        settled.update(ring)
        closed = seeker in pair_by_seeker and pair_by_seeker[seeker].driver == bound_driver_by_seeker.get(ring[-1])
        if closed and len(ring) > 1:
            changes = [pair_by_seeker[each] for each in ring]
            if sum(_saved_seconds(change, seekers, own_eta_seconds) for change in changes) >= 0:
                moves.reroutes.append(tuple(Pair(change.seeker, change.driver) for change in changes))
    return moves


def _saved_seconds(change: PairCost, seekers: Sequence[Seeker], own_eta_seconds: Mapping[int, int]) -> float:
    """What a change saves the rider whose driver changes, beyond what it must."""
    must_save_seconds = seekers[change.seeker].swaps.min_gain_seconds
    return own_eta_seconds[change.seeker] - change.terms.pickup_eta - must_save_seconds


def _chain(first: int, seeker_by_driver: Mapping[int, int], bound_driver_by_seeker: Mapping[int, int]) -> list[int]:
    """Go from a seeker to the one that gets its driver, and on; until nobody does, or the ring is closed."""
    chain = [first]
    while True:
        own = bound_driver_by_seeker.get(chain[-1])
        after = None if own is None else seeker_by_driver.get(own)
        if after is None or after == first or after in chain:
            return chain
        chain.append(after)
