"""One evening with greedy dispatch, the peer: each rider gets the nearest free car at once, and nobody asks anybody.

It needs no service: nothing is decided but who is nearest, and no time passes between asking and driving. Fares are
those of the same city, so that earnings compare.
"""

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count
from uuid import UUID, uuid4

from jitney.bench.evening_cars import Car, drive_seconds
from jitney.bench.evening_demand import Evening
from jitney.bench.evening_outcome import WARM_UP_SECONDS, Outcome
from jitney.simulator.trips import Trip

PATIENCE_SECONDS = 300.0
"""A rider who has no car by then is gone; one who has one waits."""


class GreedyReplay:
    """See the module. `earnings_minor` tells what a trip brings its driver. `run` is called once."""

    def __init__(self, evening: Evening, earnings_minor: Callable[[Trip], int]) -> None:
        self._evening = evening
        self._earnings_minor = earnings_minor
        self._cars = [Car(uuid4(), point) for point in evening.cars]
        self._free: dict[UUID, Car] = {car.driver_id: car for car in self._cars}
        self._waiting: list[int] = []
        """Places of the trips that look for a car, in order of arrival."""
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._outcome = Outcome(evening.name, len(self._cars))

    def run(self) -> Outcome:
        """Replay the evening to the end of its last trip."""
        for number, trip in enumerate(self._evening.trips):
            self._at(trip.at_seconds, partial(self._ask, number))
        while self._due:
            self._now, _, what = heapq.heappop(self._due)
            what()
        outcome = self._outcome
        outcome.asked = sum(trip.at_seconds >= WARM_UP_SECONDS for trip in self._evening.trips)
        outcome.earned_minor = [car.earned_minor for car in self._cars]
        outcome.empty_seconds = sum(car.empty_seconds for car in self._cars)
        return outcome

    def _at(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (seconds, next(self._order), what))

    def _ask(self, number: int) -> None:
        pickup = self._evening.trips[number].pickup
        if self._free:
            self._send(min(self._free.values(), key=lambda car: drive_seconds(car.point, pickup)), number)
            return
        self._waiting.append(number)
        self._at(self._now + PATIENCE_SECONDS, partial(self._give_up, number))

    def _give_up(self, number: int) -> None:
        if number in self._waiting:
            self._waiting.remove(number)

    def _send(self, car: Car, number: int) -> None:
        self._free.pop(car.driver_id, None)
        car.drive_to(number, self._evening.trips[number].pickup, self._now)
        self._at(car.arrives_at, partial(self._pick_up, car, number))

    def _pick_up(self, car: Car, number: int) -> None:
        trip = self._evening.trips[number]
        car.stop(self._now)
        if trip.at_seconds >= WARM_UP_SECONDS:
            self._outcome.waits.append(self._now - trip.at_seconds)
            self._outcome.swaps.append(0)
        self._at(self._now + trip.trip_seconds, partial(self._drop_off, car, number))

    def _drop_off(self, car: Car, number: int) -> None:
        trips = self._evening.trips
        car.point = trips[number].dropoff
        car.earned_minor += self._earnings_minor(trips[number])
        if not self._waiting:
            self._free[car.driver_id] = car
            return
        nearest = min(self._waiting, key=lambda waiting: drive_seconds(car.point, trips[waiting].pickup))
        self._waiting.remove(nearest)
        self._send(car, nearest)
