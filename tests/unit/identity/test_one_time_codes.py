"""The rules of one-time codes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_service.domain.one_time_codes import MAX_TRIES, Allowance, Challenge, CodeLimits, resend_delay
from shared_kernel.errors import LimitExceeded

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(
    waits=st.lists(st.integers(0, 900), max_size=60),
    interval=st.integers(0, 120),
    per_hour=st.integers(1, 12),
)
def test_no_phone_gets_more_codes_than_its_limits_allow(waits: list[int], interval: int, per_hour: int) -> None:
    limits = CodeLimits(interval_seconds=interval, per_phone_per_hour=per_hour, overall_per_minute=1)
    now, allowance = NOW, Allowance.fresh(NOW)
    granted, refused = list[datetime](), list[LimitExceeded]()
    for wait in waits:
        now += timedelta(seconds=wait)
        try:
            allowance = allowance.spend(limits, now)
            granted.append(now)
        except LimitExceeded as error:
            refused.append(error)
    assert all(error.reason == "otp_throttled" and (error.retry_after_seconds or 0) > 0 for error in refused)
    assert all(later - earlier >= timedelta(seconds=interval) for earlier, later in pairwise(granted))
    for start in granted:
        # A window that begins anywhere meets at most two of the counted hours.
        assert sum(start <= moment < start + timedelta(hours=1) for moment in granted) <= 2 * per_hour


@given(used=st.integers(0, 5), gap=st.integers(0, 7200))
def test_whoever_waits_as_long_as_told_is_let_through(used: int, gap: int) -> None:
    limits = CodeLimits(interval_seconds=30, per_phone_per_hour=5, overall_per_minute=1)
    allowance = Allowance(NOW + timedelta(seconds=30), NOW, used)
    now = NOW + timedelta(seconds=gap)
    for _ in range(2):  # the interval may be followed by the hour
        try:
            allowance.spend(limits, now)
        except LimitExceeded as error:
            now += timedelta(seconds=error.retry_after_seconds or 0)
    assert allowance.spend(limits, now).hour_count <= 5


def challenge() -> Challenge:
    return Challenge(
        UUID(int=1), "request", "en", b"digest", NOW, expires_at=NOW + timedelta(minutes=5), next_request_at=NOW
    )


@given(st.lists(st.booleans(), max_size=12))
def test_a_challenge_takes_five_guesses_and_nothing_after_the_right_one(guesses: list[bool]) -> None:
    current, counted = challenge(), list[bool]()
    for right in guesses:
        if current.takes_guess(NOW):
            current = current.guessed(right=right, now=NOW)
            counted.append(right)
    assert len(counted) <= MAX_TRIES
    assert True not in counted[:-1]
    assert (current.closed_at is not None) == (True in counted or len(counted) == MAX_TRIES)


@pytest.mark.parametrize(("seconds", "counts"), [(0, True), (299, True), (300, False), (3600, False)])
def test_a_guess_counts_for_five_minutes(seconds: int, counts: bool) -> None:
    assert challenge().takes_guess(NOW + timedelta(seconds=seconds)) is counts


def test_resends_wait_longer_each_time_up_to_a_bound() -> None:
    assert [resend_delay(attempts).total_seconds() for attempts in (1, 2, 3, 4, 5, 1000)] == [5, 10, 20, 40, 40, 40]
