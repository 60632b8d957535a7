"""One tick of dispatch: who waits, who is free, which pairs, whose offer.

    rides + snapshot -> drop the stale, busy and off shift -> candidates -> cap on pickup time -> least total cost
    (greedy when time is short) -> a second, wider pass for the left-overs -> reserve -> offer; reroute

Rides whose driver is on the way take part: theirs may be exchanged where everybody's wait gets shorter by it, and no
rider waits longer than promised (`dispatch_picture`, `dispatch_choice`, `domain/moves`).

Nothing here is trusted to be true for longer than it takes: the snapshot is seconds old, the reservation may be lost,
and two tickers may run at once. The offer itself is judged by the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from matching_service.domain.candidates import Pair
from matching_service.domain.explanation import Fate
from matching_service.domain.tick_pace import Supply
from matching_service.use_cases.dispatch_choice import Choice, Choose
from matching_service.use_cases.dispatch_picture import DrawPicture, Picture
from matching_service.use_cases.dispatch_ports import (
    Claim,
    OfferMaker,
    OfferOutcome,
    Proposal,
    Reroute,
    Rerouter,
    Reservations,
)
from matching_service.use_cases.trace_ticks import TraceTicks

RESERVATION_SECONDS = 10.0
"""Far beyond the time from reserving to the offer's row; a process that dies holds drivers up no longer."""


@dataclass(slots=True)
class TickReport:
    """What a tick saw and did, for metrics."""

    waiting: int = 0
    en_route: int = 0
    """Rides whose driver could have changed."""
    free_drivers: int = 0
    stale_drivers: int = 0
    candidates: int = 0
    contended: int = 0
    """Pairs dropped since another ticker had reserved the driver."""
    greedy_passes: int = 0
    rerouted: int = 0
    """Rides that changed drivers among themselves."""
    untraced: int = 0
    """1 where the tick could not write down why."""
    outcomes: dict[OfferOutcome, int] = field(default_factory=dict[OfferOutcome, int])
    supplies: Mapping[str, Supply] = field(default_factory=dict[str, Supply])
    """Rides that wait and free drivers, of the cities with such rides."""
    fates: dict[UUID, Fate] = field(default_factory=dict[UUID, Fate])
    """What became of each ride that a move was made for."""
    unasked: dict[UUID, Fate] = field(default_factory=dict[UUID, Fate])
    """By driver who was chosen, which each is for one ride: what kept them from being asked."""


@dataclass(frozen=True, slots=True)
class DispatchTick:
    """The use case; deterministic for the same answers of its ports."""

    draw: DrawPicture
    choose: Choose
    reservations: Reservations
    offers: OfferMaker
    rerouter: Rerouter
    trace: TraceTicks | None = None
    """Writes down why; a tick that is measured alone has none."""

    async def __call__(self, fences: Mapping[str, int], cities: Collection[str] = ()) -> TickReport:
        """Match, make offers and reroute once, for the rides of some shards. `fences` are those of the leases on them.

        With `cities`, only for theirs, as each city has a tick of its own. The shards are solved as one problem: apart,
        each would spoil the others' best pairs along their common edges.
        """
        picture = await self.draw(fences.keys(), cities)
        choice = await self.choose(picture)
        report = TickReport(
            waiting=picture.waiting,
            en_route=len(picture.bound_driver_by_seeker),
            free_drivers=picture.free,
            stale_drivers=picture.stale,
            candidates=choice.candidates,
            greedy_passes=choice.greedy_passes,
            supplies=picture.supplies,
        )
        for ring in choice.moves.reroutes:
            if await self.rerouter.reroute([_reroute(pair, picture, choice, fences) for pair in ring]):
                report.rerouted += len(ring)
                report.fates |= {picture.seekers[pair.seeker].ride_id: Fate.REROUTED for pair in ring}
        broadcast = [pair for pairs in choice.moves.broadcasts for pair in pairs]
        await self._offer([*choice.moves.offers, *choice.moves.swaps, *broadcast], picture, choice, fences, report)
        if self.trace is not None and await self.trace(picture, choice, report.fates, report.unasked) < 0:
            report.untraced = 1
        return report

    async def _offer(
        self,
        pairs: Sequence[Pair],
        picture: Picture,
        choice: Choice,
        fences: Mapping[str, int],
        report: TickReport,
    ) -> None:
        if not pairs:
            return
        shards = [picture.seekers[pair.seeker].shard for pair in pairs]
        claims = [
            Claim(picture.drivers[pair.driver], shard, fences[shard]) for pair, shard in zip(pairs, shards, strict=True)
        ]
        gained = await self.reservations.reserve(claims, RESERVATION_SECONDS)
        slots = choice.moves.slot_by_pair
        proposals = [
            _proposal(pair, picture, choice, fences, slots.get(pair, 0))
            for pair in pairs
            if picture.drivers[pair.driver].driver_id in gained
        ]
        report.contended = len(pairs) - len(proposals)
        for pair in pairs:
            driver_id = picture.drivers[pair.driver].driver_id
            if driver_id not in gained:
                report.fates[picture.seekers[pair.seeker].ride_id] = report.unasked[driver_id] = Fate.CONTENDED
        try:
            outcomes = await self.offers.make_offers(proposals) if proposals else []
        finally:
            # Whoever got an offer is busy by the database now, the others are free again.
            await self.reservations.release([claim for claim in claims if claim.position.driver_id in gained])
        for proposal, outcome in zip(proposals, outcomes, strict=True):
            report.outcomes[outcome] = report.outcomes.get(outcome, 0) + 1
            if outcome is not OfferOutcome.OFFERED:
                report.unasked[proposal.driver_id] = Fate(outcome.value)
            # Of a broadcast it is enough that one was asked.
            if report.fates.get(proposal.ride_id) is not Fate.OFFERED:
                report.fates[proposal.ride_id] = _fate(proposal, outcome)


def _fate(proposal: Proposal, outcome: OfferOutcome) -> Fate:
    if outcome is OfferOutcome.OFFERED and proposal.instead_of is not None:
        return Fate.SWAP_OFFERED
    return Fate(outcome.value)


def _proposal(pair: Pair, picture: Picture, choice: Choice, fences: Mapping[str, int], slot: int) -> Proposal:
    cost, seeker = choice.cost_by_pair[pair], picture.seekers[pair.seeker]
    join = picture.joins.get(pair)
    return Proposal(
        seeker.ride_id,
        picture.drivers[pair.driver].driver_id,
        int(cost.terms.pickup_eta),
        cost.seconds - seeker.head_start_seconds,
        fences[seeker.shard],
        None if seeker.bound is None else seeker.bound.driver_id,
        slot,
        None if join is None else join.run_id,
        () if join is None else join.insertion.plan,
    )


def _reroute(pair: Pair, picture: Picture, choice: Choice, fences: Mapping[str, int]) -> Reroute:
    seeker = picture.seekers[pair.seeker]
    if seeker.bound is None:
        raise ValueError("a ring is of rides whose driver is on the way")
    eta_seconds = int(choice.cost_by_pair[pair].terms.pickup_eta)
    return Reroute(
        seeker.ride_id,
        seeker.bound.driver_id,
        picture.drivers[pair.driver].driver_id,
        eta_seconds,
        fences[seeker.shard],
    )
