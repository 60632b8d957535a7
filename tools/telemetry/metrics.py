"""The page of all metrics, from the registries of our processes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, cast

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

_MODULES = (
    ("all services", "chassis.metrics"),
    ("identity", "identity_service.bootstrap"),
    ("matching", "matching_service.bootstrap"),
    ("payment", "payment_service.bootstrap"),
    ("live streams", "chassis.live_metrics"),
    ("notification", "notification_service.bootstrap"),
    ("the edge", "rider_api.metrics"),
)
_SUFFIXES = {"counter": "_total"}


def draw() -> str:
    """Write the page."""
    lines = [
        "# Metrics",
        "",
        "Written by `python -m tools.telemetry` from the code. Labels are of closed sets: routes, methods, states,",
        "names of providers; never what somebody wrote. Beside these each process tells of its CPU, memory and file",
        "descriptors (`process_*`). What is worth an alert: [telemetry.md](telemetry.md).",
        "",
    ]
    known: set[str] = set()
    for owner, module in _MODULES:
        importlib.import_module(module)
        rows = [row for name, row in _rows() if name not in known]
        known |= {name for name, _ in _rows()}
        if rows:
            lines += [
                f"## Of {owner}",
                "",
                "| metric | kind | labels | tells |",
                "| --- | --- | --- | --- |",
                *rows,
                "",
            ]
    return "\n".join(lines)


def _rows() -> Iterator[tuple[str, str]]:
    collectors = {id(each): each for each in cast("Any", REGISTRY)._names_to_collectors.values()}
    found: list[tuple[str, str]] = []
    for each in collectors.values():
        if isinstance(each, MetricWrapperBase):
            metric = cast("Any", each)
            name, kind = str(metric._name) + _SUFFIXES.get(metric._type, ""), str(metric._type)
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            found.append((name, f"| `{name}` | {kind} | {labels} | {metric._documentation} |"))
    yield from sorted(found)
