"""Amounts that somebody asks to move."""

from __future__ import annotations

import pytest

from payment_service.domain.amounts import refuse_nothing
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money


def test_the_least_amount_may_be_moved() -> None:
    refuse_nothing(Money("USD", 1))


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_nothing_and_less_than_nothing_are_refused_by_the_name_of_their_field(amount_minor: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_nothing(Money("USD", amount_minor))
    assert refused.value.reason == "invalid_amount"
    assert [violation.field for violation in refused.value.violations] == ["amount.amount_minor"]
