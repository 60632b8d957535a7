"""Money: splits lose no cent, currencies do not mix, rounding is the usual one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_kernel.errors import InvalidInput
from shared_kernel.money import MAX_AMOUNT_MINOR, Money, exponent

amounts = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(amounts, weights)
def test_a_split_sums_to_the_whole(amount: int, shares: list[int]) -> None:
    parts = Money("USD", amount).split(shares)

    assert sum(part.amount_minor for part in parts) == amount
    assert len(parts) == len(shares)


@given(amounts, weights)
def test_each_part_is_within_one_minor_unit_of_its_exact_share(amount: int, shares: list[int]) -> None:
    total = sum(shares)
    for part, share in zip(Money("USD", amount).split(shares), shares, strict=True):
        assert abs(part.amount_minor * total - amount * share) < total


@given(amounts, weights)
def test_a_weight_of_nothing_gets_nothing(amount: int, shares: list[int]) -> None:
    parts = Money("USD", amount).split([*shares, 0])

    assert parts[-1].amount_minor == 0


@given(amounts, weights)
def test_the_split_of_a_refund_is_the_negated_split_of_the_charge(amount: int, shares: list[int]) -> None:
    money = Money("USD", amount)

    assert (-money).split(shares) == [-part for part in money.split(shares)]


def test_ties_of_the_remainder_go_to_the_earlier_part() -> None:
    assert [part.amount_minor for part in Money("USD", 100).split([1, 1, 1])] == [34, 33, 33]


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1]])
def test_weights_that_divide_nothing_are_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money("USD", 100).split(shares)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_subtracting_undoes_adding(a: int, b: int) -> None:
    assert Money("USD", a) + Money("USD", b) - Money("USD", b) == Money("USD", a)


def test_two_currencies_do_not_mix() -> None:
    dollars, euros = Money("USD", 1), Money("EUR", 1)
    for mix in (lambda: dollars + euros, lambda: dollars - euros, lambda: dollars < euros, lambda: dollars <= euros):
        with pytest.raises(ValueError, match="do not mix"):
            mix()


@pytest.mark.parametrize(
    ("amount", "factor", "result"), [(1005, "0.5", 503), (1004, "0.5", 502), (-1005, "0.5", -503), (333, "1.15", 383)]
)
def test_scaling_rounds_half_away_from_zero(amount: int, factor: str, result: int) -> None:
    assert Money("USD", amount).times(Decimal(factor)).amount_minor == result


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money("USD", 1234), "12.34 USD"),
        (Money("JPY", 1234), "1234 JPY"),
        (Money("KWD", 1234), "1.234 KWD"),
        (Money("USD", -5), "-0.05 USD"),
    ],
)
def test_money_is_written_in_its_own_digits(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(
    ("amount", "charged"),
    [
        (Money("USD", 1234), 1234),
        (Money("JPY", 1234), 1234),
        (Money("IQD", 1234), 1234),
        (Money("KWD", 1234), 1230),
        (Money("KWD", 1235), 1240),
        (Money("TND", 4), 0),
        (Money("MGA", 1250), 1300),
    ],
)
def test_what_is_charged_is_rounded_half_up_to_the_step_of_its_currency(amount: Money, charged: int) -> None:
    assert amount.charged() == Money(amount.currency_code, charged)


@pytest.mark.parametrize("code", ["usd", "XXX", "", "DEM", "USDT"])
def test_what_iso_4217_does_not_list_is_no_currency(code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        exponent(code)
    assert caught.value.reason == "unknown_currency"


def test_an_amount_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        _ = Money("USD", MAX_AMOUNT_MINOR) + Money("USD", 1)
    assert caught.value.reason == "amount_out_of_range"
