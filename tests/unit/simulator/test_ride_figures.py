"""What histories of rides tell of dispatch: waits, what became of drivers and rides, swaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from jitney.simulator.ride_figures import RideFigures, cause_of
from jitney_client.models import RideHistory, RideTransition

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def move(source: str | None, target: str, seconds: float = 0.0, reason: str | None = None) -> RideTransition:
    moment = (NOON + timedelta(seconds=seconds)).isoformat()
    told = {"from_state": source, "to_state": target, "occurred_at": moment, "reason": reason}
    return cast("RideTransition", {"version": 1, "driver_id": None, **told})


def history(*moves: RideTransition, ride_id: str = "ride_1", swap_count: int = 0) -> RideHistory:
    ride: Any = {"id": ride_id, "requested_at": NOON.isoformat(), "swap_count": swap_count}
    return {"ride": ride, "transitions": list(moves), "offers": []}


def test_a_ride_that_was_declined_once_has_one_first_offer_and_the_wait_of_the_offer_that_was_accepted() -> None:
    figures = RideFigures()
    figures.add(
        history(
            move(None, "requested"),
            move("requested", "matching", 1),
            move("matching", "offered", 2.5),
            move("offered", "matching", 9),
            move("matching", "offered", 11),
            move("offered", "driver_en_route", 15),
            move("driver_en_route", "arrived", 200),
        )
    )
    assert figures.first_offer_seconds == {"ride_1": 2.5}
    assert figures.accept_seconds == [4]
    assert not figures.cancels


def test_a_driver_who_gave_the_ride_back_is_counted_and_the_next_ones_answer_as_well() -> None:
    figures = RideFigures()
    figures.add(
        history(
            move("matching", "offered", 2),
            move("offered", "driver_en_route", 5),
            move("driver_en_route", "matching", 30, "driver_canceled"),
            move("matching", "offered", 31),
            move("offered", "driver_en_route", 36),
            move("driver_en_route", "canceled_by_rider", 60, "rider_canceled"),
        )
    )
    assert figures.accept_seconds == [3, 5]
    assert figures.cancels == {"driver_canceled": 1, "canceled_by_rider (driver_en_route)": 1}


def test_swaps_are_summed_and_the_most_of_one_ride_is_told() -> None:
    figures = RideFigures()
    for number, swap_count in enumerate((0, 2, 1)):
        figures.add(history(ride_id=f"ride_{number}", swap_count=swap_count))
    assert (figures.ride_count, figures.swap_count, figures.most_swaps_of_a_ride) == (3, 3, 2)


@pytest.mark.parametrize(
    ("source", "target", "reason", "cause"),
    [
        ("matching", "canceled_by_rider", "rider_canceled", "canceled_by_rider (matching)"),
        ("in_progress", "canceled_by_platform", "operator_canceled", "canceled_by_platform (operator_canceled)"),
        ("matching", "no_driver_available", "no_driver_available", "no_driver_available"),
        ("arrived", "matching", "operator_reassigned", "operator_reassigned"),
        ("offered", "matching", None, None),
        ("driver_en_route", "driver_en_route", None, None),
        ("in_progress", "completed", None, None),
    ],
)
def test_a_cause_is_told_of_what_came_to_nothing_alone(
    source: str, target: str, reason: str | None, cause: str | None
) -> None:
    assert cause_of(move(source, target, reason=reason)) == cause
