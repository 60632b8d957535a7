"""How a withdrawal is split over the top-ups that it goes back by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.withdrawal import MAX_PARTS, split_over
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


def top_up(number: int, captured_minor: int, refunded_minor: int) -> Payment:
    payment = Payment.begin(
        UUID(int=number),
        Purpose.TOP_UP,
        Funding.CARD,
        UUID(int=1),
        Money("USD", captured_minor),
        datetime(2026, 3, 1, tzinfo=UTC),
        payment_method_id=UUID(int=2),
    )
    return replace(payment, captured_minor=captured_minor, refunded_minor=refunded_minor)


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 1000)), max_size=25), st.data())
def test_split_takes_from_each_what_is_left_in_order(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    top_ups = [top_up(index, captured, min(captured, spent)) for index, (captured, spent) in enumerate(sizes)]
    left_minor = sum(each.refundable.amount_minor for each in top_ups)
    with_some = [each for each in top_ups if each.refundable.amount_minor]
    most_minor = sum(each.refundable.amount_minor for each in with_some[:MAX_PARTS])
    amount_minor = data.draw(st.integers(1, 1 + 2 * left_minor))

    if amount_minor > most_minor:
        reason = "exceeds_top_ups" if amount_minor > left_minor else "too_many_top_ups"
        with pytest.raises(Conflict) as caught:
            split_over(top_ups, Money("USD", amount_minor))
        assert caught.value.reason == reason
        return
    parts = split_over(top_ups, Money("USD", amount_minor))

    assert sum(part.amount_minor for _, part in parts) == amount_minor
    assert all(0 < part.amount_minor <= payment.refundable.amount_minor for payment, part in parts)
    assert all(part == payment.refundable for payment, part in parts[:-1])
    assert [payment.id for payment, _ in parts] == [payment.id for payment in with_some[: len(parts)]]


def test_nothing_to_refund_is_refused() -> None:
    with pytest.raises(Conflict) as caught:
        split_over([], Money("USD", 1))
    assert caught.value.metadata == {"withdrawable_minor": "0", "currency_code": "USD"}
