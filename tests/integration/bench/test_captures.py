"""The benchmark of captures, with tiny numbers: it runs, and what pgbench runs is what the service sent."""

from __future__ import annotations

import asyncio
import json

from jitney.bench.captures import Plan, measure_captures


async def test_the_benchmark_of_captures_runs_and_says_what_it_found() -> None:
    said: list[str] = []

    result = await asyncio.to_thread(measure_captures, Plan(rounds=1, a_round=32, growth_to=10_000), said.append)

    assert json.loads(result.as_json())["name"] == "captures"
    assert result.limit > 0
    assert {detail.what for detail in result.details} >= {
        "pgbench, 16 clients",
        "gRPC, 16 callers",
        "CPU a capture at 10,000 postings",
    }
    assert [promise.what for promise in result.also] == ["256 waiting / limit"]
    assert len(said) == 2
