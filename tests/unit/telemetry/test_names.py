"""What rules and dashboards ask for is what the processes serve."""

from __future__ import annotations

import importlib
from typing import Any, cast

from prometheus_client import REGISTRY

from tests.unit.telemetry.rules import dashboard_expressions, names_in, records, rule_expressions

_MODULES = (
    "chassis.live_metrics",
    "chassis.metrics",
    "matching_service.bootstrap",
    "payment_service.bootstrap",
    "notification_service.bootstrap",
    "identity_service.bootstrap",
    "rider_api.metrics",
)
_OF_PROMETHEUS = {"up"}
_OF_A_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes"}


def served() -> set[str]:
    """Return the names that the registries of our processes know."""
    for module in _MODULES:
        importlib.import_module(module)
    names: dict[str, object] = cast("Any", REGISTRY)._names_to_collectors
    return set(names) | _OF_A_PROCESS


def test_names_are_found_in_expressions() -> None:
    asked = 'sum by (job) (rate(a_total{code=~"b|c"}[5m])) / (max(d) > 0) and on() e:f offset 5m'
    assert names_in(asked) == {"a_total", "d", "e:f", "5m"} - {"5m"}


def test_rules_and_dashboards_ask_for_nothing_that_is_not_served() -> None:
    asked = {name for expression in rule_expressions() + dashboard_expressions() for name in names_in(expression)}
    assert len(asked) > 40
    assert asked - served() - records() - _OF_PROMETHEUS == set()
