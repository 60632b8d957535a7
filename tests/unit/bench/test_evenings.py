"""The figures of replayed evenings, and the cars that drive in them."""

from uuid import UUID

import pytest

from jitney.bench.evening_cars import Car, drive_seconds
from jitney.bench.evening_outcome import Outcome
from jitney.bench.evenings import Figures, result_of
from shared_kernel.geo import GeoPoint

HERE, THERE = GeoPoint(37.77, -122.42), GeoPoint(37.79, -122.42)


def figures(waits: list[float], asked: int, swaps: list[int], earned: list[int], doubles: int = 0) -> Figures:
    made = Figures()
    made.add(Outcome("x", 10, asked, waits, swaps, earned, 0.0, doubles, [0.01]))
    return made


def test_a_policy_that_keeps_all_promises_meets_the_target_and_one_swap_too_many_does_not() -> None:
    greedy = figures([100.0] * 90, 100, [0] * 90, [10, 20])
    good = figures([55.0] * 98, 100, [1] * 98, [15, 16])
    assert result_of({"greedy": greedy, "own": good}, {10: 5.0}, city_scale=False).met
    swapped = figures([55.0] * 98, 100, [1] * 97 + [3], [15, 16])
    assert not result_of({"greedy": greedy, "own": swapped}, {10: 5.0}, city_scale=False).met
    doubled = figures([55.0] * 98, 100, [1] * 98, [15, 16], doubles=1)
    assert not result_of({"greedy": greedy, "own": doubled}, {10: 5.0}, city_scale=False).met
    left = figures([55.0] * 96, 100, [1] * 96, [15, 16])
    assert not result_of({"greedy": greedy, "own": left}, {10: 5.0}, city_scale=False).met


def test_a_car_on_the_way_is_where_its_time_has_brought_it_and_stays_there_when_stopped() -> None:
    car = Car(UUID(int=1), HERE)
    car.drive_to(3, THERE, 100.0)
    seconds = drive_seconds(HERE, THERE)
    assert seconds == pytest.approx(520.4, abs=0.5)  # 2,224 m x 1.3 at 20 km/h
    assert car.where(100.0) == HERE
    assert car.where(100.0 + seconds) == THERE
    car.stop(100.0 + seconds / 2)
    assert (car.is_free, car.point.latitude) == (True, pytest.approx(37.78))
    assert car.empty_seconds == pytest.approx(seconds / 2)
