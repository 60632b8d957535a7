"""Where many riders want the same drivers: the service's own choice, with time enough, beside the best of all pairs."""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from jitney.bench.dispatch_load import all_seconds, dense_least_cost, draw_points
from jitney.bench.parts import matching
from jitney.bench.result import Detail
from shared_kernel.geo import GeoPoint

RIDES_OF_A_TICK = 2_000
MORE = 5_000
"""Beyond what one tick takes: for the growth of the solver."""
_PLACES = 5
_CROWD_DEGREES = 0.004
"""About 400 m: a stadium that empties."""
_PATIENCE_SECONDS = 600.0


def measure_contested(rides: int = RIDES_OF_A_TICK, more: int = MORE) -> Sequence[Detail]:
    """As many riders as a tick takes, around five places, and as many drivers all over; takes half a minute."""
    return asyncio.run(_measure(rides, more))


async def _measure(rides: int, more: int) -> Sequence[Detail]:
    chance = random.Random(3)  # noqa: S311 (where people stand is no secret)
    choose = matching("use_cases.dispatch_choice").Choose
    travel = matching("adapters.city_file").load_city(None).travel
    eta = matching("domain.eta").CrowFliesEta(travel)
    matcher = matching("adapters.scipy_assignment").ScipyMatcher()
    try:
        picture = _picture(rides, chance)
        begun = time.process_time()
        choice = await choose(eta, matcher, time.monotonic, budget_seconds=_PATIENCE_SECONDS)(picture)
        took = time.process_time() - begun
    finally:
        await matcher.close()
    least = dense_least_cost(picture, partial(all_seconds, travel))
    what = f"contested, {rides:,} riders at {_PLACES} places x {rides:,} drivers"
    return (
        Detail(f"{what}: the whole choice", 1_000 * took, "CPU ms"),
        Detail(f"{what}: cost / least cost of all pairs", cost_of(picture, choice) / least, ""),
        Detail(f"{what}: served", 100 * len(choice.chosen) / rides, "%"),
        Detail(f"{what}: the solver alone", await _solver_millis(rides, eta, chance), "CPU ms"),
        Detail(f"the solver alone with {more:,} x {more:,}", await _solver_millis(more, eta, chance), "CPU ms"),
    )


def cost_of(picture: Any, choice: Any) -> float:
    """Seconds of pickup of what was chosen, and what those count who are left."""
    assignment = matching("domain.assignment")
    unserved = [assignment.unserved_seconds(each, each.pickup_eta_cap_seconds) for each in picture.seekers]
    return float(assignment.total_seconds(choice.chosen, range(len(choice.chosen)), unserved))


async def _solver_millis(people: int, eta: Any, chance: random.Random) -> float:
    """One pass over the sixteen nearest of each, the choosing of pairs alone."""
    scipy, assignment = matching("adapters.scipy_assignment"), matching("domain.assignment")
    picture = _picture(people, chance)
    limits = matching("domain.candidates").Limits(16, eta.reach_meters(1_200.0))
    pairs = scipy.nearest_pairs(picture.seekers, picture.drivers, limits)
    legs = [(picture.drivers[pair.driver], picture.seekers[pair.seeker].pickup) for pair in pairs]
    costs = [
        assignment.PairCost(pair.seeker, pair.driver, seconds)
        for pair, seconds in zip(pairs, await eta.seconds(legs), strict=True)
    ]
    unserved = [assignment.unserved_seconds(each, each.pickup_eta_cap_seconds) for each in picture.seekers]
    begun = time.process_time()
    scipy.assign(costs, unserved)
    return 1_000 * (time.process_time() - begun)


def _picture(people: int, chance: random.Random) -> Any:
    """Riders who crowd around five places, and as many drivers all over."""
    city = matching("domain.city")
    seeker, position = matching("domain.candidates").Seeker, matching("domain.locations").DriverPosition
    positions = matching("domain.positions").Positions
    economy = city.VehicleClass.ECONOMY
    places = draw_points(_PLACES, chance)
    seekers = [
        seeker(
            _id(chance), _near(chance.choice(places), chance), frozenset({economy}), frozenset(), chance.uniform(0, 3)
        )
        for _ in range(people)
    ]
    drivers = [
        position(_id(chance), point.latitude, point.longitude, 0.0, 1, economy, 0)
        for point in draw_points(people, chance)
    ]
    return matching("use_cases.dispatch_picture").Picture(people, seekers, positions(drivers), people)


def _near(place: GeoPoint, chance: random.Random) -> GeoPoint:
    away, toward = _CROWD_DEGREES * math.sqrt(chance.random()), chance.uniform(0, 2 * math.pi)
    return GeoPoint(place.latitude + away * math.sin(toward), place.longitude + away * math.cos(toward))


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128))
