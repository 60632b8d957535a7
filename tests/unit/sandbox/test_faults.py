"""Fault rules: whom they cover, when they strike, and that they and their counters are durable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultBook, FaultRule
from jitney.sandbox.store import Store


@pytest.mark.parametrize(
    ("operation", "covered"),
    [
        ("payment_intents.capture", True),
        ("payment_intents.*", True),
        ("*", True),
        ("payment_intents", False),
        ("payment_intents.cap", False),
        ("refunds.*", False),
    ],
)
def test_a_rule_covers_an_operation_a_family_or_all(operation: str, covered: bool) -> None:
    rule = FaultRule(kind=FaultKind.RATE_LIMITED, operation=operation)
    assert rule.covers("psp", "payment_intents.capture") is covered
    assert not rule.covers("sms", "payment_intents.capture")


@given(st.integers(0, 5), st.none() | st.integers(1, 5), st.floats(0.01, 1), st.integers(0, 1000))
def test_a_rule_skips_and_counts(skip: int, count: int | None, probability: float, seed: int) -> None:
    rule = FaultRule(kind=FaultKind.RATE_LIMITED, skip=skip, count=count, probability=probability, seed=seed)

    def play() -> list[bool]:
        struck: list[bool] = []
        for seen in range(20):
            struck.append(rule.strikes(seen, sum(struck), 0))
        return struck

    struck = play()
    assert struck == play()
    assert not any(struck[:skip])
    assert count is None or sum(struck) <= count
    assert probability < 1 or sum(struck) == min(20 - skip, count or 20)


def test_rules_are_drawn_in_order_and_survive(store: Store) -> None:
    book = FaultBook(store, lambda: 0.0)
    first = FaultRule(kind=FaultKind.RATE_LIMITED, operation="customers.create")
    second = FaultRule(kind=FaultKind.CONFLICT, count=None)
    store.run_here(lambda connection: book.add(connection, "fault_1", first))
    store.run_here(lambda connection: book.add(connection, "fault_2", second))

    def draw(book: FaultBook, operation: str = "customers.create", *, replay: bool = False) -> FaultKind | None:
        drawn = store.run_here(lambda connection: book.draw_in(connection, "psp", operation, replay=replay))
        return drawn.kind if drawn else None

    assert draw(book) is FaultKind.RATE_LIMITED
    again = FaultBook(store, lambda: 0.0)
    store.run_here(again.restore)
    assert draw(again) is FaultKind.CONFLICT
    assert [(rule["seen"], rule["fired"]) for rule in store.run_here(again.listing)] == [(2, 1), (1, 1)]
    assert store.run_here(again.remove) == [first, second]
    assert draw(again) is None


def test_a_replay_is_not_counted_against_a_fault_of_the_work(store: Store) -> None:
    book = FaultBook(store, lambda: 0.0)
    rule = FaultRule(kind=FaultKind.ERROR_AFTER_EFFECT)
    store.run_here(lambda connection: book.add(connection, "fault_1", rule))
    assert store.run_here(lambda connection: book.draw_in(connection, "psp", "any", replay=True)) is None
    assert store.run_here(book.listing)[0]["seen"] == 0


def test_the_processor_is_down_for_a_while(store: Store) -> None:
    now = [0.0]
    book = FaultBook(store, lambda: now[0])
    store.run_here(lambda connection: book.add(connection, "fault_1", FaultRule(kind=FaultKind.DOWN, seconds=60)))
    drawn: list[bool] = []
    for moment in (0.0, 30.0, 59.9, 60.0, 1000.0):
        now[0] = moment
        drawn.append(store.run_here(lambda connection: book.draw_in(connection, "psp", "refunds.create")) is not None)
    assert drawn == [True, True, True, False, False]
