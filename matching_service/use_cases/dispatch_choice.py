"""Which driver for which ride: candidates, their costs, the choice, and the moves that follow from it."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil

from matching_service.domain.assignment import (
    NO_TERMS,
    DriverTerms,
    PairCost,
    choose_greedily,
    pair_costs,
    unserved_seconds,
)
from matching_service.domain.candidates import Limits, Pair, all_at, is_on_the_way, pickup_cap_seconds
from matching_service.domain.locations import DriverPosition
from matching_service.domain.moves import Moves, moves_of
from matching_service.domain.pooling import join_seconds
from matching_service.use_cases.dispatch_picture import Picture
from matching_service.use_cases.dispatch_ports import Matcher
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.search_streets import SearchStreets

CANDIDATES = 16
FEW_CANDIDATES = 8
"""Of a crowd among plenty of drivers: hardly two of its rides want the same one, and each is weighed in half the time
(docs/decisions/0048-a-tick-in-a-full-city.md)."""
CROWD = 500
PLENTY = 8
"""Free drivers for each ride of a crowd."""
WIDE_CANDIDATES = 64
"""Of the second pass: a fixed number of candidates starves hot spots, where all share the same nearest drivers. Where
more are left than that, the drivers are dealt out among them (`Limits.hands`)."""
PAIRS_AT_ONCE = 2_000
"""So many are weighed on the event loop; more would hold it up for longer than other calls may wait."""
SOLVER_BUDGET_SECONDS = 0.25
"""The solver's own time, in all passes of a tick together: where weighing takes long already, a greedy choice would
spare the least part of the tick, and leave all drivers where they are."""


@dataclass(slots=True)
class Choice:
    """What was weighed and chosen, by the places of seekers and drivers in the picture."""

    weighed: list[PairCost] = field(default_factory=list[PairCost])
    """Every pair within its cap, with the terms of its cost."""
    chosen: list[PairCost] = field(default_factory=list[PairCost])
    moves: Moves = field(default_factory=Moves)
    cost_by_pair: dict[Pair, PairCost] = field(default_factory=dict[Pair, PairCost])
    """Of the pairs that moves name."""
    candidates: int = 0
    greedy_passes: int = 0
    solver_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Choose:
    """Chooses for all rides of a picture at once; deterministic for the same answers of its ports."""

    eta: EtaProvider
    matcher: Matcher
    monotonic: Callable[[], float]
    search_streets: SearchStreets | None = None
    """Where a map is loaded."""
    budget_seconds: float = SOLVER_BUDGET_SECONDS

    async def __call__(self, picture: Picture) -> Choice:
        """Choose; a pair of the second pass is one of a free driver and a ride that waits."""
        choice = Choice()
        if not picture.seekers or not picture.drivers:
            return choice
        solved = [place for place, seeker in enumerate(picture.seekers) if not seeker.broadcast_offers]
        everybody = solved, range(picture.ordinary_drivers)
        joins = _joins(picture)
        if solved:
            candidates = FEW_CANDIDATES if len(solved) >= CROWD and picture.free >= PLENTY * len(solved) else CANDIDATES
            choice.chosen = await self._match(picture, *everybody, candidates, choice, joins)
        served, taken = {pair.seeker for pair in choice.chosen}, {pair.driver for pair in choice.chosen}
        left = [place for place in solved if place not in served and picture.seekers[place].bound is None]
        # With fewer drivers than candidates the first pass saw them all, and a wider one can find nobody.
        wider = bool(left) and picture.ordinary_drivers > CANDIDATES
        free = [index for index in range(picture.free) if index not in taken] if wider else []
        if free:
            choice.chosen += await self._match(picture, left, free, WIDE_CANDIDATES, choice)
        choice.moves = moves_of(choice.chosen, picture.seekers, picture.bound_driver_by_seeker)
        choice.moves.reroutes[:] = [ring for ring in choice.moves.reroutes if _needs_no_consent(ring, picture)]
        choice.cost_by_pair = {Pair(cost.seeker, cost.driver): cost for cost in choice.chosen}
        if len(solved) < len(picture.seekers):
            await self._broadcast(picture, choice)
        return choice

    async def _broadcast(self, picture: Picture, choice: Choice) -> None:
        """Choose whom to ask at once for each ride of a city that broadcasts, the one that waited longest first.

        A driver is asked for one ride at a time, so that nobody is shown what somebody else already took.
        """
        moves = choice.moves
        taken = {pair.driver for pair in [*moves.offers, *moves.swaps]}
        free = [place for place in range(picture.free) if place not in taken]
        places = [place for place, seeker in enumerate(picture.seekers) if seeker.broadcast_offers]
        if not free:
            return
        costs = await self._costs(picture, places, free, WIDE_CANDIDATES, choice)
        by_seeker: dict[int, list[PairCost]] = {place: [] for place in places}
        for cost in sorted(costs, key=lambda each: each.seconds):
            by_seeker[cost.seeker].append(cost)
        for place in sorted(places, key=lambda each: -picture.seekers[each].head_start_seconds):
            near = [cost for cost in by_seeker[place] if cost.driver not in taken]
            asked = near[: picture.seekers[place].broadcast_offers]
            if asked:
                taken |= {cost.driver for cost in asked}
                moves.broadcasts.append(tuple(Pair(cost.seeker, cost.driver) for cost in asked))
                choice.cost_by_pair |= {Pair(cost.seeker, cost.driver): cost for cost in asked}

    async def _costs(
        self,
        picture: Picture,
        seeker_places: Sequence[int],
        driver_places: Sequence[int],
        candidates: int,
        choice: Choice,
        hands: int = 1,
    ) -> list[PairCost]:
        """Weigh the candidates of some seekers among some drivers, whose places ascend."""
        seekers = [picture.seekers[place] for place in seeker_places]
        drivers = all_at(picture.drivers, driver_places)
        limits = self._limits(candidates, picture, hands)
        # So many of the free and so many of those on the way: where most are on the way, the nearest of all hold hardly
        # a free one, and a chain of moves would lack its first link.
        near: list[Pair] = []
        free = bisect_left(driver_places, picture.free)
        for first, last in ((0, free), (free, len(drivers))):
            if first < last:
                among = all_at(drivers, range(first, last))
                found = await self.matcher.candidates(seekers, among, limits)
                near += found if not first else [Pair(pair.seeker, pair.driver + first) for pair in found]
        if limits.headings:
            near = [pair for pair in near if is_on_the_way(seekers[pair.seeker], drivers[pair.driver], limits)]
        pairs = near
        if len(seeker_places) < len(picture.seekers) or len(driver_places) < len(picture.drivers):
            pairs = [Pair(seeker_places[pair.seeker], driver_places[pair.driver]) for pair in near]
        bound = picture.bound_driver_by_seeker
        if bound:
            pairs = [pair for pair in pairs if bound.get(pair.seeker) != pair.driver]
        etas = await self._etas(picture, pairs)
        if self.search_streets is not None:
            further = await self.search_streets(picture, pairs, etas, driver_places, limits)
            pairs, etas = [*pairs, *further], [*etas, *await self._etas(picture, further)]
        choice.candidates += len(pairs)
        costs = await self._weigh(picture, pairs, etas)
        choice.weighed += costs
        return costs

    async def _match(
        self,
        picture: Picture,
        seeker_places: Sequence[int],
        driver_places: Sequence[int],
        candidates: int,
        choice: Choice,
        joins: Sequence[PairCost] = (),
    ) -> list[PairCost]:
        hands = ceil(2 * len(seeker_places) / candidates) if candidates == WIDE_CANDIDATES else 1
        costs = await self._costs(picture, seeker_places, driver_places, candidates, choice, hands)
        choice.candidates += len(joins)
        choice.weighed += joins
        costs = [*costs, *joins]
        if len(driver_places) > picture.free:
            taking_part = frozenset(seeker_places)
            costs = [cost for cost in self._own(picture) if cost.seeker in taking_part] + costs
        unserved = [unserved_seconds(seeker, seeker.pickup_eta_cap_seconds) for seeker in picture.seekers]
        begun = self.monotonic()
        left_seconds = self.budget_seconds - choice.solver_seconds
        chosen = await self.matcher.solve(costs, unserved, left_seconds) if costs else []
        choice.solver_seconds += self.monotonic() - begun
        if chosen is None:
            choice.greedy_passes += 1
            # Without the time to solve it nobody's driver is changed.
            plain = [index for index, cost in enumerate(costs) if _is_plain(cost, picture)]
            greedy = choose_greedily([costs[index] for index in plain], picture.seekers)
            chosen = [plain[index] for index in greedy]
        return [costs[index] for index in chosen]

    def _limits(self, candidates: int, picture: Picture, hands: int) -> Limits:
        longest_seconds = max(seeker.pickup_eta_cap_seconds for seeker in picture.seekers)
        return Limits(
            candidates,
            self.eta.reach_meters(longest_seconds),
            picture.no_cash_driver_ids,
            picture.headings,
            picture.capabilities,
            hands,
        )

    def _own(self, picture: Picture) -> list[PairCost]:
        own: list[PairCost] = []
        for seeker, driver in picture.bound_driver_by_seeker.items():
            comes = driver, picture.drivers[driver].driver_id, picture.own_eta_seconds[seeker], NO_TERMS
            own += pair_costs(seeker, picture.seekers[seeker], [comes])
        return own

    async def _etas(self, picture: Picture, pairs: Sequence[Pair]) -> Sequence[int]:
        if not pairs:
            return []
        drivers, pickups = picture.drivers, [seeker.pickup for seeker in picture.seekers]
        return await self.eta.seconds([(drivers[driver], pickups[seeker]) for seeker, driver in pairs])

    async def _weigh(self, picture: Picture, pairs: Sequence[Pair], etas: Sequence[int]) -> list[PairCost]:
        if len(pairs) <= PAIRS_AT_ONCE:
            return _weighed(picture, pairs, etas)
        return await asyncio.to_thread(_weighed, picture, pairs, etas)


def _weighed(picture: Picture, pairs: Sequence[Pair], etas: Sequence[int]) -> list[PairCost]:
    """Weigh the pairs that are within their seekers' caps, seeker by seeker, as candidates come."""
    costs: list[PairCost] = []
    drivers = picture.drivers
    for place, group in groupby(zip(pairs, etas, strict=True), key=_seeker_of):
        seeker = picture.seekers[place]
        cap_seconds = pickup_cap_seconds(seeker)
        worth = picture.worth_by_city.get(seeker.city)
        terms = _no_terms if worth is None else worth.terms
        near = [
            (index, (driver := drivers[index])[0], eta_seconds, terms(driver))
            for (_, index), eta_seconds in group
            if eta_seconds <= cap_seconds
        ]
        costs += pair_costs(place, seeker, near)
    return costs


def _seeker_of(weighed: tuple[Pair, int]) -> int:
    return weighed[0][0]


def _no_terms(_: DriverPosition) -> DriverTerms:
    return NO_TERMS


def _joins(picture: Picture) -> list[PairCost]:
    """Weigh the pooled rides that fit into runs, beside the pickup times of free drivers."""
    costs: list[PairCost] = []
    for pair, planned in picture.joins.items():
        pickup_eta, seconds = planned.insertion.pickup_seconds, join_seconds(planned.insertion)
        shared_seconds = seconds - pickup_eta
        barred = picture.seekers[pair.seeker].pays_cash and (
            picture.drivers[pair.driver].driver_id in picture.no_cash_driver_ids
        )
        if not barred:
            costs.append(PairCost(pair.seeker, pair.driver, seconds, shared_seconds=shared_seconds))
    return costs


def _needs_no_consent(ring: Sequence[Pair], picture: Picture) -> bool:
    return all(picture.seekers[pair.seeker].swaps.reroute_without_consent for pair in ring)


def _is_plain(cost: PairCost, picture: Picture) -> bool:
    return cost.driver < picture.free and picture.seekers[cost.seeker].bound is None
