"""One evening through the service's own tick, with rides and cars in memory: minutes where the stores take hours.

It is there to try policies on. What it leaves out is all that stores and people add: offers that take time to be
answered, places that are seconds old, and what the evenings before taught. So its figures compare among themselves.
"""

import heapq
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from chassis.runtime import collector_paused
from jitney.bench.evening_board import EveningBoard
from jitney.bench.evening_cars import Car
from jitney.bench.evening_demand import Evening
from jitney.bench.evening_outcome import WARM_UP_SECONDS, Outcome
from jitney.bench.evening_service import Policy, ReplayClock, replayed_city
from jitney.bench.parts import matching
from jitney.simulator.trips import Trip

SOLVER_SECONDS = 60.0
"""The solver may take its time: nobody waits, and what is chosen must not depend on how quick the machine is."""


class InMemoryReplay:
    """See the module. `earnings_minor` tells what a trip brings its driver. `run` is called once."""

    def __init__(self, evening: Evening, policy: Policy, earnings_minor: Callable[[Trip], int]) -> None:
        self._evening = evening
        self._city = replayed_city(policy)
        self._tick_seconds = policy.tick_seconds or self._city.dispatch.tick_seconds
        self._earnings_minor = earnings_minor
        self._clock = ReplayClock(evening.begin)
        self._cars = [Car(UUID(int=number), point) for number, point in enumerate(evening.cars)]
        self._board = EveningBoard(evening, self._cars, self._clock, self._set_out)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._outcome = Outcome(evening.name, len(self._cars))

    async def run(self) -> Outcome:
        """Replay the evening to the end of its last trip."""
        for number, trip in enumerate(self._evening.trips):
            self._at(trip.at_seconds, partial(self._ask, number))
        matcher = matching("adapters.scipy_assignment").ScipyMatcher()
        try:
            await self._go_on(self._tick(matcher))
        finally:
            await matcher.close()
        outcome = self._outcome
        outcome.asked = sum(trip.at_seconds >= WARM_UP_SECONDS for trip in self._evening.trips)
        outcome.earned_minor = [car.earned_minor for car in self._cars]
        outcome.empty_seconds = sum(car.empty_seconds for car in self._cars)
        return outcome

    async def _go_on(self, tick: Any) -> None:
        tick_at = 0.0
        while self._due:
            tick_at += self._tick_seconds
            while self._due and self._due[0][0] < tick_at:
                self._clock.seconds, _, what = heapq.heappop(self._due)
                what()
            self._clock.seconds = tick_at
            if self._board.waiting or self._board.en_route:
                begun = time.perf_counter()
                with collector_paused():  # as the service's worker does
                    report = await tick({"": 0})
                self._outcome.tick_seconds.append(time.perf_counter() - begun)
                self._outcome.greedy_passes += report.greedy_passes

    def _tick(self, matcher: Any) -> Any:
        board, clock = self._board, self._clock
        eta = matching("domain.eta").CrowFliesEta(self._city.travel)
        draw = matching("use_cases.dispatch_picture").DrawPicture(
            cities=matching("adapters.fixed_cities").FixedCities(self._city),
            waiting=board,
            en_route=board,
            locations=board,
            busy=board,
            on_shift=board,
            standings=board,
            headings=board,
            eta=eta,
            runs=board,
            find_joins=matching("use_cases.find_joins").FindJoins(eta, clock),
            know_worth=matching("use_cases.driver_worth").KnowWorth(board, board, clock.monotonic),
            clock=clock,
        )
        choose = matching("use_cases.dispatch_choice").Choose(
            eta, matcher, time.monotonic, budget_seconds=SOLVER_SECONDS
        )
        return matching("use_cases.dispatch_tick").DispatchTick(
            draw=draw, choose=choose, reservations=board, offers=board, rerouter=board
        )

    def _at(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (seconds, next(self._order), what))

    def _ask(self, number: int) -> None:
        self._board.ask(number)
        self._at(self._clock.seconds + self._city.dispatch.search_window_seconds, partial(self._board.give_up, number))

    def _set_out(self, car: Car, number: int) -> None:
        car.drive_to(number, self._evening.trips[number].pickup, self._clock.seconds)
        self._at(car.arrives_at, partial(self._arrive, car, number, car.arrives_at))

    def _arrive(self, car: Car, number: int, planned_at: float) -> None:
        if car.ride != number or car.arrives_at != planned_at:
            return  # sent elsewhere meanwhile
        trip, now = self._evening.trips[number], self._clock.seconds
        car.stop(now)
        car.ride, car.occupied = number, True
        swap_count = self._board.pick_up(number)
        if trip.at_seconds >= WARM_UP_SECONDS:
            self._outcome.waits.append(now - trip.at_seconds)
            self._outcome.swaps.append(swap_count)
        self._at(now + trip.trip_seconds, partial(self._complete, car, number))

    def _complete(self, car: Car, number: int) -> None:
        trip = self._evening.trips[number]
        car.earned_minor += self._earnings_minor(trip)
        car.point, car.ride, car.occupied = trip.dropoff, None, False
