"""The cases in which a row of the matrix applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from notification_service.domain.facts import Fact, RatingFact, RideFact, ShiftFact


class Case(StrEnum):
    """When a row applies; the value is how the documentation says it."""

    ALWAYS = "always"
    ORDER = "of a delivery"
    CANCELED_FOR_FREE = "canceled by the rider, for nothing"
    TAKEN_BACK = "taken back from the driver"
    TAKEN_OFFLINE = "not asked for by the driver"


_TAKEN_BACK = frozenset({"pickup_moved", "operator_reassigned"})
"""Reasons of a ride to be matched again that are not its driver's own."""
_TAKEN_OFFLINE = frozenset({"silent", "break_over"})

_HOLDS: Mapping[Case, Callable[[Fact], bool]] = {
    Case.ALWAYS: lambda _: True,
    Case.ORDER: lambda fact: isinstance(fact, RideFact | RatingFact) and fact.kind == "delivery",
    # Who canceled knows; what the cancel cost is told.
    Case.CANCELED_FOR_FREE: lambda fact: (
        isinstance(fact, RideFact) and fact.state == "canceled_by_rider" and not has_fee(fact)
    ),
    Case.TAKEN_BACK: lambda fact: isinstance(fact, RideFact) and fact.reason in _TAKEN_BACK,
    Case.TAKEN_OFFLINE: lambda fact: isinstance(fact, ShiftFact) and fact.reason in _TAKEN_OFFLINE,
}


def holds(case: Case, fact: Fact) -> bool:
    """Tell whether a fact is such a case."""
    return _HOLDS[case](fact)


def has_fee(fact: RideFact) -> bool:
    """Tell whether something is owed for how the ride ended."""
    return fact.fee is not None and fact.fee.amount_minor > 0
