"""An evening through the service's tick, with rides and cars in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from jitney.bench.evening_board import EveningBoard
from jitney.bench.evening_cars import Car
from jitney.bench.evening_in_memory import InMemoryReplay
from jitney.bench.evening_outcome import Outcome
from jitney.bench.evening_service import POLICIES, Policy, ReplayClock, replayed_city
from jitney.simulator.trips import Trip
from matching_service.adapters import city_file
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal, Reroute
from tests.fakes.evening import CARS, RIDES, small_evening


def seconds_of(trip: Trip) -> int:
    return int(trip.trip_seconds)


async def replayed(policy: Policy) -> Outcome:
    outcome = await InMemoryReplay(small_evening(), policy, seconds_of).run()
    outcome.tick_seconds.clear()
    return outcome


@pytest.mark.parametrize("name", ["batch", "own"])
async def test_every_rider_is_picked_up_or_gives_up_and_the_same_evening_comes_out_again(name: str) -> None:
    outcome = await replayed(POLICIES[name])
    assert outcome.asked == RIDES
    assert CARS < len(outcome.waits) <= RIDES
    assert sum(outcome.earned_minor) == 300 * len(outcome.waits)
    assert all(wait >= 1 for wait in outcome.waits)
    assert max(outcome.swaps) <= (0 if name == "batch" else 2)
    assert await replayed(POLICIES[name]) == outcome


async def test_a_citys_own_policy_is_the_one_that_is_tried(tmp_path: Path) -> None:
    packaged = Path(city_file.__file__).parent.parent / "cities" / "default.toml"
    tried = tmp_path / "city.toml"
    text = packaged.read_text()
    assert "max_per_ride = 2 " in text
    tried.write_text(text.replace("max_per_ride = 2 ", "max_per_ride = 0 "))
    policy = replace(POLICIES["own"], city_file=tried)
    assert replayed_city(policy).dispatch.swaps.max_per_ride == 0
    assert set((await replayed(policy)).swaps) == {0}


class Stand:
    """A board with two cars and the rides of a small evening."""

    def __init__(self) -> None:
        evening = small_evening()
        self.clock = ReplayClock(evening.begin)
        self.cars = [Car(UUID(int=100 + number), evening.cars[number]) for number in range(2)]
        self.board = EveningBoard(evening, self.cars, self.clock, self._set_out)
        self.trips = evening.trips

    def _set_out(self, car: Car, number: int) -> None:
        car.drive_to(number, self.trips[number].pickup, self.clock.seconds)

    async def offer(self, number: int, car: int, instead_of: int | None = None) -> OfferOutcome:
        former = None if instead_of is None else self.cars[instead_of].driver_id
        proposal = Proposal(UUID(int=number), self.cars[car].driver_id, 60, 60.0, instead_of=former)
        [outcome] = await self.board.make_offers([proposal])
        assert isinstance(outcome, OfferOutcome)
        return outcome


async def test_a_car_or_a_ride_that_is_taken_is_not_given_away_again() -> None:
    stand = Stand()
    for number in (0, 1):
        stand.board.ask(number)
    assert await stand.offer(0, car=0) is OfferOutcome.OFFERED
    assert await stand.offer(1, car=0) is OfferOutcome.DRIVER_TAKEN
    assert await stand.offer(0, car=1) is OfferOutcome.RIDE_GONE
    assert await stand.offer(0, car=1, instead_of=1) is OfferOutcome.RIDE_GONE
    assert [ride.ride_id.int for ride in await stand.board.list_waiting([], 10)] == [1]


async def test_a_driver_who_comes_instead_sets_the_other_free_and_a_ring_only_changes_riders() -> None:
    stand = Stand()
    for number in (0, 1):
        stand.board.ask(number)
    await stand.offer(0, car=0)
    assert await stand.offer(0, car=1, instead_of=0) is OfferOutcome.OFFERED
    assert stand.cars[0].is_free
    await stand.offer(1, car=0)
    first, second = (car.driver_id for car in stand.cars)
    ring = [Reroute(UUID(int=0), second, first, 50), Reroute(UUID(int=1), first, second, 50)]
    assert await stand.board.reroute(ring)
    assert [car.ride for car in stand.cars] == [0, 1]
    assert {ride.ride_id.int: ride.swap_count for ride in await stand.board.list_en_route([], 9, 10)} == {0: 2, 1: 1}
    # Whoever has changed as often as the city allows is left alone.
    assert [ride.ride_id.int for ride in await stand.board.list_en_route([], 2, 10)] == [1]
    assert stand.board.pick_up(0) == 2
