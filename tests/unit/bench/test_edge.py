"""What the benchmark of the edge makes of its figures."""

from __future__ import annotations

from dataclasses import replace

from jitney.bench.edge import Rates, result_of
from jitney.bench.edge_streams import Held

RATES = Rates(
    echo=[100.0, 200.0, 300.0],
    quotes=[150.0, 160.0, 170.0],
    rides=[150.0, 150.0, 900.0],
    by_connections={1: (100.0, 90.0)},
    refused=0,
)
HELD = Held(count=5_000, kilobytes_each=8.0, published=6, missed=0, resyncs=0, cpu_seconds_quiet=0.1)


def test_the_lower_ratio_of_the_medians_counts() -> None:
    result = result_of(RATES, [HELD])
    assert (result.value, result.ratio, result.met) == (0.75, 0.75, True)
    assert not result_of(replace(RATES, quotes=[130.0]), [HELD]).met


def test_one_refusal_one_missed_message_or_a_fat_stream_breaks_the_promise() -> None:
    assert not result_of(replace(RATES, refused=1), [HELD]).met
    assert not result_of(RATES, [replace(HELD, missed=1)]).met
    assert not result_of(RATES, [replace(HELD, resyncs=1)]).met
    assert not result_of(RATES, [replace(HELD, kilobytes_each=20.1)]).met


def test_streams_may_be_left_out() -> None:
    assert result_of(RATES, []).met
