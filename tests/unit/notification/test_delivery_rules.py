"""The rules of lanes: breakers, budgets, quiet hours, and what is planned for whom."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.lanes import Budget, all_lanes
from notification_service.domain.planning import Leg, Reader, plan
from notification_service.domain.preferences import QuietHours, Subject
from notification_service.domain.provider_health import FAILURES_TO_OPEN, Breaker, BreakerState
from tests.unit.notification.samples import NOON

PERSON = UUID("01890000-0000-7000-8000-0000000000aa")
ZONES = st.sampled_from(["UTC", "America/Los_Angeles", "Europe/Paris", "Asia/Kathmandu", "Pacific/Apia"])
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
MOMENTS = st.integers(0, 730 * 1_440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def breaker() -> Breaker:
    return Breaker("p", random.Random(5))


def opened(now: datetime) -> Breaker:
    """Return a breaker that has just opened."""
    made = breaker()
    for _ in range(FAILURES_TO_OPEN):
        made.failed("down", now)
    return made


def test_a_breaker_opens_after_failures_in_a_row_and_a_success_between_starts_anew() -> None:
    made = breaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        assert not made.failed("down", NOON)
    made.succeeded()
    assert not made.failed("down", NOON)
    assert made.begin(NOON)
    assert not opened(NOON).begin(NOON)


def test_an_open_breaker_lets_one_trial_through_and_its_failure_doubles_the_pause() -> None:
    made = opened(NOON)
    first = made.free_at(NOON)
    assert first is not None
    assert made.begin(first)
    assert not made.begin(first)
    assert made.failed("down", first)
    second = made.free_at(first)
    assert second is not None
    assert second - first > first - NOON
    assert made.begin(second)
    assert made.succeeded()
    assert made.health(second).state is BreakerState.CLOSED


def test_a_throttled_provider_is_left_alone_as_long_as_it_asked() -> None:
    made = breaker()
    made.throttled("too much", 12.0, NOON)
    free_at = made.free_at(NOON)
    assert free_at is not None
    assert timedelta(seconds=12) <= free_at - NOON <= timedelta(seconds=14)


@given(
    st.floats(1, 1_000),
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 2_000)), max_size=30),
)
def test_a_budget_grants_no_more_than_its_rate_and_a_second_s_worth(
    rate: float, asked: list[tuple[float, int]]
) -> None:
    budget, now, granted = Budget(rate), NOON, 0
    for pause, wanted in asked:
        now += timedelta(seconds=pause)
        granted += budget.take(wanted, now)
    assert granted <= rate * ((now - NOON).total_seconds() + 1) + 1


@given(ZONES, TIMES, TIMES, MOMENTS)
def test_quiet_ends_later_than_now_within_a_day_and_not_again_at_its_end(
    zone: str, begins_at: time, ends_at: time, now: datetime
) -> None:
    if begins_at == ends_at:
        return
    quiet = QuietHours(zone, begins_at, ends_at)
    end = quiet.end_after(now)
    if end is not None:
        assert now < end <= now + timedelta(hours=26)
        assert quiet.end_after(end) is None


def test_a_night_of_a_clock_change_ends_by_its_clock() -> None:
    quiet = QuietHours("Europe/Paris", time(22), time(7))
    # Clocks go back at 3 h on the 25th of October 2026: the night has an hour more.
    assert quiet.end_after(datetime(2026, 10, 24, 21, tzinfo=UTC)) == datetime(2026, 10, 25, 6, tzinfo=UTC)


@given(
    st.sampled_from(list(Priority)),
    st.sets(st.tuples(st.sampled_from(list(Subject)), st.sampled_from(list(Channel)))),
    st.sets(st.sampled_from(list(Channel))),
    st.lists(st.uuids(), max_size=3, unique=True),
)
def test_whatever_people_wish_each_leg_is_planned_and_what_is_not_sent_says_why(
    priority: Priority, unwanted: set[tuple[Subject, Channel]], suppressed: set[Channel], devices: list[UUID]
) -> None:
    reader = Reader(devices, frozenset(unwanted), QuietHours("UTC", time(11), time(13)), frozenset(suppressed))
    legs = [Leg(Channel.INBOX), Leg(Channel.STREAM), Leg(Channel.PUSH), Leg(Channel.SMS, timedelta(seconds=20))]
    planned = plan(legs, PERSON, priority, reader, NOON, NOON + timedelta(minutes=2))
    assert {each.channel for each in planned} == {leg.channel for leg in legs}
    for each in planned:
        assert (each.state is DeliveryState.DROPPED) == bool(each.reason)
    pushes = [each for each in planned if each.channel is Channel.PUSH]
    assert len(pushes) == max(1, len(devices))


def test_quiet_hours_hold_for_money_and_not_for_trips() -> None:
    reader = Reader([uuid4()], quiet_hours=QuietHours("UTC", time(11), time(13)))
    life = NOON + timedelta(days=1)
    [trip] = plan([Leg(Channel.PUSH)], PERSON, Priority.TRIP_CRITICAL, reader, NOON, life)
    [money] = plan([Leg(Channel.PUSH)], PERSON, Priority.MONEY, reader, NOON, life)
    assert (trip.next_attempt_at, money.next_attempt_at) == (NOON, NOON + timedelta(hours=1))


def test_every_lane_s_claim_outlives_all_its_providers() -> None:
    for lane in all_lanes():
        assert lane.lease > timedelta(seconds=2 * lane.patience_seconds)
