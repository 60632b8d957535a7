"""One tick of dispatch: who waits, who is free, which pairs, whose offer.

    waiting rides + snapshot -> drop the stale, busy and off shift -> candidates -> cap on pickup time
    -> least total cost (greedy when time is short) -> a second, wider pass for the left-overs -> reserve -> offer

Nothing here is trusted to be true for longer than it takes: the snapshot is seconds old, the reservation may be lost,
and two tickers may run at once. The offer itself is judged by the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from matching_service.domain.assignment import (
    Limits,
    PairCost,
    Seeker,
    choose_greedily,
    head_start_seconds,
    is_on_the_way,
    unserved_seconds,
)
from matching_service.domain.city import Atlas
from matching_service.domain.eta import Leg
from matching_service.domain.locations import FRESH_SECONDS, DriverPosition
from matching_service.domain.ride_kind import Capability
from matching_service.domain.terms import Funding
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.dispatch_ports import (
    BusyDrivers,
    CashStandings,
    Claim,
    EtaProvider,
    Headings,
    LiveLocations,
    Matcher,
    OfferMaker,
    OfferOutcome,
    OnShift,
    Proposal,
    Reservations,
    WaitingRide,
    WaitingRides,
)
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint

MAX_WAITING = 2_000
"""Rides of one tick; the rest come at the next, the returned and the longest waiting first."""
CANDIDATES = 16
WIDE_CANDIDATES = 64
"""Of the second pass: a fixed number of candidates starves hot spots, where all share the same nearest drivers."""
SOLVER_BUDGET_SECONDS = 0.25
RESERVATION_SECONDS = 10.0
"""Far beyond the time from reserving to the offer's row; a process that dies holds drivers up no longer."""


@dataclass(slots=True)
class TickReport:
    """What a tick saw and did, for metrics."""

    waiting: int = 0
    free_drivers: int = 0
    stale_drivers: int = 0
    candidates: int = 0
    contended: int = 0
    """Pairs dropped since another ticker had reserved the driver."""
    greedy_passes: int = 0
    outcomes: dict[OfferOutcome, int] = field(default_factory=dict[OfferOutcome, int])


class DispatchTick:
    """The use case; deterministic for the same answers of its ports."""

    def __init__(
        self,
        *,
        cities: Cities,
        waiting: WaitingRides,
        locations: LiveLocations,
        busy: BusyDrivers,
        on_shift: OnShift,
        standings: CashStandings,
        headings: Headings,
        eta: EtaProvider,
        matcher: Matcher,
        reservations: Reservations,
        offers: OfferMaker,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._cities = cities
        self._waiting = waiting
        self._locations = locations
        self._busy = busy
        self._on_shift = on_shift
        self._standings = standings
        self._headings = headings
        self._eta = eta
        self._matcher = matcher
        self._reservations = reservations
        self._offers = offers
        self._clock = clock
        self._monotonic = monotonic

    async def __call__(self, fences: Mapping[str, int]) -> TickReport:
        """Match and make offers once, for the rides of some shards. `fences` are those of the leases on them.

        The shards are solved as one problem: apart, each would spoil the others' best pairs along their common edges.
        """
        report = TickReport()
        rides = await self._waiting.list_waiting(fences.keys(), MAX_WAITING)
        report.waiting = len(rides)
        atlas = await self._cities.in_force()
        seekers = self._seekers(rides, atlas)
        if not seekers:
            return report
        drivers = await self._free_drivers(fences.keys(), seekers, report)
        if not drivers:
            return report
        no_cash, headings, able = await asyncio.gather(
            self._no_cash_driver_ids(seekers, atlas), self._headings.headings(), self._capabilities(seekers)
        )
        solve_until = self._monotonic() + SOLVER_BUDGET_SECONDS
        limits = self._limits(CANDIDATES, seekers, no_cash, headings, able)
        chosen = await self._match(seekers, drivers, limits, solve_until, report)
        served, taken = {pair.seeker for pair in chosen}, {pair.driver for pair in chosen}
        left_seekers = [index for index in range(len(seekers)) if index not in served]
        left_drivers = [index for index in range(len(drivers)) if index not in taken]
        # With fewer drivers than candidates the first pass saw them all, and a wider one can find nobody.
        if left_seekers and left_drivers and len(drivers) > CANDIDATES:
            more = await self._match(
                [seekers[index] for index in left_seekers],
                [drivers[index] for index in left_drivers],
                self._limits(WIDE_CANDIDATES, seekers, no_cash, headings, able),
                solve_until,
                report,
            )
            chosen += [PairCost(left_seekers[pair.seeker], left_drivers[pair.driver], pair.seconds) for pair in more]
        shards = {ride.ride_id: ride.shard for ride in rides}
        await self._offer(chosen, seekers, drivers, shards, fences, report)
        return report

    def _seekers(self, rides: Sequence[WaitingRide], atlas: Atlas) -> list[Seeker]:
        now = self._clock.now()
        cities = {ride.ride_id: atlas.of(ride.city, ride.pickup.point) for ride in rides}
        return [
            Seeker(
                ride.ride_id,
                ride.pickup.point,
                product.vehicle_classes,
                ride.excluded_driver_ids,
                head_start_seconds((now - ride.requested_at).total_seconds(), ride.returned),
                pays_cash=ride.funding is Funding.CASH,
                needs=ride.needs,
                dropoff=ride.dropoff.point,
                pickup_eta_cap_seconds=city.dispatch.pickup_eta_cap_seconds,
            )
            for ride in rides
            # A product that the city no longer sells has no vehicles: its rides end with their search window.
            if (city := cities[ride.ride_id]) is not None and (product := city.products.get(ride.product)) is not None
        ]

    async def _free_drivers(
        self, shards: Collection[str], seekers: Sequence[Seeker], report: TickReport
    ) -> list[DriverPosition]:
        reach_meters = self._reach_meters(seekers)
        snapshot, busy, on_shift = await asyncio.gather(
            self._locations.snapshot_near(shards, reach_meters), self._busy.busy(), self._on_shift.on_shift()
        )
        fresh_since = self._clock.now().timestamp() - FRESH_SECONDS
        fresh = [position for position in snapshot if position.measured_at >= fresh_since]
        report.stale_drivers = len(snapshot) - len(fresh)
        free = [
            position
            for position in fresh
            if position.driver_id not in busy and on_shift.get(position.driver_id) is position.vehicle_class
        ]
        report.free_drivers = len(free)
        return free

    async def _no_cash_driver_ids(self, seekers: Sequence[Seeker], atlas: Atlas) -> frozenset[UUID]:
        if not any(seeker.pays_cash for seeker in seekers):
            return frozenset()
        barred: set[UUID] = set()
        for currency_code in sorted({city.currency_code for city in atlas.policies}):
            barred |= await self._standings.no_cash_driver_ids(currency_code)
        return frozenset(barred)

    async def _capabilities(self, seekers: Sequence[Seeker]) -> Mapping[UUID, frozenset[Capability]]:
        return await self._on_shift.capabilities() if any(seeker.needs for seeker in seekers) else {}

    def _limits(
        self,
        candidates: int,
        seekers: Sequence[Seeker],
        no_cash_driver_ids: frozenset[UUID],
        headings: Mapping[UUID, GeoPoint],
        capabilities: Mapping[UUID, frozenset[Capability]],
    ) -> Limits:
        return Limits(candidates, self._reach_meters(seekers), no_cash_driver_ids, headings, capabilities)

    def _reach_meters(self, seekers: Sequence[Seeker]) -> float:
        return self._eta.reach_meters(max(seeker.pickup_eta_cap_seconds for seeker in seekers))

    async def _match(
        self,
        seekers: Sequence[Seeker],
        drivers: Sequence[DriverPosition],
        limits: Limits,
        solve_until: float,
        report: TickReport,
    ) -> list[PairCost]:
        pairs = await self._matcher.candidates(seekers, drivers, limits)
        if limits.headings:
            pairs = [pair for pair in pairs if is_on_the_way(seekers[pair.seeker], drivers[pair.driver], limits)]
        if not pairs:
            return []
        report.candidates += len(pairs)
        points = {index: drivers[index].point for index in {pair.driver for pair in pairs}}
        etas = await self._eta.seconds([Leg(points[pair.driver], seekers[pair.seeker].pickup) for pair in pairs])
        costs = [
            PairCost(pair.seeker, pair.driver, eta)
            for pair, eta in zip(pairs, etas, strict=True)
            if eta <= seekers[pair.seeker].pickup_eta_cap_seconds
        ]
        unserved = [unserved_seconds(seeker, seeker.pickup_eta_cap_seconds) for seeker in seekers]
        chosen = await self._matcher.solve(costs, unserved, solve_until - self._monotonic())
        if chosen is None:
            report.greedy_passes += 1
            chosen = choose_greedily(costs, seekers)
        return [costs[index] for index in chosen]

    async def _offer(
        self,
        chosen: Sequence[PairCost],
        seekers: Sequence[Seeker],
        drivers: Sequence[DriverPosition],
        shards: Mapping[UUID, str],
        fences: Mapping[str, int],
        report: TickReport,
    ) -> None:
        if not chosen:
            return
        wanted_for = [shards[seekers[pair.seeker].ride_id] for pair in chosen]
        claims = [
            Claim(drivers[pair.driver], shard, fences[shard]) for pair, shard in zip(chosen, wanted_for, strict=True)
        ]
        gained = await self._reservations.reserve(claims, RESERVATION_SECONDS)
        proposals = [
            Proposal(
                seekers[pair.seeker].ride_id,
                drivers[pair.driver].driver_id,
                int(pair.seconds),
                pair.seconds - seekers[pair.seeker].head_start_seconds,
                claim.fence,
            )
            for pair, claim in zip(chosen, claims, strict=True)
            if drivers[pair.driver].driver_id in gained
        ]
        report.contended = len(chosen) - len(proposals)
        try:
            outcomes = await self._offers.make_offers(proposals) if proposals else []
        finally:
            # Whoever got an offer is busy by the database now, the others are free again.
            await self._reservations.release([claim for claim in claims if claim.position.driver_id in gained])
        for outcome in outcomes:
            report.outcomes[outcome] = report.outcomes.get(outcome, 0) + 1
