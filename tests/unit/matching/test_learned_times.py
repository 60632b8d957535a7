"""Learning travel times from trips."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.domain.learned_times import (
    HOURS,
    MIN_TRIPS,
    UNTAUGHT,
    DrivenTrip,
    TravelTimes,
    hour_of_week,
    learn,
)
from matching_service.domain.travel_times import AS_ESTIMATED, Timing

RUSH_HOUR = 8  # Monday from 8 to 9
NIGHT = 3


def trips(count: int, factor_by_hour: dict[int, float], start: float = 0.0, noise: float = 0.2) -> list[DrivenTrip]:
    """Trips that follow a law, with some noise, in hours drawn at random."""
    chance = random.Random(4)
    made: list[DrivenTrip] = []
    for _ in range(count):
        hour = chance.choice(list(factor_by_hour))
        estimate = chance.uniform(120, 1500)
        driven = Timing(start, factor_by_hour[hour]).seconds(estimate) * chance.lognormvariate(0, noise)
        made.append(DrivenTrip(hour, estimate, driven))
    return made


def test_an_hour_of_the_week_is_told_by_the_citys_clock() -> None:
    monday = datetime(2024, 5, 20, 7, 30, tzinfo=UTC)
    assert hour_of_week(monday, ZoneInfo("America/Los_Angeles")) == 0 * 24 + 0
    assert hour_of_week(monday - timedelta(hours=1), ZoneInfo("America/Los_Angeles")) == 6 * 24 + 23
    assert hour_of_week(monday, UTC) == 7


def test_slow_and_quick_hours_are_told_apart() -> None:
    lesson = learn(trips(3000, {RUSH_HOUR: 2.0, NIGHT: 0.8}), UNTAUGHT)
    assert lesson is not None
    assert lesson.is_better
    assert lesson.error_after < 0.2 < lesson.error_before
    long_way = 1000.0
    assert lesson.times.timing(RUSH_HOUR).seconds(long_way) == pytest.approx(2000, rel=0.1)
    assert lesson.times.timing(NIGHT).seconds(long_way) == pytest.approx(800, rel=0.1)


def test_what_setting_out_takes_is_told_apart_from_driving() -> None:
    lesson = learn(trips(4000, dict.fromkeys(range(HOURS), 1.3), start=120, noise=0.1), UNTAUGHT)
    assert lesson is not None
    assert lesson.times.start_seconds == pytest.approx(120, abs=40)
    assert lesson.times.factors[50] == pytest.approx(1.3, rel=0.1)


def test_an_hour_without_trips_is_like_the_same_hour_of_like_days() -> None:
    lesson = learn(trips(2000, {RUSH_HOUR: 2.0, 5 * 24 + 8: 1.0}), UNTAUGHT)
    assert lesson is not None
    factors = lesson.times.factors
    assert factors[24 + 8] == pytest.approx(factors[RUSH_HOUR], rel=0.1)  # Tuesday as Monday
    assert factors[5 * 24 + 8] < 1.2  # Saturday on its own


def test_few_trips_of_an_hour_say_little() -> None:
    many = trips(1000, dict.fromkeys(range(24), 1.0), noise=0.05)
    few = [DrivenTrip(6 * 24 + 3, 600, 1800)] * 3  # Sunday night, three times as long
    lesson = learn(many + few, UNTAUGHT)
    assert lesson is not None
    assert 1.0 < lesson.times.factors[6 * 24 + 3] < 1.5


def test_wild_trips_change_nothing() -> None:
    sane = trips(1000, {RUSH_HOUR: 1.5})
    wild = [DrivenTrip(RUSH_HOUR, 600, 86_400.0), DrivenTrip(RUSH_HOUR, 600, 1.0), DrivenTrip(RUSH_HOUR, 0.0, 900)] * 50
    with_wild, without = learn(sane + wild, UNTAUGHT), learn(sane, UNTAUGHT)
    assert with_wild is not None
    assert without is not None
    assert with_wild.times == without.times
    assert with_wild.trips == 1000


def test_with_too_few_trips_nothing_is_learned() -> None:
    assert learn(trips(MIN_TRIPS - 1, {NIGHT: 1.0}), UNTAUGHT) is None
    assert learn([], UNTAUGHT) is None


def test_what_is_no_better_is_not_put_in_force() -> None:
    # Every fifth trip is held out: those went as estimated, the others three times as long.
    odd = [DrivenTrip(index % HOURS, 600, 600 if index % 5 == 0 else 1800) for index in range(1000)]
    lesson = learn(odd, UNTAUGHT)
    assert lesson is not None
    assert (lesson.error_before, lesson.error_after) == (0, pytest.approx(2, abs=0.1))
    assert not lesson.is_better


def test_trips_that_judge_do_not_teach() -> None:
    # Those held out alone were driven at ten on Monday, and took three times their estimate.
    driven = [DrivenTrip(10, 600, 1800) if index % 5 == 0 else DrivenTrip(50, 600, 600) for index in range(1000)]
    lesson = learn(driven, UNTAUGHT)
    assert lesson is not None
    assert lesson.error_after == pytest.approx(2 / 3, abs=0.05)
    assert lesson.times.timing(10).seconds(600) > 1500  # what is put in force has learned from all


def test_untaught_every_estimate_stands() -> None:
    assert UNTAUGHT.timing(100) == AS_ESTIMATED


@pytest.mark.parametrize(
    ("start", "factors"), [(0.0, (1.0,) * 167), (0.0, (0.0,) * HOURS), (-1.0, (1.0,) * HOURS), (0.0, (100.0,) * HOURS)]
)
def test_times_that_cannot_be_are_refused(start: float, factors: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"travel times|setting out"):
        TravelTimes(start, factors)


@given(
    st.lists(
        st.builds(DrivenTrip, st.integers(0, HOURS - 1), st.floats(0, 1e5), st.floats(0, 1e6)), min_size=1, max_size=25
    )
)
@settings(max_examples=25)
def test_whatever_was_driven_the_lesson_stays_within_bounds(driven: list[DrivenTrip]) -> None:
    lesson = learn(driven * (MIN_TRIPS // len(driven) + 1), UNTAUGHT)
    if lesson is not None:
        assert all(0.2 <= factor <= 8.0 for factor in lesson.times.factors)
        assert 0 <= lesson.times.start_seconds <= 300
