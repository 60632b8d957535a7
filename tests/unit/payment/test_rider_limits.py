"""Limits of what riders may move by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.rider_limits import RiderLimits
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.money import Money

LIMITS = RiderLimits(
    arrears_minor=100,
    tip_window=timedelta(days=30),
    tip_percent=100,
    tip_floor_minor=2000,
    top_up_least_minor=500,
    top_up_most_minor=50_000,
    wallet_most_minor=200_000,
)
CAPTURED_AT = datetime(2026, 3, 1, tzinfo=UTC)


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


@given(st.integers(-10, 10**9), st.integers(0, 10**9))
def test_tip_is_taken_up_to_the_charge_or_the_floor(tip_minor: int, total_minor: int) -> None:
    if 1 <= tip_minor <= max(total_minor, 2000):
        LIMITS.refuse_tip(usd(tip_minor), usd(total_minor), CAPTURED_AT, CAPTURED_AT)
        return
    with pytest.raises(InvalidInput, match="outside the limits"):
        LIMITS.refuse_tip(usd(tip_minor), usd(total_minor), CAPTURED_AT, CAPTURED_AT)


def test_tip_after_the_window_is_refused_and_at_its_end_is_not() -> None:
    end = CAPTURED_AT + timedelta(days=30)
    LIMITS.refuse_tip(usd(1), usd(1000), CAPTURED_AT, end)
    with pytest.raises(Conflict) as caught:
        LIMITS.refuse_tip(usd(1), usd(1000), CAPTURED_AT, end + timedelta(microseconds=1))
    assert caught.value.reason == "tip_window_over"


@pytest.mark.parametrize(("amount_minor", "taken"), [(499, False), (500, True), (50_000, True), (50_001, False)])
def test_top_up_is_taken_within_its_limits(amount_minor: int, taken: bool) -> None:
    if taken:
        LIMITS.refuse_top_up(usd(amount_minor))
        return
    with pytest.raises(InvalidInput):
        LIMITS.refuse_top_up(usd(amount_minor))


def test_wallet_is_full_above_its_limit_only() -> None:
    LIMITS.refuse_wallet_above(usd(200_000))
    with pytest.raises(Conflict) as caught:
        LIMITS.refuse_wallet_above(usd(200_001))
    assert caught.value.metadata == {"most_minor": "200000"}


def test_rider_who_owes_more_than_the_limit_is_refused_with_the_amount() -> None:
    LIMITS.refuse_rider_who_owes(usd(100))
    with pytest.raises(Conflict) as caught:
        LIMITS.refuse_rider_who_owes(usd(101))
    assert caught.value.metadata == {"currency_code": "USD", "amount_minor": "101"}
