"""`jitney bench grpc-chain`, as small as it goes: three servers are called, and spans of the sampled one leave it."""

from __future__ import annotations

from jitney.bench.grpc_chain import Plan, measure_grpc_chain


def test_all_three_sides_answer_and_sampled_spans_are_exported() -> None:
    told: list[str] = []
    result = measure_grpc_chain(Plan(rounds=1, a_round=1_000), told.append)
    assert {item.what.partition(":")[0] for item in result.details} == {"raw", "unsampled", "sampled"}
    assert len(told) == 1
    assert all(item.value > 0 for item in result.details)
