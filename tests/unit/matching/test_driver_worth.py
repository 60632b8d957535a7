"""What beside the way to the pickup counts for or against a driver."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.domain.assignment import DriverTerms, PairCost, pair_costs
from matching_service.domain.candidates import Bound, Seeker
from matching_service.domain.city import VehicleClass
from matching_service.domain.destination_values import (
    MIN_DROPS,
    MOST_SECONDS,
    NO_VALUES,
    QUARTERS,
    Drop,
    Place,
    learn_values,
    quarter_of,
)
from matching_service.domain.dispatch_policy import CostWeights
from matching_service.domain.driver_record import DriverRecord, earnings_deficit, mean_rates, miss_chance
from matching_service.domain.locations import DriverPosition
from matching_service.use_cases.driver_worth import RECORDS_SECONDS, KnowWorth
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import FakeShifts, HandClock

DRIVER = UUID(int=1)
WEIGHTS = CostWeights(fairness_share=0.3, fairness_seconds=60.0, decline_seconds=15.0, destination=0.5)
CITY = load_city(None)
HOUR = 3_600.0


def record(earned_minor: int, hours: float = 1.0, *, accepted: int = 0, missed: int = 0) -> DriverRecord:
    return DriverRecord(earned_minor, "USD" if earned_minor else None, hours * HOUR, accepted, missed)


def seeker(**facts: object) -> Seeker:
    plain = Seeker(UUID(int=9), GeoPoint(37.7, -122.4), frozenset({VehicleClass.ECONOMY}), frozenset(), 0.0)
    return plain._replace(weights=WEIGHTS, **facts)  # type: ignore[arg-type]


def weighed(ride: Seeker, eta_seconds: int, terms: DriverTerms) -> PairCost:
    [cost] = pair_costs(0, ride, [(0, DRIVER, eta_seconds, terms)])
    return cost


def test_who_has_earned_less_than_the_others_counts_as_nearer_and_who_has_more_as_further() -> None:
    poor, rich = record(0), record(4_000)
    rate = mean_rates([poor, rich])["USD"]
    costs = [weighed(seeker(), 300, DriverTerms(earnings_deficit(each, rate))) for each in (poor, rich)]
    assert [cost.terms.fairness for cost in costs] == [-60.0, 60.0]
    assert [cost.seconds for cost in costs] == [240.0, 360.0]
    assert [cost.terms.pickup_eta for cost in costs] == [300.0, 300.0]


def test_of_a_driver_close_by_fairness_weighs_no_more_than_a_share_of_the_way() -> None:
    assert weighed(seeker(), 100, DriverTerms(1.0)).terms.fairness == pytest.approx(-30.0)
    assert weighed(seeker(), 600, DriverTerms(1.0)).terms.fairness == -60.0


def test_a_newcomers_first_ride_makes_nobody_rich() -> None:
    newcomer, steady = record(1_000, hours=0.05), record(2_000, hours=1.0)
    assert earnings_deficit(newcomer, steady.rate) == pytest.approx(-1.0)
    assert earnings_deficit(record(500, hours=0.05), steady.rate) == pytest.approx(0.0)


def test_nobody_is_behind_where_nobody_has_earned() -> None:
    assert mean_rates([record(0), record(0)]) == {}
    assert earnings_deficit(record(0), 0.0) == 0.0


@given(st.lists(st.builds(record, st.integers(0, 10**9), st.floats(0, 24)), min_size=1, max_size=30))
def test_a_deficit_lies_between_all_and_twice_the_mean(records: list[DriverRecord]) -> None:
    for rate in mean_rates(records).values():
        assert all(-1.0 <= earnings_deficit(each, rate) <= 1.0 for each in records)


def test_a_driver_is_known_by_the_answers_of_the_shift_and_taken_for_usual_before_any() -> None:
    assert miss_chance(record(0)) == pytest.approx(0.1)
    assert miss_chance(record(0, missed=9, accepted=1)) == pytest.approx(0.5)
    assert miss_chance(record(0, accepted=40)) == pytest.approx(0.02)
    risky = weighed(seeker(), 100, DriverTerms(miss_chance=0.5))
    assert (risky.seconds, risky.terms.decline_risk) == (107.5, 7.5)


def test_a_ride_from_a_quiet_place_to_a_busy_one_is_cheap_and_the_way_back_is_dear() -> None:
    quiet, busy = 120.0, -40.0
    there = weighed(seeker(dropoff_extra_idle_seconds=busy), 200, DriverTerms(extra_idle_seconds=quiet))
    back = weighed(seeker(dropoff_extra_idle_seconds=quiet), 200, DriverTerms(extra_idle_seconds=busy))
    assert (there.terms.destination, back.terms.destination) == (-80.0, 80.0)


def test_for_a_ride_that_has_a_driver_time_alone_counts() -> None:
    bound = seeker(bound=Bound(UUID(int=2), 900.0))
    assert weighed(bound, 300, DriverTerms(1.0, 1.0, 300.0)).terms == (300.0, 0, 0, 0, 0, 0)


def test_places_are_learned_from_the_waits_of_drivers_who_got_free_there() -> None:
    drops = [Drop(Place("suburb", 3), 900.0)] * MIN_DROPS + [Drop(Place("center", 3), 100.0)] * MIN_DROPS
    values = learn_values(drops)
    assert values.seconds(Place("suburb", 3)) == MOST_SECONDS
    assert values.seconds(Place("center", 3)) < -250
    assert values.seconds(Place("nobody knows", 3)) == 0.0
    # Of hours in which nobody got free there, the place's other hours speak.
    assert 0 < values.seconds(Place("suburb", 0)) <= values.seconds(Place("suburb", 3))


def test_a_few_odd_waits_say_little_and_too_few_say_nothing() -> None:
    usual = [Drop(Place(f"cell {number % 10}", 2), 200.0) for number in range(MIN_DROPS)]
    assert abs(learn_values([*usual, Drop(Place("odd", 2), 1_500.0)]).seconds(Place("odd", 2))) < 150
    assert learn_values(usual[1:]) is NO_VALUES
    # Who found nobody for hours was at home.
    assert not learn_values([*usual[1:], Drop(Place("home", 2), 9_000.0)])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.floats(0, 3_600)), min_size=MIN_DROPS))
def test_what_is_learned_keeps_its_bounds(drops: list[tuple[str, int, float]]) -> None:
    values = learn_values(Drop(Place(cell, quarter), seconds) for cell, quarter, seconds in drops)
    assert len(values.extra_idle_seconds) == QUARTERS * len({cell for cell, _, _ in drops})
    assert all(abs(seconds) <= MOST_SECONDS for seconds in values.extra_idle_seconds.values())


def test_the_day_has_four_quarters() -> None:
    assert [quarter_of(hour) for hour in (0, 5, 6, 12, 18, 23)] == [0, 0, 1, 2, 3, 3]


async def test_records_are_read_once_in_a_while_and_places_looked_up_for_who_is_weighed() -> None:
    clock, shifts = HandClock(datetime(2024, 5, 17, 12, tzinfo=UTC)), FakeShifts()
    shifts.figures = {DRIVER: record(1_000), UUID(int=2): record(3_000)}
    shifts.extra_idle = lambda point: 30.0 if point.latitude > 37.75 else -30.0
    know = KnowWorth(shifts, shifts, clock.monotonic)
    north = DriverPosition(DRIVER, 37.8, -122.4, clock.monotonic(), 1, VehicleClass.ECONOMY, 0)
    worth = await know(CITY, clock.now())
    assert worth.terms(north) == pytest.approx(DriverTerms(0.5, 0.1, 30.0))
    shifts.figures = {DRIVER: record(3_000), UUID(int=2): record(3_000)}
    assert (await know(CITY, clock.now())).terms(north).earnings_deficit == 0.5
    clock.advance(RECORDS_SECONDS)
    assert (await know(CITY, clock.now())).terms(north).earnings_deficit == 0.0
