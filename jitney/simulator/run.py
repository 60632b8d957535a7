"""A simulation from the first sign-in to the report."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import ceil
from typing import Protocol

import httpx

from jitney.simulator.api import Api, ApiError, Unreachable
from jitney.simulator.behavior import Behavior
from jitney.simulator.clock import SimulationClock
from jitney.simulator.closing import earned_an_hour, unsettled_payments
from jitney.simulator.driver import Driver
from jitney.simulator.locations import open_app_channel
from jitney.simulator.report import Report, write_report
from jitney.simulator.rider import Rider
from jitney.simulator.spread import open_client
from jitney.simulator.trips import Trip
from jitney.simulator.world import World
from shared_kernel.geo import GeoPoint

_SIGN_INS_AT_ONCE = 8
_MOST_RIDERS_AT_HAND = 250
_MOST_RIDES_AT_ONCE = 2_000
_WIND_DOWN_SIMULATED_SECONDS = 3_600.0
_AREA_CODES = ("415", "628", "510", "650", "925", "707", "408", "669")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the public interfaces are: URLs of several replicas are separated by commas, a target names them itself."""

    rest_url: str
    stream_url: str
    matching_target: str
    sandbox_url: str
    notification_target: str = ""
    """Without it, nobody follows a live stream by gRPC."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be simulated. `trips` may be without end; `minutes` bounds the window, None does not."""

    trips: Iterable[Trip]
    starting_places: Sequence[GeoPoint]
    drivers: int
    speed: float
    minutes: float | None
    seed: int


class Progress(Protocol):
    """Shows how far the simulation is."""

    def signing_in(self, who: str, done: int, total: int) -> None: ...

    def running(self, simulated_seconds: float, world: World, live_rides: int) -> None: ...

    def tell(self, line: str) -> None: ...


async def simulate(
    plan: Plan, addresses: Addresses, operator_token: Callable[[], str], progress: Progress, behavior: Behavior
) -> Report:
    """Run a plan and report. Raises ApiError or Unreachable when the interfaces cannot be used at all."""
    chance = random.Random(plan.seed)  # noqa: S311 (a simulation wants to be repeatable)
    async with _world(plan, addresses, chance, progress, behavior) as world:
        drivers = await _sign_in_drivers(world, plan, progress)
        riders = await _sign_in_riders(world, plan, progress)
        driving = [asyncio.create_task(_keep_driving(world, driver)) for driver in drivers]
        since, begun = datetime.now(UTC), time.monotonic()
        world.clock.restart()
        try:
            await _let_people_ride(world, plan, progress, riders)
            unsettled = await unsettled_payments(world, operator_token, since)
            return await write_report(
                api=world.api,
                operator_token=operator_token(),
                tally=world.tally,
                since=since,
                seed=plan.seed,
                speed=plan.speed,
                simulated_minutes=world.clock.seconds() / 60,
                wall_seconds=time.monotonic() - begun,
                logbooks=[driver.logbook for driver in drivers],
                earned_an_hour_minor=await earned_an_hour(drivers, world.tally.fares_minor, since),
                unsettled_payment_count=unsettled,
            )
        finally:
            for task in driving:
                task.cancel()
            await asyncio.gather(*driving, return_exceptions=True)
            await asyncio.gather(*(driver.leave() for driver in drivers), return_exceptions=True)


@asynccontextmanager
async def _world(
    plan: Plan, addresses: Addresses, chance: random.Random, progress: Progress, behavior: Behavior
) -> AsyncGenerator[World]:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    unlimited = httpx.Limits(max_connections=None)
    # A stream is silent between heartbeats (15 s); longer silence means that it is dead.
    patience = httpx.Timeout(10.0, read=40.0)
    async with (
        open_client(addresses.rest_url, limits, 15.0) as rest,
        httpx.AsyncClient(base_url=addresses.sandbox_url, limits=limits, timeout=15.0) as sandbox,
        open_client(addresses.stream_url, unlimited, patience) as streams,
        open_app_channel(addresses.matching_target) as matching,
        open_app_channel(addresses.notification_target or addresses.matching_target) as notification,
    ):
        yield World(
            api=Api(rest, random.Random(chance.random())),  # noqa: S311 (jitter is no secret)
            sandbox=Api(sandbox, random.Random(chance.random())),  # noqa: S311 (jitter is no secret)
            streams=streams,
            matching=matching,
            clock=SimulationClock(plan.speed),
            chance=chance,
            behavior=behavior,
            tell=progress.tell,
            notification=notification if addresses.notification_target else None,
        )


async def _sign_in_drivers(world: World, plan: Plan, progress: Progress) -> list[Driver]:
    gate = asyncio.Semaphore(_SIGN_INS_AT_ONCE)
    places = [world.chance.choice(plan.starting_places) for _ in range(plan.drivers)]
    done = count(1)

    async def join(number: int) -> Driver:
        async with gate:
            driver = await Driver.join(world, number, phone_number(plan.seed, number), places[number])
            progress.signing_in("drivers", next(done), plan.drivers)
            return driver

    return list(await asyncio.gather(*(join(number) for number in range(plan.drivers))))


async def _sign_in_riders(world: World, plan: Plan, progress: Progress) -> list[Rider]:
    """Sign up as many riders beforehand as will be asking or riding at a time, so that nobody queues to join."""
    if not isinstance(plan.trips, Sequence) or plan.minutes is None:
        return []
    stay_seconds = world.behavior.patience_seconds + sum(trip.trip_seconds for trip in plan.trips) / len(plan.trips)
    at_a_time = len(plan.trips) * stay_seconds / (plan.minutes * 60)
    total = min(len(plan.trips), ceil(at_a_time), _MOST_RIDERS_AT_HAND)
    gate = asyncio.Semaphore(_SIGN_INS_AT_ONCE)
    done = count(1)

    async def join(number: int) -> Rider:
        async with gate:
            rider = await Rider.join(world, phone_number(plan.seed, plan.drivers + number))
            progress.signing_in("riders", next(done), total)
            return rider

    return list(await asyncio.gather(*(join(number) for number in range(total))))


async def _keep_driving(world: World, driver: Driver) -> None:
    """Drive on whatever happens: a driver whose app lost the service opens it again."""
    while True:
        try:
            await driver.run()
        except (ApiError, Unreachable) as error:
            world.tally.troubles[f"driver: {_short(error)}"] += 1
            await asyncio.sleep(1.0)


async def _let_people_ride(world: World, plan: Plan, progress: Progress, free_riders: list[Rider]) -> None:
    """Send riders out by the plan's times; returns when all their rides are over, or the time for that is."""
    numbers = count(plan.drivers + len(free_riders))
    rides: set[asyncio.Task[None]] = set()
    places = asyncio.Semaphore(_MOST_RIDES_AT_ONCE)

    async def take(trip: Trip) -> None:
        try:
            rider = (
                free_riders.pop() if free_riders else await Rider.join(world, phone_number(plan.seed, next(numbers)))
            )
            if await rider.ride(trip):
                free_riders.append(rider)
        except (ApiError, Unreachable) as error:
            world.tally.troubles[f"rider: {_short(error)}"] += 1
        finally:
            places.release()

    async def show() -> None:
        while True:
            progress.running(world.clock.seconds(), world, len(rides))
            await asyncio.sleep(0.25)

    showing = asyncio.create_task(show())
    try:
        for trip in plan.trips:
            if plan.minutes is not None and trip.at_seconds >= plan.minutes * 60:
                break
            await world.clock.sleep_until(trip.at_seconds)
            await places.acquire()
            task = asyncio.create_task(take(trip))
            rides.add(task)
            task.add_done_callback(rides.discard)
        if rides:
            await asyncio.wait(set(rides), timeout=wind_down_seconds(world.behavior, world.clock.speed))
        world.tally.ends.update(Counter({"still under way": len(rides)} if rides else {}))
    finally:
        showing.cancel()
        for task in set(rides):
            task.cancel()
        await asyncio.gather(showing, *rides, return_exceptions=True)


def wind_down_seconds(behavior: Behavior, speed: float) -> float:
    """Return for how long, by the clock on the wall, rides may go on after the last was asked for, ahead or not."""
    ahead_seconds = behavior.schedule_ahead_seconds if behavior.scheduled_share else 0.0
    return ahead_seconds + _WIND_DOWN_SIMULATED_SECONDS / speed


def phone_number(seed: int, number: int) -> str:
    """Return the phone number of a simulated person; the same person in each run of a seed. At most 80,000 a seed."""
    area = _AREA_CODES[(seed + number // 10_000) % len(_AREA_CODES)]
    return f"+1{area}555{number % 10_000:04d}"


def _short(error: Exception) -> str:
    return error.code if isinstance(error, ApiError) else str(error)[:80]
