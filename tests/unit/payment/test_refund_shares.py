"""Refunds in parts: each adds up, and all together leave nothing."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.charge import ChargeLine, ChargeLineKind, charge_total, shares
from payment_service.domain.ledger import Posting, merged
from payment_service.domain.refund_shares import proportional
from shared_kernel.money import Money

DRIVER = UUID(int=7)


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


@st.composite
def charges(draw: st.DrawFn) -> list[ChargeLine]:
    small = st.integers(0, 500)
    fare = draw(st.integers(1, 5000))
    return [
        ChargeLine(ChargeLineKind.FARE, usd(fare), draw(st.integers(0, 10_000))),
        ChargeLine(ChargeLineKind.BOOKING_FEE, usd(draw(small))),
        ChargeLine(ChargeLineKind.TOLL, usd(draw(small))),
        ChargeLine(ChargeLineKind.TAX, usd(draw(small)), tax_jurisdiction="US-NY"),
        ChargeLine(ChargeLineKind.PROMOTION, usd(draw(st.integers(0, fare - 1)))),
    ]


ASKED = st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=8)
"""Refunds that are asked one after another, and whether each reaches its rider."""


@given(charges(), ASKED)
def test_refunds_in_any_parts_add_up_and_leave_nothing(lines: list[ChargeLine], asked: list[tuple[int, bool]]) -> None:
    who, left, taken = shares(lines, DRIVER), charge_total(lines).amount_minor, list[Posting]()
    for part, reaches in (*asked, (left, True)):
        part = min(part, left)  # noqa: PLW2901 (no more than is left)
        if part:
            postings = proportional(who, taken, usd(part))
            assert sum(posting.amount.amount_minor for posting in postings) == part
            if reaches:
                taken, left = [*taken, *postings], left - part

    assert merged([*who, *taken]) == []


@given(charges(), st.data())
def test_no_share_gives_back_more_than_it_got(lines: list[ChargeLine], data: st.DataObject) -> None:
    who = shares(lines, DRIVER)
    part = data.draw(st.integers(1, charge_total(lines).amount_minor))

    got = {posting.account: -posting.amount.amount_minor for posting in who}

    for posting in proportional(who, [], usd(part)):
        assert abs(posting.amount.amount_minor) <= abs(got[posting.account])


def test_more_than_the_charge_is_no_refund() -> None:
    who = shares([ChargeLine(ChargeLineKind.FARE, usd(100), 2500)], DRIVER)

    for amount_minor in (0, 101):
        with pytest.raises(ValueError, match="refunds of"):
            proportional(who, [], usd(amount_minor))
