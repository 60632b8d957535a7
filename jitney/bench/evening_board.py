"""Rides and cars of a replay in memory, as a tick of dispatch asks for them and moves them.

Drivers accept at once, and nobody else is there to take a ride or a driver first. Where cars are is known to the meter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jitney.bench.evening_cars import Car
from jitney.bench.evening_demand import Evening
from jitney.bench.evening_service import ReplayClock
from jitney.bench.parts import matching


@dataclass(slots=True)
class _Ride:
    requested_at: datetime
    promised_at: float = 0.0
    """When the driver who was assigned first would have come."""
    swap_count: int = 0
    car: Car | None = None


class EveningBoard:
    """All that a tick reads and writes. `set_out` is called with each car that starts to a ride, by its number."""

    def __init__(
        self,
        evening: Evening,
        cars: Sequence[Car],
        clock: ReplayClock,
        set_out: Callable[[Car, int], None],
    ) -> None:
        self._trips = evening.trips
        self._cars = cars
        self._car_by_driver = {car.driver_id: car for car in cars}
        self._clock = clock
        self._set_out = set_out
        self._ports = matching("use_cases.dispatch_ports")
        self._position = matching("domain.locations").DriverPosition
        self._record = matching("domain.driver_record").DriverRecord
        self._positions = matching("domain.positions").Positions
        self._nobody: frozenset[UUID] = frozenset()
        self.waiting: dict[int, _Ride] = {}
        """By the trip's number, in order of arrival."""
        self.en_route: dict[int, _Ride] = {}

    # What happens between ticks

    def ask(self, number: int) -> None:
        """A rider asks."""
        self.waiting[number] = _Ride(self._clock.now())

    def give_up(self, number: int) -> None:
        """Whoever has no driver by now is gone."""
        self.waiting.pop(number, None)

    def pick_up(self, number: int) -> int:
        """The driver is there. Return how often it changed."""
        return self.en_route.pop(number).swap_count

    # What a tick reads

    async def list_waiting(self, _shards: Collection[str], limit: int, _cities: Collection[str] = ()) -> list[Any]:
        """The longest waiting first."""
        return [
            self._ports.WaitingRide(
                UUID(int=number),
                self._trips[number].pickup,
                self._trips[number].dropoff,
                "economy",
                ride.requested_at,
                self._nobody,
                returned=False,
            )
            for number, ride in list(self.waiting.items())[:limit]
        ]

    async def list_en_route(
        self, _shards: Collection[str], max_swaps: int, limit: int, _cities: Collection[str] = ()
    ) -> list[Any]:
        """Those that were promised the latest pickup first."""
        may_change = [
            (number, ride, ride.car)
            for number, ride in self.en_route.items()
            if ride.car is not None and ride.swap_count < max_swaps
        ]
        may_change.sort(key=lambda one: one[1].promised_at, reverse=True)
        return [
            self._ports.EnRouteRide(
                UUID(int=number),
                car.driver_id,
                self._trips[number].pickup,
                self._trips[number].dropoff,
                "economy",
                ride.requested_at,
                ride.swap_count,
                self._nobody,
            )
            for number, ride, car in may_change[:limit]
        ]

    async def snapshot_near(self, _shards: Collection[str], _reach_meters: float) -> Any:
        """Everybody without a rider in the vehicle."""
        now, measured_at = self._clock.seconds, self._clock.now().timestamp()
        economy = matching("domain.city").VehicleClass.ECONOMY
        places = [(car.driver_id, car.where(now)) for car in self._cars if not car.occupied]
        return self._positions(
            [self._position(key, at.latitude, at.longitude, measured_at, 1, economy, 0) for key, at in places]
        )

    async def busy(self) -> frozenset[UUID]:
        """Who drives to a rider, or with one."""
        return frozenset(car.driver_id for car in self._cars if not car.is_free)

    async def closed_shifts(self, _ended_since: datetime) -> frozenset[tuple[UUID, int]]:
        """None: all of them are out, all the time."""
        return frozenset()

    async def records(self, _now: datetime) -> Mapping[UUID, Any]:
        """What they have earned since the begin."""
        out_seconds = self._clock.seconds
        return {
            car.driver_id: self._record(car.earned_minor, "USD" if car.earned_minor else None, out_seconds, 0, 0)
            for car in self._cars
        }

    def extra_idle_seconds(self, _city: Any, _now: datetime) -> None:
        """Nobody knows: the evenings before are not kept."""

    async def headings(self) -> Mapping[UUID, Any]:
        """Nobody goes home."""
        return {}

    async def capabilities(self) -> Mapping[UUID, Any]:
        """Nobody delivers."""
        return {}

    async def no_cash_driver_ids(self, _currency_code: str) -> frozenset[UUID]:
        """Everybody may take cash."""
        return self._nobody

    async def with_room(self, _driver_ids: Collection[UUID], _limit: int) -> Sequence[Any]:
        """Nobody shares."""
        return ()

    # What a tick does

    async def reserve(self, claims: Sequence[Any], _seconds: float) -> frozenset[UUID]:
        """Nobody else wants them."""
        return frozenset(claim.position.driver_id for claim in claims)

    async def release(self, _claims: Sequence[Any]) -> None:
        """Nothing was kept."""

    async def make_offers(self, proposals: Sequence[Any]) -> list[Any]:
        """Each is accepted at once; a driver or a ride that is taken by now is told as the service tells it."""
        return [self._offer(proposal) for proposal in proposals]

    async def reroute(self, ring: Sequence[Any]) -> bool:
        """Each car of a ring sets out to its new rider."""
        for step in ring:
            ride = self.en_route[step.ride_id.int]
            ride.car, ride.swap_count = self._car_by_driver[step.driver_id], ride.swap_count + 1
        for step in ring:
            self._set_out(self._car_by_driver[step.driver_id], step.ride_id.int)
        return True

    def _offer(self, proposal: Any) -> Any:
        outcomes, number = self._ports.OfferOutcome, proposal.ride_id.int
        car = self._car_by_driver[proposal.driver_id]
        if not car.is_free:
            return outcomes.DRIVER_TAKEN
        if proposal.instead_of is None:
            ride = self.waiting.pop(number, None)
            if ride is None:
                return outcomes.RIDE_GONE
            ride.promised_at = self._clock.seconds + proposal.pickup_eta_seconds
            self.en_route[number] = ride
        else:
            ride = self.en_route.get(number)
            if ride is None or ride.car is None or ride.car.driver_id != proposal.instead_of:
                return outcomes.RIDE_GONE
            ride.car.stop(self._clock.seconds)
            ride.swap_count += 1
        ride.car = car
        self._set_out(car, number)
        return outcomes.OFFERED
