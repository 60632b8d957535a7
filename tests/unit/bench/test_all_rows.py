"""`jitney bench all`: a row that fails takes no other along, the page says what was missed, and what became worse."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from jitney.bench import all_rows
from jitney.bench.result import Detail, Promise, Result
from jitney.bench.rows import ROWS
from jitney.bench.written_report import write_report
from jitney.plots import bars
from jitney.stack.problems import StackError

GOOD = Result("start", 4.0, "s", 2.0, 5.0, (Detail("first start", 4.0, "s"),)).whole()
MISSED = Result(
    "edge", 0.5, "", 1.0, 0.7, (), more_is_better=True, also=(Promise("answers other than 2xx", 3, most=0),)
).whole()


def found(**rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "measured_at": "2026-11-28T17:00:00+00:00",
        "seconds": 12.5,
        "load_before": 0.5,
        "load_after": 1.5,
        "machine": {"cpu": "a CPU", "cores": 2, "memory_gigabytes": 8.0, "system": "Linux 6"},
        "versions": {"python": "3.11.7"},
        "rows": {name: {"seconds": 9.0, **row} for name, row in rows.items()},
    }


def test_a_row_that_fails_says_so_and_the_next_one_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured_as(name: str) -> dict[str, Any]:
        return {"failed": "no"} if name == "start" else dict(MISSED)

    monkeypatch.setattr(all_rows, "_measure", measured_as)
    told: list[str] = []
    measured = all_rows.measure_all(["start", "edge"], told.append)
    assert list(measured["rows"]) == ["start", "edge"]
    assert not all_rows.all_met(measured)
    assert "answers other than 2xx" in told[-1]


def test_a_row_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(all_rows.ROWS, "memory", replace(ROWS["memory"], most_seconds=0.01))  # type: ignore[arg-type]
    assert "did not end" in all_rows.measure_all(["memory"], lambda _: None)["rows"]["memory"]["failed"]


def test_a_row_that_fails_says_with_what_and_not_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise ValueError('no stack:\\n\\tfull')")
    command = [sys.executable, str(tmp_path / "broken.py")]
    monkeypatch.setattr(all_rows, "_command", Mock(return_value=command))
    told: list[str] = []
    all_rows.measure_all(["memory"], told.append)
    assert told[-1].startswith("  failed: ValueError: no stack:")


def test_a_row_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(StackError, match="no row swiftness"):
        all_rows.measure_all(["start", "swiftness"], lambda _: None)


def test_ratios_are_compared_and_not_figures() -> None:
    before = found(start=dict(GOOD) | {"ratio": 1.0, "value": 400.0}, edge={"failed": "no"})
    assert all_rows.compare(found(start=GOOD, edge=MISSED), before) == {"start": 0.5}


def test_rows_measured_again_stand_beside_the_others_of_before() -> None:
    before = found(start=GOOD, edge=MISSED)
    again = found(edge=GOOD | {"measured_at": "2026-11-29T05:00:00+00:00", "cpu": "another CPU"})
    rows = all_rows.beside(again, before)["rows"]
    assert {name: (row["value"], row["measured_at"], row["cpu"]) for name, row in rows.items()} == {
        "start": (4.0, "2026-11-28T17:00:00+00:00", "a CPU"),
        "edge": (4.0, "2026-11-29T05:00:00+00:00", "another CPU"),
    }


def test_what_is_stored_can_be_compared_with(tmp_path: Path) -> None:
    write_report(found(start=GOOD, edge=MISSED), tmp_path)
    assert all_rows.read_report(tmp_path / "benchmarks.json")["rows"]["start"]["value"] == 4.0
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(StackError, match="no stored run"):
        all_rows.read_report(tmp_path / "other.json")


def test_the_page_names_machine_command_and_every_promise(tmp_path: Path) -> None:
    written = write_report(found(start=GOOD, edge=MISSED, rides={"failed": "it did not end"}), tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    for words in (
        "a CPU, 2 cores",
        "Measured at 2026-11-28T17:00:00+00:00 on a CPU, in 9 s.",
        "0.5 before, 1.5 after",
        "jitney bench start",
        "**missed**",
        "in 9 s",
        "it did not end",
    ):
        assert words in page
    for path in written:
        if path.suffix == ".svg":
            assert f"](benchmarks/{path.name})" in page
            ET.fromstring(path.read_text())  # noqa: S314 (written a moment ago)
    assert json.loads((tmp_path / "benchmarks.json").read_text())["rows"]["edge"]["met"] is False


def test_a_bar_that_reaches_the_mark_has_another_color_than_one_that_does_not() -> None:
    plot = bars([("good & well", 1.0), ("bad", 0.99)], "targets", mark=1.0)
    colors = [item.get("fill") for item in ET.fromstring(plot).findall("{*}rect")][1:]  # noqa: S314
    assert len(set(colors)) == 2
