"""What the benchmarks of whole rides, of writes and of the chain around a call make of what they saw."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jitney.bench import grpc_chain, rides, write_tx
from jitney.bench.result import Detail
from jitney.bench.ride_parts import Parts
from jitney.bench.ride_profile import OTHER, moments_by_part
from jitney.bench.rides import BESIDE, SERVICES
from jitney.bench.rides_load import SPEED, even_trips

COUNTS = ("calls in", "calls out", "commits", "events")
PARTS = Parts(edge_call=0.5, hop=0.4, write=0.1, event=0.1)


def moment(seconds: float, completed: int, cpu_seconds: float, count: float) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "completed": completed,
        "cpu_seconds": dict.fromkeys((*SERVICES, *BESIDE), cpu_seconds),
        "counts": dict.fromkeys(COUNTS, count) | {"calls out": count / 2},
    }


def played(*, completed: int = 100, cpu_seconds: float = 0.5) -> dict[str, Any]:
    """Ten seconds of waiting that cost each process 0.1 s, and ten of rides."""
    return {
        "quiet": (moment(0, 0, 0.0, 0), moment(10, 0, 0.1, 100)),
        "steady": (moment(20, 0, 1.0, 1_000), moment(30, completed, 1.0 + cpu_seconds, 2_100)),
        "requested": completed + 2,
        "completed": completed,
        "ends": {},
        "troubles": {},
        "broken_promises": [],
    }


def test_a_ride_costs_the_cpu_of_the_services_alone_and_a_waiting_city_is_told_apart() -> None:
    found = rides.at_rate(10, played())
    assert found.gross == pytest.approx(5.0 * len(SERVICES))
    assert found.net == pytest.approx(4.0 * len(SERVICES))
    assert (found.completed_per_second, found.lost) == (10, 2)
    # 1,100 of which 100 would have come anyhow; half as many go out.
    assert found.each == {"edge calls": 5.0, "calls between services": 5.0, "commits": 10.0, "events": 10.0}


@pytest.mark.parametrize("completed", [0, 79])
def test_a_machine_that_falls_behind_gives_no_figure(completed: int) -> None:
    with pytest.raises(rides.TooMany, match=f"only {completed} rides"):
        rides.at_rate(10, played(completed=completed))


def test_a_machine_that_keeps_up_nearly_gives_one() -> None:
    assert rides.at_rate(10, played(completed=80)).completed_per_second == 8


def test_the_floor_is_the_sum_of_the_parts_and_growth_breaks_the_promise() -> None:
    cheap, dear = rides.at_rate(1, played(cpu_seconds=0.4)), rides.at_rate(12, played(cpu_seconds=0.8))
    result = rides.result_of([dear, cheap], PARTS)
    assert result.limit == pytest.approx(5 * 0.5 + 5 * 0.4 + 10 * 0.1 + 10 * 0.1)
    assert result.value == pytest.approx(8.0 * len(SERVICES))
    growth = next(promise for promise in result.also if "lowest" in promise.what)
    assert growth.value == pytest.approx(7 / 3)
    assert not result.met


def test_a_rate_that_was_not_carried_breaks_the_promise_and_leaves_the_other_figures() -> None:
    result = rides.result_of([rides.at_rate(1, played(cpu_seconds=0.2))], Parts(9, 9, 9, 9), [20.0])
    assert [promise.what for promise in result.also if not promise.met] == ["rates that the machine did not carry"]


def test_a_moment_counts_for_the_innermost_library_that_is_known() -> None:
    stacks = [
        "main (matching_service/__main__.py:9);run (asyncio/runners.py:44);ask (matching_service/use_cases/a.py:1) 4",
        "run (asyncio/runners.py:44);ask (matching_service/adapters/b.py:1);execute (sqlalchemy/engine.py:3);"
        "__get__ (enum.py:7) 3",
        "run (asyncio/runners.py:44);fetch (asyncpg/connection.py:2) 2",
        "process 7: granian;handle (rider_api/app.py:5) 1",
        "start (somewhere.py:1) 5",
    ]
    assert moments_by_part(stacks) == {"own use_cases": 4, "SQLAlchemy": 3, "asyncpg": 2, "own app": 1, OTHER: 5}


def test_a_profile_tells_what_it_saw_a_ride_and_what_it_did_not_see() -> None:
    at = rides.at_rate(10, played())
    assert at.by_process["matching"] == pytest.approx(5.0)
    # 100 looks a second and 100 rides: 14 of them are 1.4 ms a ride.
    details = rides.profile_of(at, 100, {"matching": {"asyncpg": 14, "SQLAlchemy": 20, "redis-py": 1}})
    assert [(item.what, round(item.value, 2)) for item in details] == [
        ("profile at 10/s, matching: SQLAlchemy", 2.0),
        ("profile at 10/s, matching: asyncpg", 1.4),
        ("profile at 10/s, matching: outside of the interpreter", 1.5),
    ]


def test_where_being_looked_at_is_too_much_the_next_lower_rate_is_looked_at() -> None:
    tried: list[float] = []

    def profile(rate: float) -> list[Detail]:
        tried.append(rate)
        if rate > 1:
            raise rides.TooMany(f"only 2 rides at {rate:g}")
        return [Detail("profile", rate, "ms")]

    words: list[str] = []
    assert rides.profile_where_carried([1.0, 5.0], profile, words.append) == [Detail("profile", 1.0, "ms")]
    assert tried == [5.0, 1.0]
    assert "nothing seen: only 2 rides at 5" in words
    assert rides.profile_where_carried([5.0], profile, words.append) == ()


def test_trips_come_at_an_even_pace_after_the_quiet_stretch() -> None:
    trips = list(even_trips(4, 5, 6, random.Random(1)))
    assert len(trips) == 20
    assert [trip.at_seconds / SPEED for trip in trips[:2]] == [6.0, 6.25]


def test_writes_are_judged_beside_pgbench_with_as_many_clients() -> None:
    found = write_tx.Found(
        service={8: [60.0, 70.0, 500.0], 64: [300.0]},
        pgbench={8: [100.0], 64: [120.0]},
        service_cpu={8: [1.0], 64: [1.0]},
        pgbench_cpu={8: [1.0], 64: [1.0]},
    )
    result = write_tx.result_of(found)
    assert (result.value, result.limit, result.target) == (70.0, 100.0, 60.0)
    assert [round(promise.value, 2) for promise in result.also] == [0.7, 3.0]
    assert not result.met, "grouped writes are to reach 0.85"


def test_the_chain_is_judged_by_the_cpu_of_its_server() -> None:
    found = grpc_chain.Found(
        cpu_micros={"raw": [80.0], "unsampled": [100.0], "sampled": [100.0, 160.0, 900.0]},
        rates={"raw": [1.0], "unsampled": [9.0], "sampled": [1.0]},
    )
    result = grpc_chain.result_of(found)
    assert (result.value, result.also[0].value, result.met) == (0.8, 0.5, False)
