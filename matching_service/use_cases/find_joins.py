"""Where pooled rides fit into runs under way: the pairs of a ride and a driver with parties, and their plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching_service.domain.candidates import Seeker, pickup_cap_seconds
from matching_service.domain.eta import Leg
from matching_service.domain.locations import DriverPosition
from matching_service.domain.pooling import Insertion, Party, PlanStop, StopAction, insert
from matching_service.domain.run import RunView, Sharing
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint, haversine_meters

MAX_POOLED_SEEKERS = 64
"""Of one tick; the rest find a free driver, or a run at the next."""
RUNS_PER_SEEKER = 4
"""The nearest ones. Each is planned anew: a third of a millisecond."""


@dataclass(frozen=True, slots=True)
class PooledSeeker:
    """A seeker by its place, with what its rider agreed to."""

    place: int
    seeker: Seeker
    sharing: Sharing
    passengers: int


@dataclass(frozen=True, slots=True)
class RunOnTheRoad:
    """A run with room, and where its vehicle is."""

    view: RunView
    position: DriverPosition


@dataclass(frozen=True, slots=True)
class Join:
    """A place in a run for a seeker. `run` is the place of the run in the list that was asked about."""

    seeker: int
    run: int
    insertion: Insertion


@dataclass(frozen=True, slots=True)
class FindJoins:
    """Plans every pooled seeker into the nearest runs. All legs of a tick are asked for at once."""

    eta: EtaProvider
    clock: Clock

    async def __call__(self, seekers: Sequence[PooledSeeker], runs: Sequence[RunOnTheRoad]) -> list[Join]:
        """Return the best place of each seeker in each of its nearest runs, where there is one."""
        now = self.clock.now()
        legs: dict[Leg, int] = {}
        tries: list[tuple[PooledSeeker, int, _Places]] = []
        for pooled in seekers[:MAX_POOLED_SEEKERS]:
            for index in _nearest(pooled, runs, self.eta):
                places = _places(pooled, runs[index])
                tries.append((pooled, index, places))
                for leg in _legs(places, runs[index].view.pending, pooled):
                    legs.setdefault(leg, len(legs))
        if not tries:
            return []
        seconds = await self.eta.seconds(list(legs))
        joins: list[Join] = []
        for pooled, index, places in tries:
            view = runs[index].view

            def travel(origin: PlanStop | None, destination: PlanStop, places: _Places = places) -> float:
                return seconds[legs[(places[origin], places[destination])]]

            found = insert(
                view.pending,
                {ride.ride_id: ride.party(now) for ride in view.rides},
                _party(pooled),
                view.run.seats,
                travel,
                first_stays=view.waits_at_first_stop,
            )
            if found is not None:
                joins.append(Join(pooled.place, index, found))
        return joins


_Places = Mapping[PlanStop | None, GeoPoint]
"""Where each stop of a try is; None is the vehicle."""


def _party(pooled: PooledSeeker) -> Party:
    sharing = pooled.sharing
    within = pickup_cap_seconds(pooled.seeker)
    return Party(pooled.seeker.ride_id, pooled.passengers, sharing.direct_seconds, sharing.max_ride_seconds, within)


def _nearest(pooled: PooledSeeker, runs: Sequence[RunOnTheRoad], eta: EtaProvider) -> list[int]:
    """Return the runs whose vehicle or whose stops come nearest to the pickup, within reach; ties by their order."""
    seeker = pooled.seeker
    reach_meters = eta.reach_meters(pickup_cap_seconds(seeker))
    by_distance: list[tuple[float, int]] = []
    for index, run in enumerate(runs):
        position = run.position
        if position.vehicle_class not in seeker.vehicle_classes or position.driver_id in seeker.excluded_driver_ids:
            continue
        if not run.view.has_room_for(pooled.sharing):
            continue
        points = [position.point, *(place.point for ride in run.view.rides for place in (ride.pickup, ride.dropoff))]
        meters = min(haversine_meters(point, seeker.pickup) for point in points)
        if meters <= reach_meters:
            by_distance.append((meters, index))
    return [index for _, index in sorted(by_distance)[:RUNS_PER_SEEKER]]


def _places(pooled: PooledSeeker, run: RunOnTheRoad) -> _Places:
    ride_id, seeker = pooled.seeker.ride_id, pooled.seeker
    rides = {ride.ride_id: ride for ride in run.view.rides}
    places: dict[PlanStop | None, GeoPoint] = {None: run.position.point}
    places |= {stop: rides[stop.ride_id].place_of(stop).point for stop in run.view.pending}
    places[PlanStop(ride_id, StopAction.PICK_UP)] = seeker.pickup
    places[PlanStop(ride_id, StopAction.DROP_OFF)] = seeker.dropoff or seeker.pickup
    return places


def _legs(places: _Places, plan: Sequence[PlanStop], pooled: PooledSeeker) -> list[Leg]:
    """Return every leg that a plan with the two new stops may have: the order of the others stays."""
    pick_up = PlanStop(pooled.seeker.ride_id, StopAction.PICK_UP)
    drop_off = PlanStop(pooled.seeker.ride_id, StopAction.DROP_OFF)
    stops: list[PlanStop | None] = [None, *plan]
    pairs: list[tuple[PlanStop | None, PlanStop]] = [*zip(stops, plan, strict=False), (pick_up, drop_off)]
    pairs += [(stop, pick_up) for stop in stops]
    for stop in plan:
        pairs += [(pick_up, stop), (stop, drop_off), (drop_off, stop)]
    return [(places[origin], places[destination]) for origin, destination in pairs]
