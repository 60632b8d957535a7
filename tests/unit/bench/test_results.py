"""What a benchmark makes of its measurements: medians, ratios, whether the target is met, and how it says so."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from jitney.bench import memory, offer, start
from jitney.bench.result import Detail, Result, median, table_of
from jitney.stack.addresses import DEFAULTS
from jitney.stack.own_stack import own_environment
from jitney.stack.problems import StackError

REPORT: dict[str, Any] = {
    "requested": 60,
    "completed": 58,
    "drivers": 25,
    "request_to_offer_p50_seconds": 1.2,
    "request_to_offer_p95_seconds": 2.4,
    "broken_promises": [],
}
QUIET: dict[str, Any] = REPORT | {"request_to_offer_p50_seconds": 0.6}


def result(value: float, target: float = 5.0, limit: float = 2.0) -> Result:
    return Result("start", value, "s", limit, target, (Detail("first start", value, "s"),))


def rendered(found: Result) -> str:
    text = io.StringIO()
    Console(file=text, width=100).print(table_of(found))
    return text.getvalue()


def test_a_target_is_met_up_to_itself_and_not_beyond() -> None:
    assert result(5.0).met
    assert not result(5.001).met


def test_the_ratio_is_one_at_the_limit_and_less_away_from_it() -> None:
    assert result(2.0).ratio == 1
    assert result(4.0).ratio == 0.5
    assert result(0.0).ratio == 0


def test_the_line_for_programs_is_one_object_with_all_that_was_promised() -> None:
    line = result(4.00049).as_json()
    assert "\n" not in line
    assert json.loads(line) == {
        "name": "start",
        "value": 4.0,
        "unit": "s",
        "limit": 2.0,
        "ratio": 0.5,
        "target": 5.0,
        "met": True,
    }


def test_the_table_shows_parts_figure_limit_and_target() -> None:
    words = rendered(result(6.25))
    for expected in ("first start", "6.25", "limit", "target, at most", "met"):
        assert expected in words
    assert "no" in words.splitlines()[-1]
    assert "yes" in rendered(result(1.0)).splitlines()[-1]


def test_one_disturbed_round_does_not_move_the_median() -> None:
    assert median([3.0, 60.0, 3.2]) == 3.2
    with pytest.raises(ValueError, match="no median"):
        median([])


def test_the_slower_kind_of_start_is_the_one_that_counts() -> None:
    rounds = [
        start.Repeat(4.0, 3.0, 2.0, 1.0, 5.0, 4.0, city=4.5, ride=10.0),
        start.Repeat(4.4, 3.4, 2.2, 1.2, 5.0, 4.0, city=4.7, ride=12.0),
    ]
    found = start.result_of(rounds, cores=2, load=0.5)
    assert (found.value, found.limit) == (pytest.approx(4.2), pytest.approx(2.1))
    assert found.met
    slow_later = [start.Repeat(4.0, 6.0, 2.0, 1.0, 5.0, 4.0, city=4.5, ride=10.0)]
    found = start.result_of(slow_later, cores=2, load=0.5)
    assert (found.value, found.limit, found.met) == (6.0, 1.0, False)


def test_a_first_ride_that_is_long_in_coming_breaks_the_promise_of_a_start() -> None:
    found = start.result_of([start.Repeat(4.0, 3.0, 2.0, 1.0, 5.0, 4.0, city=4.5, ride=15.1)], cores=2, load=0.5)
    assert (found.value, found.met) == (4.0, False)
    assert {item.what: item.value for item in found.details}["from healthy to the first completed ride"] == 10.6


def test_memory_counts_shared_pages_once_and_names_every_process() -> None:
    taken = [memory.Taken("matching", 90_000_000, 130_000_000), memory.Taken("rest", 60_000_000, 100_000_000)]
    found = memory.result_of(taken, libraries_bytes=120_000_000)
    assert (found.value, found.limit, found.ratio, found.met) == (150.0, 120.0, 0.8, True)
    assert {item.what: item.value for item in found.details}["all, RSS"] == 230.0
    assert "matching, PSS" in rendered(found)


def test_memory_that_the_system_does_not_tell_is_no_memory_of_zero() -> None:
    with pytest.raises(StackError, match="PSS"):
        memory.result_of([memory.Taken("matching", 0, 130_000_000)], libraries_bytes=1)


def test_the_offer_figure_is_the_95th_of_the_busy_city_beside_the_median_of_the_quiet_one() -> None:
    found = offer.result_of(QUIET, REPORT)
    assert (found.value, found.limit, found.ratio, found.met) == (2.4, 0.6, 0.25, True)
    assert not offer.result_of(QUIET, REPORT | {"request_to_offer_p95_seconds": 3.01}).met


@pytest.mark.parametrize(
    "busy",
    [
        REPORT | {"request_to_offer_p95_seconds": None, "request_to_offer_p50_seconds": None},
        REPORT | {"broken_promises": ["1 double assignments"]},
    ],
    ids=["no offer", "a broken promise"],
)
def test_times_of_a_simulation_that_went_wrong_are_no_result(busy: dict[str, Any]) -> None:
    with pytest.raises(StackError):
        offer.result_of(QUIET, busy)


def test_trips_to_replay_are_for_the_busy_city_alone() -> None:
    demand = offer.Demand(30, 10, 40, 3, "/trips.csv.gz", "2008-05-17T18:00:00", 1)
    assert demand.options()[-4:] == ["--trips", "/trips.csv.gz", "--from", "2008-05-17T18:00:00"]
    assert "--trips" not in demand.quiet().options()
    assert "40" in demand.quiet().options()


def test_a_stack_to_measure_knows_nothing_of_another_one() -> None:
    inherited = {"PATH": "/bin", "JITNEY_REDIS_URL": "redis://elsewhere", "JITNEY_REST_LISTEN": "127.0.0.1:8080"}
    environment = own_environment(inherited, list(range(20_000, 20_000 + len(DEFAULTS))))
    assert environment["PATH"] == "/bin"
    assert "JITNEY_REDIS_URL" not in environment
    assert {name for name in environment if name.startswith("JITNEY_")} == set(DEFAULTS)
    assert "127.0.0.1:8080" not in environment.values()
