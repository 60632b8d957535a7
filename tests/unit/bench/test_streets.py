"""The streets that the benchmark asks, in small."""

from pathlib import Path

import pytest

from jitney.bench import data
from jitney.bench.streets import CANDIDATES, measure_streets
from jitney.stack.problems import StackError


def test_the_benchmark_asks_the_real_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITNEY_DATA", "/nowhere")  # no extract: its part is left out
    said: list[str] = []
    result = measure_streets(1, 4_000, said.append)
    assert result.value > 0
    assert result.limit > 0
    assert any(f"1,000 rides x {CANDIDATES}" in line for line in said)
    assert not any("Midtown" in line for line in said)


def test_data_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JITNEY_DATA", str(tmp_path))
    with pytest.raises(StackError, match=r"trips\.csv\.gz is not there\. JITNEY_DATA names"):
        data.data_file("sf_taxi/trips.csv.gz")
