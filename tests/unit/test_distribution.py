"""How values lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.distribution import gini, percentile


def test_gini_is_zero_where_all_earn_alike_and_near_one_where_one_has_all() -> None:
    assert gini([5, 5, 5, 5]) == pytest.approx(0)
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert gini([0, 0]) == 0


def test_the_percentile_is_a_value_that_occurred() -> None:
    assert percentile([float(value) for value in range(1, 101)], 0.95) == 95
    assert percentile([7.0], 0.95) == 7


@given(st.lists(st.floats(0, 1e4), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_enough_of_them_are_below(values: list[float], share: float) -> None:
    value = percentile(values, share)
    assert value in values
    assert sum(other <= value for other in values) >= share * len(values) - 1e-9


def test_of_no_values_there_is_no_percentile() -> None:
    with pytest.raises(IndexError):
        percentile([], 0.5)
