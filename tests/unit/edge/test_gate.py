"""The gate of the REST process: bounded work, a bounded room, the most urgent first, the least urgent refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.urgency import Urgency
from rider_api.rest.gate import Gate

_LONG = dict.fromkeys(Urgency, 30.0)
Coming = Callable[[Urgency], Future[bool]]


def waiting(gate: Gate, coming: Callable[[], Future[bool]]) -> Future[bool]:
    """Let somebody come and return when they wait, were let in, or were refused."""
    before = gate.waiting
    answer = coming()
    while gate.waiting <= before and not answer.done():
        threading.Event().wait(0.001)
    return answer


def test_so_many_are_worked_on_at_a_time_and_the_next_waits_until_one_is_done() -> None:
    gate = Gate(2, 5, _LONG)
    assert gate.enter(Urgency.TRIP)
    assert gate.enter(Urgency.TRIP)
    with ThreadPoolExecutor(1) as crowd:
        third = waiting(gate, lambda: crowd.submit(gate.enter, Urgency.TRIP))
        assert not third.done()
        gate.leave()
        assert third.result(5)
    assert gate.working == 2


def test_the_most_urgent_goes_first_and_not_who_came_first() -> None:
    gate = Gate(1, 5, _LONG)
    assert gate.enter(Urgency.TRIP)
    with ThreadPoolExecutor(3) as crowd:
        come = [
            waiting(gate, lambda urgency=urgency: crowd.submit(gate.enter, urgency)) for urgency in reversed(Urgency)
        ]
        for urgency, answer in reversed(list(zip(reversed(Urgency), come, strict=True))):
            gate.leave()
            assert answer.result(5), urgency
            assert sum(each.done() for each in come) == urgency + 1


def test_when_the_room_is_full_the_least_urgent_is_sent_away_for_somebody_more_urgent() -> None:
    gate = Gate(1, 2, _LONG)
    assert gate.enter(Urgency.TRIP)
    with ThreadPoolExecutor(4) as crowd:
        first, last = (waiting(gate, lambda: crowd.submit(gate.enter, Urgency.DEFERRABLE)) for _ in range(2))
        assert not gate.enter(Urgency.DEFERRABLE)
        trip = crowd.submit(gate.enter, Urgency.TRIP)
        assert not last.result(5)
        assert not first.done()
        gate.leave()
        assert trip.result(5)
        gate.leave()
        assert first.result(5)


def test_who_waited_too_long_is_refused_and_holds_no_place() -> None:
    gate = Gate(1, 2, {**_LONG, Urgency.DEFERRABLE: 0.0})
    assert gate.enter(Urgency.TRIP)

    assert not gate.enter(Urgency.DEFERRABLE)
    assert (gate.working, gate.waiting) == (1, 0)
    gate.leave()
    assert gate.enter(Urgency.DEFERRABLE)


def test_calls_that_hang_leave_places_to_what_is_more_urgent() -> None:
    gate = Gate(12, 1, dict.fromkeys(Urgency, 0.0))

    let_in = {urgency: sum(gate.enter(urgency) for _ in range(20)) for urgency in reversed(Urgency)}

    assert let_in == {Urgency.DEFERRABLE: 8, Urgency.USUAL: 2, Urgency.TRIP: 2}


@given(st.integers(1, 4), st.integers(1, 6), st.lists(st.sampled_from(Urgency), min_size=1, max_size=40))
def test_whatever_comes_the_bounds_hold_and_nobody_is_left_behind(places: int, room: int, who: list[Urgency]) -> None:
    gate = Gate(places, room, _LONG)
    most_working, lock = 0, threading.Lock()

    def come(urgency: Urgency) -> bool:
        nonlocal most_working
        if not gate.enter(urgency):
            return False
        with lock:
            most_working = max(most_working, gate.working)
        assert gate.waiting <= room
        gate.leave()
        return True

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(come, who, timeout=20))

    assert most_working <= places
    assert (gate.working, gate.waiting) == (0, 0)
    assert any(answers)


@pytest.mark.parametrize("places", [1, 2, 5, 12, 64])
def test_everybody_can_be_let_in_whatever_the_size(places: int) -> None:
    assert all(Gate(places, 1, _LONG).enter(urgency) for urgency in Urgency)
