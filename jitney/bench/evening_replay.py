"""One evening through the service: riders ask, drivers accept whatever they are offered, at once, and drive.

A rider who got no driver within the search window (300 s, the service's own timer) is gone; one who has one waits. All
that happens between two ticks happens at its own moment; drivers tell where they are as their apps do.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from chassis.runtime import collector_paused
from jitney.bench.evening_cars import Car
from jitney.bench.evening_demand import Evening
from jitney.bench.evening_outcome import WARM_UP_SECONDS, Outcome
from jitney.bench.evening_service import MatchingService
from jitney.bench.parts import matching
from jitney.stack.problems import StackError

MOVING_TELL_SECONDS = 4.0
STANDING_TELL_SECONDS = 10.0
"""How often drivers' apps tell where they are, on the way to a rider and otherwise."""
SETTLE_SECONDS = 30.0
_TOGETHER = 6


class Replay:
    """See the module. `run` is called once."""

    def __init__(self, service: MatchingService, evening: Evening) -> None:
        self._service = service
        self._evening = evening
        self._cars = [Car(service.new_id(), point) for point in evening.cars]
        self._car_by_driver = {car.driver_id: car for car in self._cars}
        self._rides: dict[int, Any] = {}
        self._number_by_ride: dict[UUID, int] = {}
        self._waiting: list[int] = []
        """Places of the trips that look for a driver, in order of arrival."""
        self._due: list[tuple[float, int, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._order = count()
        self._places = matching("domain.quote").Place
        self._ping = matching("domain.locations").Ping
        self._outcome = Outcome(evening.name, len(self._cars))

    async def run(self) -> Outcome:
        """Replay the evening to the end of its last trip; what the evenings before taught counts from its begin."""
        await self._service.learn_values()
        for car in self._cars:
            await self._service.start_shift(self._key(), car.driver_id)
        for number, trip in enumerate(self._evening.trips):
            self._at(trip.at_seconds, partial(self._ask, number))
        self._at(SETTLE_SECONDS, self._settle)
        self._at(self._service.tick_seconds, self._tick)
        while self._due:
            at, _, what = heapq.heappop(self._due)
            self._service.clock.seconds = max(self._service.clock.seconds, at)
            await what()
        for car in self._cars:
            await self._service.end_shift(self._key(), car.driver_id)
        while await self._service.saga():
            pass
        return await self._judged()

    @property
    def _now(self) -> float:
        return self._service.clock.seconds

    def _at(self, seconds: float, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        heapq.heappush(self._due, (seconds, next(self._order), what))

    def _key(self) -> str:
        return str(self._service.new_id())

    @property
    def _goes_on(self) -> bool:
        if self._waiting or self._now < self._evening.trips[-1].at_seconds:
            return True
        return any(car.ride is not None for car in self._cars)

    # The rider's side

    async def _ask(self, number: int) -> None:
        trip, rider_id = self._evening.trips[number], self._service.new_id()
        command = matching("use_cases.create_quotes").CreateQuotesCommand(
            rider_id, self._places(trip.pickup), self._places(trip.dropoff), "economy"
        )
        [quote] = await self._service.create_quotes(command)
        paid_by = matching("use_cases.request_ride").PaidBy.card(self._service.new_id())
        ride = await self._service.request_ride(self._key(), rider_id, quote.id, paid_by, "")
        self._rides[number], self._number_by_ride[ride.id] = ride, number
        self._waiting.append(number)
        self._at(self._now + ride.terms.search_window_seconds, partial(self._give_up, number))

    async def _give_up(self, number: int) -> None:
        if number in self._waiting:
            await self._service.close_searches()
            self._waiting.remove(number)

    # Dispatch, and the drivers' answers

    async def _tick(self) -> None:
        if self._waiting or any(car.target is not None for car in self._cars):
            await self._tell_places()
            begun = time.perf_counter()
            with collector_paused():  # as the service's worker does
                report = await self._service.tick(self._fences())
            self._outcome.tick_seconds.append(time.perf_counter() - begun)
            self._outcome.greedy_passes += report.greedy_passes
            rings, self._service.rerouter.changed = self._service.rerouter.changed, []
            for ring in rings:
                self._reroute(ring)
            await self._answer()
        if self._goes_on:
            self._at(self._now + self._service.tick_seconds, self._tick)

    def _fences(self) -> dict[str, int]:
        shard_of = matching("adapters.shard_cells").shard_of
        wanted = {number for number in (*self._waiting, *(car.ride for car in self._cars)) if number is not None}
        # One matcher owns the city, and nobody ever took a shard from it.
        return dict.fromkeys((shard_of(self._evening.trips[number].pickup) for number in wanted), 0)

    def _reroute(self, ring: Sequence[Any]) -> None:
        moves = [(self._car_by_driver[step.driver_id], self._number_by_ride[step.ride_id]) for step in ring]
        for car, number in moves:
            self._send(car, number)

    async def _answer(self) -> None:
        offers = await self._service.open_offers()
        rides = await _together([self._service.accept(self._key(), driver, offer) for offer, driver in offers])
        for ride in rides:
            number = self._number_by_ride[ride.id]
            for former in [car for car in self._cars if car.ride == number]:
                former.stop(self._now)
            if number in self._waiting:
                self._waiting.remove(number)
            self._send(self._car_by_driver[ride.driver.driver_id], number)

    def _send(self, car: Car, number: int) -> None:
        car.drive_to(number, self._evening.trips[number].pickup, self._now)
        self._at(car.arrives_at, partial(self._arrive, car, number, car.arrives_at))

    async def _arrive(self, car: Car, number: int, planned_at: float) -> None:
        if car.ride != number or car.arrives_at != planned_at:
            return  # sent elsewhere meanwhile
        ride = await self._service.arrive(self._key(), car.driver_id, self._rides[number].id)
        trip = self._evening.trips[number]
        car.stop(self._now)
        car.ride, car.occupied = number, True
        await self._service.start_trip(self._key(), car.driver_id, ride.id, ride.start_pin)
        if trip.at_seconds >= WARM_UP_SECONDS:
            self._outcome.waits.append(self._now - trip.at_seconds)
            self._outcome.swaps.append(ride.swap_count)
        self._at(self._now + trip.trip_seconds, partial(self._complete, car, number))

    async def _complete(self, car: Car, number: int) -> None:
        ride = await self._service.complete(self._key(), car.driver_id, self._rides[number].id)
        car.earned_minor += ride.terms.earnings(ride.fare).amount_minor
        car.point, car.ride, car.occupied = self._evening.trips[number].dropoff, None, False
        await self._tell(car)

    async def _settle(self) -> None:
        while await self._service.saga():
            pass
        if self._goes_on:
            self._at(self._now + SETTLE_SECONDS, self._settle)

    # Where drivers are

    async def _tell_places(self) -> None:
        due = [car for car in self._cars if not car.occupied and self._now - car.told_at >= _tell_every(car)]
        await asyncio.gather(*(self._tell(car) for car in due))

    async def _tell(self, car: Car) -> None:
        car.told_at, car.sequence = self._now, car.sequence + 1
        point, now = car.where(self._now), self._service.clock.now().timestamp()
        ping = self._ping(point.latitude, point.longitude, now, car.sequence)
        counts = await self._service.report(car.driver_id, [ping])
        if not counts.accepted:
            raise StackError(f"A driver's place was not believed: {counts}.")

    async def _judged(self) -> Outcome:
        outcome = self._outcome
        outcome.asked = sum(trip.at_seconds >= WARM_UP_SECONDS for trip in self._evening.trips)
        outcome.earned_minor = [car.earned_minor for car in self._cars]
        outcome.empty_seconds = sum(car.empty_seconds for car in self._cars)
        summary = await self._service.reader.summary(self._service.clock.now() - timedelta(days=1))
        outcome.double_assignments = summary.double_assignment_count
        return outcome


def _tell_every(car: Car) -> float:
    return STANDING_TELL_SECONDS if car.target is None else MOVING_TELL_SECONDS


async def _together(calls: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Some at a time, as drivers' answers come."""
    gate = asyncio.Semaphore(_TOGETHER)

    async def within_gate(call: Coroutine[Any, Any, Any]) -> Any:
        async with gate:
            return await call

    return list(await asyncio.gather(*map(within_gate, calls)))
