"""From a choice of pairs to moves that are each right by itself: offers, swap offers, and reroutes of bound drivers.

The solver chooses for all rides at once: those that wait and those whose driver is on the way. What it chooses falls
apart into chains and rings. A chain begins with a free driver, goes from ride to ride by the drivers on the way that
it sets free, and ends with a ride that waits or with a driver who is left over. A ring has bound drivers alone.

A free driver must be asked and may say no, so a chain cannot be done at once. Its first move is made, and the next tick
sees what became of it. Each move is right by itself: a driver is a bound ride's candidate only where its rider gains
enough by the change, whatever becomes of the others (`pickup_cap_seconds`).

    free F -> waiting ride W                                  F is offered W
    free F -> bound ride E -> E's driver -> waiting ride W    F is offered E; E's driver is the next tick's free one
    bound rides in a ring                                     all change drivers, in one transaction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Pair, Seeker


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be done, by the places of seekers and drivers."""

    offers: list[Pair] = field(default_factory=list[Pair])
    """Waiting rides, each with a free driver."""
    swaps: list[Pair] = field(default_factory=list[Pair])
    """Rides with a driver on the way, each with a free driver to be asked."""
    reroutes: list[tuple[Pair, ...]] = field(default_factory=list[tuple[Pair, ...]])
    """Rings: each ride gets the driver who is on the way to the next."""
    broadcasts: list[tuple[Pair, ...]] = field(default_factory=list[tuple[Pair, ...]])
    """Waiting rides, each with several free drivers who are asked at once, the nearest first."""

    @property
    def slot_by_pair(self) -> dict[Pair, int]:
        """The number of each pair among those of its broadcast, from 1 on."""
        return {pair: number for pairs in self.broadcasts for number, pair in enumerate(pairs, 1)}


def moves_of(chosen: Sequence[PairCost], seekers: Sequence[Seeker], bound_driver_by_seeker: Mapping[int, int]) -> Moves:
    """Take a choice apart.

    Args:
        chosen: exclusive pairs; of a bound seeker none or its own driver's means that nothing changes.
        seekers: all that took part.
        bound_driver_by_seeker: the place of the driver who is on the way to each bound seeker.
    """
    seeker_by_driver = {pair.driver: pair.seeker for pair in chosen}
    driver_by_seeker = {pair.seeker: pair.driver for pair in chosen}
    bound_drivers = set(bound_driver_by_seeker.values())
    moves = Moves()
    settled: set[int] = set()
    for pair in chosen:
        if pair.driver not in bound_drivers:
            settled.update(_chain(pair.seeker, seeker_by_driver, bound_driver_by_seeker))
            waits = seekers[pair.seeker].bound is None
            (moves.offers if waits else moves.swaps).append(Pair(pair.seeker, pair.driver))
    for seeker in bound_driver_by_seeker:
        if seeker in settled:
            continue
        ring = _chain(seeker, seeker_by_driver, bound_driver_by_seeker)
        settled.update(ring)
        closed = seeker in driver_by_seeker and driver_by_seeker[seeker] == bound_driver_by_seeker.get(ring[-1])
        if closed and len(ring) > 1:
            moves.reroutes.append(tuple(Pair(each, driver_by_seeker[each]) for each in ring))
    return moves


def _chain(first: int, seeker_by_driver: Mapping[int, int], bound_driver_by_seeker: Mapping[int, int]) -> list[int]:
    """Go from a seeker to the one that gets its driver, and on; until nobody does, or the ring is closed."""
    chain = [first]
    while True:
        own = bound_driver_by_seeker.get(chain[-1])
        after = None if own is None else seeker_by_driver.get(own)
        if after is None or after == first or after in chain:
            return chain
        chain.append(after)
