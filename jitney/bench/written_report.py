"""A run of `jitney bench all` as a page: docs/benchmarks.md with its plots, and the same for programs beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jitney.bench.rides import PROFILE
from jitney.bench.rows import ROWS
from jitney.plots import bars


def write_report(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Writes `benchmarks.md`, `benchmarks.json` and the plots in `benchmarks/`; returns what was written."""
    plots = folder / "benchmarks"
    plots.mkdir(parents=True, exist_ok=True)
    page, data = folder / "benchmarks.md", folder / "benchmarks.json"
    written = [page, data, plots / "targets.svg"]
    written[2].write_text(bars(_kept(found), "how far each target is kept (1: just so; more is better)", mark=1.0))
    names = ["targets"]
    for name, what, picked in (
        ("rides-by-rate", "CPU of all services a ride (ms), by rides a second", _by_rate(found)),
        ("rides-by-process", "CPU a ride at the highest rate (ms), by process", _by_process(found)),
        ("rides-profile", "where a ride's time goes in all services (ms of CPU), by library", _by_part(found)),
    ):
        if picked:
            path = plots / f"{name}.svg"
            path.write_text(bars(picked, what))
            written.append(path)
            names.append(name)
    page.write_text(page_of(found, names))
    data.write_text(json.dumps(found, indent=1) + "\n")
    return written


def page_of(found: Mapping[str, Any], plots: Sequence[str]) -> str:
    """The page: what, on what, the rows, the plots, what stands behind each figure."""
    machine, rows = found["machine"], found["rows"]
    lines = [
        "# Benchmarks",
        "",
        "Written by `jitney bench all --report`; each figure stands beside a limit or a peer measured in the same run.",
        "Ratios count: figures alone tell as much of the machine. `jitney bench NAME` measures one row at length.",
        "",
        f"- written at {found['measured_at']}; the rows took {sum(row['seconds'] for row in rows.values()):.0f} s",
        f"- load of the machine: {found['load_before']:.1f} before, {found['load_after']:.1f} after",
        f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gigabytes']:g} GB, {machine['system']}",
        f"- {', '.join(f'{name} {number}' for name, number in found['versions'].items())}",
        "",
        "| row | measured | limit | ratio | target | met |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, row in rows.items():
        if "failed" in row:
            lines.append(f"| {name} | | | | | failed |")
            continue
        bound = "≥" if row["more_is_better"] else "≤"
        lines.append(
            f"| {name} | {row['value']:.4g} {row['unit']} | {row['limit']:.4g} | {row['ratio']:.3g} | "
            f"{bound} {row['target']:.4g} | {'yes' if row['met'] else '**no**'} |"
        )
    lines.append("")
    lines += [f"![{name}](benchmarks/{name}.svg)" for name in plots]
    for name, row in rows.items():
        lines += ["", f"## {name}", "", f"{ROWS[name].what[0].upper()}{ROWS[name].what[1:]}.", ""]
        lines += [f"    jitney bench {ROWS[name].command}", ""]
        when, cpu = row.get("measured_at", found["measured_at"]), row.get("cpu", machine["cpu"])
        lines += [f"Measured at {when} on {cpu}, in {row['seconds']:.0f} s.", ""]
        if "failed" in row:
            lines += ["It failed:", "", *(f"    {line}" for line in str(row["failed"]).splitlines())]
            continue
        for promise in row["promises"]:
            bounds = (("at least", promise["least"]), ("at most", promise["most"]))
            told = ", ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
            kept = "kept" if promise["met"] else "**missed**"
            lines.append(f"- {promise['what']}: {promise['value']:.4g} ({told}), {kept}")
        if row["promises"]:
            lines.append("")
        lines += ["| | value | unit |", "| --- | ---: | --- |"]
        lines += [f"| {item['what'].strip()} | {item['value']:.4g} | {item['unit']} |" for item in row["details"]]
    return "\n".join(lines) + "\n"


def _kept(found: Mapping[str, Any]) -> list[tuple[str, float]]:
    """How far each row's own target is kept: 1 is just so."""
    kept: list[tuple[str, float]] = []
    for name, row in found["rows"].items():
        if "failed" in row:
            kept.append((name, 0.0))
            continue
        part, whole = (row["value"], row["target"]) if row["more_is_better"] else (row["target"], row["value"])
        kept.append((name, part / whole if whole > 0 else 0.0))
    return kept


def _details(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(found["rows"].get(name, {}).get("details", ()))


def _by_rate(found: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [
        (item["what"].partition(":")[0], item["value"])
        for item in _details(found, "rides")
        if item["what"].endswith(": CPU a ride")
    ]


def _by_process(found: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [
        (item["what"].partition(", ")[2], item["value"])
        for item in _details(found, "rides")
        if item["what"].startswith(("of that, ", "beside that, "))
    ]


def _by_part(found: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The profile's parts over all processes, the largest first."""
    millis: dict[str, float] = {}
    for item in _details(found, "rides"):
        if item["what"].startswith(PROFILE):
            part = item["what"].partition(": ")[2]
            millis[part] = millis.get(part, 0.0) + item["value"]
    return sorted(millis.items(), key=lambda part: -part[1])
