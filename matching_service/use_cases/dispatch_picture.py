"""What a tick sees: the rides that look for a driver or may change theirs, and the drivers who could come.

Seconds old when it is drawn, and never trusted for longer than the tick takes: the database judges every move.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from matching_service.domain.candidates import Bound, Pair, Seeker, all_at
from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.dispatch_policy import NO_WEIGHTS, DispatchMode
from matching_service.domain.locations import FRESH_SECONDS, ShiftKey, closed_since
from matching_service.domain.pooling import Insertion
from matching_service.domain.positions import Positions
from matching_service.domain.ride_kind import Capability
from matching_service.domain.tick_pace import Supply, supply_of
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.dispatch_ports import (
    BusyDrivers,
    CashStandings,
    EnRouteRide,
    EnRouteRides,
    Headings,
    OnShift,
    SharedRuns,
    WaitingRide,
    WaitingRides,
)
from matching_service.use_cases.dispatch_seekers import bound_seeker, waiting_seekers
from matching_service.use_cases.driver_worth import KnowWorth, Worth
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.find_joins import FindJoins, PooledSeeker, RunOnTheRoad
from matching_service.use_cases.location_ports import LiveLocations
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint

MAX_WAITING = 2_000
"""Rides of one tick; the rest come at the next, the returned and the longest waiting first."""
MAX_RUNS = 500
"""Shared runs that pooled rides are planned into at one tick, of those whose drivers are in the picture."""
MAX_EN_ROUTE = 500
"""Rides whose driver may change at one tick; those that were promised the latest pickup."""


@dataclass(frozen=True, slots=True)
class PlannedJoin:
    """A pooled ride's place in a run."""

    run_id: UUID
    insertion: Insertion


@dataclass(slots=True)
class Picture:
    """Seekers and drivers of a tick. Free drivers come first, then those on the way to a seeker of this picture, then
    those with parties who let others come along."""

    waiting: int = 0
    """Rides that look for a driver, also those of which nothing can be made now."""
    seekers: list[Seeker] = field(default_factory=list[Seeker])
    drivers: Positions = field(default_factory=Positions)
    free: int = 0
    """How many of the drivers are free."""
    stale: int = 0
    """Drivers left out since they were silent."""
    bound_driver_by_seeker: dict[int, int] = field(default_factory=dict[int, int])
    own_eta_seconds: dict[int, int] = field(default_factory=dict[int, int])
    """By seeker: when its own driver, who is on the way, will come."""
    no_cash_driver_ids: frozenset[UUID] = frozenset()
    capabilities: Mapping[UUID, frozenset[Capability]] = field(default_factory=dict[UUID, frozenset[Capability]])
    """What drivers declared that they can carry; only where a seeker needs it."""
    headings: Mapping[UUID, GeoPoint] = field(default_factory=dict[UUID, GeoPoint])
    """Where drivers want to get to, of those who take only rides on their way."""
    snapshot: Positions = field(default_factory=Positions)
    """Everybody whose location is known, to explain why the others are not among the drivers."""
    fresh_since: float = 0.0
    busy: frozenset[UUID] = frozenset()
    closed_shifts: frozenset[ShiftKey] = frozenset()
    """Such as take no new ride, of drivers whose location may still be known."""
    sharing_drivers: int = 0
    """How many of the drivers have parties already: they are for pooled rides that fit in, and for no others."""
    worth_by_city: dict[str, Worth] = field(default_factory=dict[str, Worth])
    """What counts for or against drivers, in cities where anything does but the way to the pickup."""
    supplies: dict[str, Supply] = field(default_factory=dict[str, Supply])
    """Of the cities with rides that wait, by their keys."""
    joins: dict[Pair, PlannedJoin] = field(default_factory=dict[Pair, PlannedJoin])
    """The pooled rides that fit into runs, by the places of seeker and driver."""

    @property
    def ordinary_drivers(self) -> int:
        """How many of the drivers may be anybody's candidates."""
        return len(self.drivers) - self.sharing_drivers

    def fresh_place_of(self, driver_id: UUID) -> int | None:
        """Return a driver's place in the snapshot; None for one who was silent for too long."""
        place = self.snapshot.place_of(driver_id)
        return None if place is None or self.snapshot[place].measured_at < self.fresh_since else place


_Seen = tuple[Positions, frozenset[UUID], frozenset[ShiftKey], Mapping[UUID, GeoPoint]]
"""Where drivers are, who is busy, whose shift is closed, and where to those want to get who go home."""


@dataclass(slots=True)
class DrawPicture:
    """Draws the picture, from the rows of rides and shifts and from live locations."""

    cities: Cities
    waiting: WaitingRides
    en_route: EnRouteRides
    locations: LiveLocations
    busy: BusyDrivers
    on_shift: OnShift
    standings: CashStandings
    headings: Headings
    eta: EtaProvider
    runs: SharedRuns
    find_joins: FindJoins
    know_worth: KnowWorth
    clock: Clock
    cities_with_rides: frozenset[str] = frozenset()
    """Those whose last picture had rides."""

    async def __call__(self, shards: Collection[str], cities: Collection[str] = ()) -> Picture:
        """Draw it for the rides of some shards, of all cities or some.

        Without rides, drivers are not looked at. Where a city had rides the last time, it most likely has some now, and
        the drivers are read beside them.
        """
        atlas = await self.cities.in_force()
        most_swaps = max((city.dispatch.swaps.max_per_ride for city in atlas.policies), default=0)
        reads = self.waiting.list_waiting(shards, MAX_WAITING, cities), self._under_way(shards, most_swaps, cities)
        seen: _Seen | None = None
        expected = self.cities_with_rides.intersection({"", *cities}) if cities else self.cities_with_rides
        if expected:
            rides, under_way, seen = await asyncio.gather(*reads, self._look_at_drivers(shards, atlas))
        else:
            rides, under_way = await asyncio.gather(*reads)
        self.cities_with_rides = (self.cities_with_rides - expected).union(ride.city for ride in (*rides, *under_way))
        picture = Picture(waiting=len(rides), seekers=waiting_seekers(rides, atlas, self.clock.now()))
        if not picture.seekers and not under_way:
            return picture
        snapshot, busy, closed, picture.headings = seen or await self._look_at_drivers(shards, atlas)
        fresh_since = self.clock.now().timestamp() - FRESH_SECONDS
        picture.snapshot, picture.fresh_since, picture.busy, picture.closed_shifts = snapshot, fresh_since, busy, closed
        picture.stale = snapshot.count_stale(fresh_since)
        places = await asyncio.to_thread(snapshot.free, fresh_since, busy, closed)
        picture.drivers, picture.free = all_at(snapshot, places), len(places)
        await self._add_worth(picture, atlas)
        picture.supplies = _supplies(rides, atlas, picture.drivers)
        if under_way:
            places += await self._add_en_route(picture, under_way, atlas)
        if any(seeker.sharing is not None for seeker in picture.seekers):
            runs = await self._add_joins(picture, len(places))
            picture.sharing_drivers = len(runs)
            places += runs
        if len(places) > picture.free:
            picture.drivers = snapshot.at(places)
        if any(seeker.pays_cash for seeker in picture.seekers):
            picture.no_cash_driver_ids = await self._no_cash_driver_ids(atlas)
        if any(seeker.needs for seeker in picture.seekers):
            picture.capabilities = await self.on_shift.capabilities()
        return picture

    async def _under_way(
        self, shards: Collection[str], most_swaps: int, cities: Collection[str]
    ) -> Sequence[EnRouteRide]:
        return await self.en_route.list_en_route(shards, most_swaps, MAX_EN_ROUTE, cities) if most_swaps else []

    async def _look_at_drivers(self, shards: Collection[str], atlas: Atlas) -> _Seen:
        longest_seconds = max((city.dispatch.pickup_eta_cap_seconds for city in atlas.policies), default=0)
        return await asyncio.gather(
            self.locations.snapshot_near(shards, self.eta.reach_meters(longest_seconds)),
            self.busy.busy(),
            self.on_shift.closed_shifts(closed_since(self.clock.now())),
            self.headings.headings(),
        )

    async def _add_worth(self, picture: Picture, atlas: Atlas) -> None:
        """Look up what counts for or against drivers, and put it to the rides: where do they lead to?"""
        now = self.clock.now()
        for key in sorted({seeker.city for seeker in picture.seekers if seeker.weights != NO_WEIGHTS}):
            city = atlas.named(key)
            if city is not None:
                picture.worth_by_city[key] = await self.know_worth(city, now)
        for place, seeker in enumerate(picture.seekers):
            worth = picture.worth_by_city.get(seeker.city)
            extra_seconds = 0.0 if worth is None else worth.extra_at(seeker.dropoff)
            if extra_seconds:
                picture.seekers[place] = seeker._replace(dropoff_extra_idle_seconds=extra_seconds)

    async def _add_joins(self, picture: Picture, first: int) -> list[int]:
        """Find out where pooled rides fit into runs; a driver who is on the way home takes no more parties.

        Return the places in the snapshot of the drivers of these runs; the picture has them from `first` on.
        """
        pooled = [
            PooledSeeker(place, seeker, seeker.sharing, seeker.passengers)
            for place, seeker in enumerate(picture.seekers)
            if seeker.sharing is not None and seeker.bound is None
        ]
        places: list[int] = []
        runs: list[RunOnTheRoad] = []
        near = {
            driver_id: place
            for driver_id in picture.busy - picture.headings.keys()
            if (place := picture.fresh_place_of(driver_id)) is not None
        }
        for view in await self.runs.with_room(near, MAX_RUNS):
            place = near[view.run.driver_id]
            position = picture.snapshot[place]
            if position.shift_key not in picture.closed_shifts:
                places.append(place)
                runs.append(RunOnTheRoad(view, position))
        for join in await self.find_joins(pooled, runs):
            planned = PlannedJoin(runs[join.run].view.run.id, join.insertion)
            picture.joins[Pair(join.seeker, first + join.run)] = planned
        return places

    async def _no_cash_driver_ids(self, atlas: Atlas) -> frozenset[UUID]:
        barred: set[UUID] = set()
        for currency_code in sorted({city.currency_code for city in atlas.policies}):
            barred |= await self.standings.no_cash_driver_ids(currency_code)
        return frozenset(barred)

    async def _add_en_route(self, picture: Picture, rides: Sequence[EnRouteRide], atlas: Atlas) -> list[int]:
        """Add the rides whose driver may change; return the places in the snapshot of these drivers."""
        known: list[tuple[EnRouteRide, CityPolicy, int]] = []
        for ride in rides:
            city, place = atlas.of(ride.city, ride.pickup), picture.fresh_place_of(ride.driver_id)
            if city is None or place is None or ride.product not in city.products:
                continue
            # Where the first to accept has the ride, it stays theirs.
            in_batch = city.dispatch.mode is DispatchMode.BATCH
            if in_batch and ride.swap_count < city.dispatch.swaps.max_per_ride:
                known.append((ride, city, place))
        if not known:
            return []
        now, places = self.clock.now(), list[int]()
        etas = await self.eta.seconds([(picture.snapshot[place].point, ride.pickup) for ride, _, place in known])
        for (ride, city, place), own_eta_seconds in zip(known, etas, strict=True):
            swaps = city.dispatch.swaps
            latest_seconds = own_eta_seconds - swaps.min_gain_seconds
            # Who is there before the time agreed on waits for it: nobody gains by another who waits longer.
            early = ride.pickup_at is not None and now + timedelta(seconds=latest_seconds) < ride.pickup_at
            if early or own_eta_seconds <= swaps.not_within_seconds:
                continue
            bound = Bound(ride.driver_id, latest_seconds)
            picture.bound_driver_by_seeker[len(picture.seekers)] = picture.free + len(places)
            picture.own_eta_seconds[len(picture.seekers)] = own_eta_seconds
            picture.seekers.append(bound_seeker(ride, city, now, bound))
            places.append(place)
        return places


def _supplies(rides: Sequence[WaitingRide], atlas: Atlas, free: Positions) -> dict[str, Supply]:
    waiting = Counter(ride.city for ride in rides)
    areas = {policy.city: policy.service_area for policy in atlas.policies}
    return {city: supply_of(areas[city], count, free) for city, count in waiting.items() if city in areas}
