"""What a driver's logbook counts, and what it does not."""

from __future__ import annotations

import contextlib

from jitney.simulator.logbook import SILENT_WALL_SECONDS, Logbook


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_way_to_a_pickup_is_empty_unless_another_party_is_in_the_vehicle() -> None:
    clock = Clock()
    logbook = Logbook(clock)
    with logbook.coming():
        clock.seconds += 40
    logbook.aboard.add("ride_1")
    with logbook.coming():
        clock.seconds += 25
    assert logbook.empty_seconds == 40


def test_a_way_that_came_to_nothing_was_empty_as_well() -> None:
    clock = Clock()
    logbook = Logbook(clock)
    with contextlib.suppress(RuntimeError), logbook.coming():
        clock.seconds += 12
        raise RuntimeError("the ride was canceled")
    assert logbook.empty_seconds == 12


def test_time_off_shift_is_not_counted_and_a_shift_under_way_is() -> None:
    clock = Clock()
    logbook = Logbook(clock)
    with logbook.shift():
        clock.seconds += 600
    clock.seconds += 900
    assert logbook.shift_seconds == 600
    with logbook.shift():
        clock.seconds += 60
        assert logbook.shift_seconds == 660
    assert logbook.shift_seconds == 660


def test_an_offer_to_a_driver_who_was_not_heard_of_is_told_from_the_others() -> None:
    logbook = Logbook(Clock())
    logbook.offered(1.0)
    logbook.offered(SILENT_WALL_SECONDS - 0.1)
    logbook.offered(SILENT_WALL_SECONDS)
    assert (logbook.offer_count, logbook.silent_offer_count) == (3, 1)
