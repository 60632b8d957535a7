"""How the growth of calls on tables is judged."""

from __future__ import annotations

from typing import Any

import pytest

from jitney.bench.table_calls import Measured, scans_of
from jitney.bench.tables import Found, result_of


def found(**many: Measured) -> Found:
    few = dict.fromkeys(many, Measured(1.0, frozenset()))
    return Found(few, many, 4.0, 4.4, {"ride": 2**30}, 60.0)


def test_the_call_that_grows_most_is_told() -> None:
    result = result_of(found(flat=Measured(1.1, frozenset()), deep=Measured(3.0, frozenset())))
    assert (result.value, result.met) == (3.0, False)
    assert result_of(found(flat=Measured(1.1, frozenset()))).value == pytest.approx(1.1)


def test_what_takes_less_than_half_a_millisecond_does_not_grow() -> None:
    quick = Found({"q": Measured(0.1, frozenset())}, {"q": Measured(0.4, frozenset())}, 1.0, 1.0, {}, 1.0)
    assert result_of(quick).value == 1.0


def test_a_growing_table_that_is_read_whole_breaks_the_promise() -> None:
    result = result_of(found(list=Measured(1.0, frozenset({"ride"}))))
    [promise] = result.also
    assert (promise.value, promise.met, result.met) == (1, False, False)
    assert "list: ride" in promise.what


def test_scans_are_found_wherever_they_stand_in_a_plan() -> None:
    def node(kind: str, **more: Any) -> dict[str, Any]:
        return {"Node Type": kind, **more}

    inner = node("Seq Scan", **{"Relation Name": "ride_transition_before"})
    plan = [
        {"Plan": node("Limit", Plans=[node("Index Scan", **{"Relation Name": "ride"}), node("Sort", Plans=[inner])])}
    ]
    assert scans_of(plan) == {"ride_transition"}
    assert scans_of([{"Plan": node("Seq Scan", **{"Relation Name": "shard_lease"})}]) == set()
