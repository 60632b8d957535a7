"""The rules and dashboards of the chart, read, and the names of the metrics that they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "helm" / "jitney"
_WORDS = frozenset({"and", "or", "unless", "by", "on", "without", "ignoring", "bool", "offset"})


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it stands in a file."""

    name: str
    expression: str
    labels: dict[str, str]
    annotations: dict[str, str]


def rule_files() -> list[Path]:
    """Return the files of rules."""
    return sorted((CHART / "rules").glob("*.yaml"))


def _rules() -> Iterator[dict[str, Any]]:
    for path in rule_files():
        for group in cast("dict[str, Any]", yaml.safe_load(path.read_text()))["groups"]:
            yield from group["rules"]


def alerts() -> list[Alert]:
    """Return all alerts."""
    return [
        Alert(rule["alert"], rule["expr"], rule["labels"], rule["annotations"]) for rule in _rules() if "alert" in rule
    ]


def records() -> set[str]:
    """Return the names of what rules record."""
    return {rule["record"] for rule in _rules() if "record" in rule}


def rule_expressions() -> list[str]:
    """Return what rules ask."""
    return [str(rule["expr"]) for rule in _rules()]


def dashboard_expressions() -> list[str]:
    """Return what dashboards ask."""
    pages = [json.loads(path.read_text()) for path in sorted((CHART / "dashboards").glob("*.json"))]
    return [target["expr"] for page in pages for panel in page["panels"] for target in panel.get("targets", ())]


def names_in(expression: str) -> set[str]:
    """Return the names of the metrics in an expression: what is no function, word, label or text."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    found = re.findall(r"(?<![\w.:])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])", bare)
    return {name for name in found if name not in _WORDS}
