"""The figures of replayed evenings, and the cars that drive in them."""

import gzip
from collections import Counter
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from jitney.bench.evening_cars import Car, drive_seconds
from jitney.bench.evening_demand import DAYS, read_evening, read_pooled_evening
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


def test_passes_without_time_for_the_solver_are_told_of_all_evenings_together() -> None:
    ours = Figures()
    for passes in (2, 3):
        ours.add(Outcome("x", 10, 2, [5.0, 6.0], [0, 0], [10, 20], greedy_passes=passes))
    [told] = [each for each in result_of({"own": ours}, {}, city_scale=True).details if "for want of time" in each.what]
    assert told.value == 5


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


def test_a_pooled_evening_is_as_dense_as_asked_for_and_holds_every_trip_that_there_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JITNEY_DATA", str(tmp_path))
    (tmp_path / "sf_taxi").mkdir()
    with gzip.open(tmp_path / "sf_taxi" / "trips.csv.gz", "wt", encoding="utf-8") as file:
        file.write("cab,pickup_ts,dropoff_ts,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,path_m,max_gap_s,dur_s\n")
        for day in DAYS[:2]:
            begin = datetime.fromisoformat(f"{day}T18:00:00-07:00").timestamp()
            for number in range(10):
                at = int(begin) + 100 * number
                place = f"37.7{number},-122.4{number}"
                file.write(f"cab,{at},{at + 300},{place},37.75,-122.45,1500,60,300\n")
    alone = read_evening(DAYS[0], minutes=30), read_evening(DAYS[1], minutes=30)
    evening = read_pooled_evening(DAYS[:2], 40, 0.1, minutes=30)
    assert len(evening.trips) == 180
    assert len(evening.cars) == 40
    times = [trip.at_seconds for trip in evening.trips]
    assert times == sorted(times)
    assert min(times) >= 0
    assert max(times) < 1_800
    assert Counter(trip for one in alone for trip in one.trips) <= Counter(evening.trips)
    assert {trip.pickup for trip in evening.trips} == {trip.pickup for one in alone for trip in one.trips}
    assert read_pooled_evening(DAYS[:2], 40, 0.1, minutes=30) == evening
