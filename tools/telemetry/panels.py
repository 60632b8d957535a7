"""Dashboards for Grafana as code: panels in rows of three, all from one Prometheus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

_COLUMNS = 3
_WIDTH, _HEIGHT = 24 // _COLUMNS, 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SCHEMA_VERSION = 39
"""Of Grafana 10.4; newer ones read it."""

Unit = Literal["short", "s", "percentunit", "reqps", "bytes", "ops"]


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot, or a number with `kind` stat. `queries` are expressions with the name of what they show."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: Unit = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page: `of_a_job` lets its reader choose the process that `$job` names."""

    name: str
    title: str
    rows: Sequence[tuple[str, Sequence[Panel]]]
    of_a_job: bool = False


def draw(dashboard: Dashboard) -> str:
    """Write a dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in dashboard.rows:
        panels.append(_place({"type": "row", "title": title, "collapsed": False, "panels": []}, panels, 0, y, 24, 1))
        y += 1
        for at, panel in enumerate(row):
            place = (at % _COLUMNS * _WIDTH, y + at // _COLUMNS * _HEIGHT)
            panels.append(_place(_panel(panel), panels, *place, _WIDTH, _HEIGHT))
        y += -(-len(row) // _COLUMNS) * _HEIGHT
    variables: list[dict[str, Any]] = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    ]
    if dashboard.of_a_job:
        query = "label_values(process_resident_memory_bytes, job)"
        variables.append(
            {
                "name": "job",
                "type": "query",
                "label": "Process",
                "datasource": _SOURCE,
                "query": {"query": query, "refId": "jobs"},
                "refresh": 2,
                "sort": 1,
            }
        )
    page = {
        "uid": f"jitney-{dashboard.name}",
        "title": f"Jitney: {dashboard.title}",
        "tags": ["jitney"],
        "schemaVersion": _SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables},
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "tags": ["jitney"], "title": "Jitney", "asDropdown": True, "keepTime": True}],
        "panels": panels,
    }
    return json.dumps(page, indent=1) + "\n"


def _place(panel: dict[str, Any], before: Sequence[object], x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {"id": len(before) + 1, **panel, "gridPos": {"x": x, "y": y, "w": width, "h": height}}


def _panel(panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + at), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
        for at, (expression, legend) in enumerate(panel.queries)
    ]
    options: dict[str, Any] = {"tooltip": {"mode": "multi", "sort": "desc"}, "legend": {"displayMode": "list"}}
    if panel.kind == "stat":
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "none"}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.why,
        "datasource": _SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": options,
    }
