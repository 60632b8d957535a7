"""What must hold at the end of a run: each kind of damage is found, and named."""

from __future__ import annotations

from typing import Any

import pytest

from jitney.simulator.invariants import holds_left, verdict, wrong_captures, wrong_ends


def ride(state: str = "completed", payment_state: str = "captured", fare_minor: int = 1_000) -> dict[str, Any]:
    return {
        "id": "ride_1",
        "state": state,
        "payment_state": payment_state,
        "fare": {"total": {"currency_code": "USD", "amount_minor": fare_minor}},
    }


def payment(status: str = "captured", captured_minor: int = 1_000, **changes: Any) -> dict[str, Any]:
    amounts = {"captured": captured_minor, "credit_used": 0, "receivable": 0}
    money = {name: {"currency_code": "USD", "amount_minor": amount} for name, amount in amounts.items()}
    return {"status": status, "outcome_unknown": False, **money, **changes}


def test_a_completed_ride_that_is_paid_for_breaks_nothing() -> None:
    assert wrong_ends([ride()]) == []
    assert wrong_captures([ride()], {"ride_1": payment()}) == []
    assert holds_left({"ride_1": payment()}) == []


@pytest.mark.parametrize(
    ("state", "payment_state"),
    [("completed", "held"), ("matching", "held"), ("no_driver_available", "captured"), ("payment_failed", "voided")],
)
def test_a_ride_that_stopped_on_its_way_is_named(state: str, payment_state: str) -> None:
    assert wrong_ends([ride(state, payment_state)]) == [f"ride_1 is {state}, its payment {payment_state}"]


def test_another_amount_than_the_fare_is_named_also_where_credit_paid_a_part() -> None:
    credit = {"currency_code": "USD", "amount_minor": 400}
    assert wrong_captures([ride()], {"ride_1": payment(captured_minor=600, credit_used=credit)}) == []
    assert "600 charged for a fare of 1000" in wrong_captures([ride()], {"ride_1": payment(captured_minor=600)})[0]


def test_a_ride_and_its_payment_that_disagree_are_named() -> None:
    assert "yet there is no payment" in wrong_captures([ride()], {})[0]
    assert "yet its payment is held" in wrong_captures([ride()], {"ride_1": payment("held")})[0]
    assert "yet its payment is captured" in wrong_captures([ride(payment_state="voided")], {"ride_1": payment()})[0]


def test_money_that_is_still_held_is_named_and_so_is_what_nobody_knows() -> None:
    assert holds_left({"ride_1": payment("held")}) == ["ride_1: its payment is held"]
    assert "outcome unknown" in holds_left({"ride_1": payment(outcome_unknown=True)})[0]


def test_a_verdict_counts_all_and_names_the_first_twenty() -> None:
    found = verdict("nothing breaks", 50, [str(number) for number in range(30)])
    assert (found.holds, found.broken_count, len(found.broken)) == (False, 30, 20)
