"""The checker finds an order where there is one and none where there is none; brute force says the same."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.histories.checker import Model, Operation, UndecidedError, find_order, is_linearizable


def register(state: int, operation: Operation) -> tuple[object, int]:
    """A register: reads tell the last write."""
    what, value = operation.what  # pyright: ignore[reportGeneralTypeIssues]
    return ("written", value) if what == "write" else (state, state)


REGISTER = Model(0, register)


def write(value: int, asked_at: int, answered_at: int | None) -> Operation:
    return Operation(("write", value), asked_at, answered_at, "written" if answered_at is not None else None)


def read(value: int, asked_at: int, answered_at: int) -> Operation:
    return Operation(("read", 0), asked_at, answered_at, value)


@pytest.mark.parametrize(
    ("history", "is_one"),
    [
        ([], True),
        ([write(1, 0, 1), read(1, 2, 3)], True),
        ([write(1, 0, 1), read(0, 2, 3)], False),
        # Beside each other, either may be first; who reads later cannot go back.
        ([write(1, 0, 3), read(0, 1, 2)], True),
        ([write(1, 0, 5), read(1, 1, 2), read(0, 3, 4)], False),
        ([write(1, 0, 3), write(2, 1, 2), read(1, 4, 5)], True),
        ([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], False),
        # Never answered: may have happened, late, or not at all.
        ([write(1, 0, None), read(0, 1, 2), read(1, 3, 4)], True),
        ([write(1, 0, None), read(0, 1, 2)], True),
        ([write(1, 0, None), read(1, 1, 2), read(0, 3, 4)], False),
    ],
)
def test_known_histories(history: list[Operation], is_one: bool) -> None:
    assert is_linearizable(history, REGISTER) is is_one


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Up to five operations with made-up times and answers."""
    how_many = draw(st.integers(1, 5))
    places = draw(st.permutations(range(2 * how_many)))
    made: list[Operation] = []
    for number in range(how_many):
        asked_at, answered_at = sorted(places[2 * number : 2 * number + 2])
        value = draw(st.integers(0, 2))
        if draw(st.booleans()):
            made.append(read(value, asked_at, answered_at))
        else:
            made.append(write(value, asked_at, draw(st.sampled_from((answered_at, answered_at, None)))))
    return made


def explains(order: tuple[Operation, ...], history: list[Operation]) -> bool:
    """Tell whether an order of some operations gives the answers, keeps the times and leaves no answered one out."""
    state = 0
    for at, operation in enumerate(order):
        if any(later.answered_at is not None and later.answered_at < operation.asked_at for later in order[at + 1 :]):
            return False
        answer, state = register(state, operation)
        if operation.answered_at is not None and answer != operation.answer:
            return False
    return all(operation in order for operation in history if operation.answered_at is not None)


@settings(max_examples=300, deadline=None)
@given(histories())
def test_checker_says_what_trying_all_orders_says(history: list[Operation]) -> None:
    sizes = range(len(history) + 1)
    expected = any(explains(order, history) for size in sizes for order in permutations(history, size))
    order = find_order(history, REGISTER)

    assert (order is not None) is expected
    assert order is None or explains(tuple(order), history)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 8)), max_size=40))
def test_what_really_happened_one_by_one_is_an_order(steps: list[tuple[bool, int, int]]) -> None:
    state, history = 0, list[Operation]()
    for at, (writes, value, early) in enumerate(steps):
        # Asked for earlier than it took effect, so that many are under way at a time.
        asked_at, answered_at = 100 * at - 100 * early, 100 * at + 50 + early
        if writes:
            state = value
            history.append(write(value, asked_at, answered_at))
        else:
            history.append(read(state, asked_at, answered_at))

    assert is_linearizable(history, REGISTER)


def test_search_that_takes_too_long_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.histories.checker.MOST_TRIED", 10)
    many = [write(number, 0, 100) for number in range(20)]

    with pytest.raises(UndecidedError):
        is_linearizable([*many, read(99, 101, 102)], REGISTER)
