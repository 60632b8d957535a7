"""What stands on which dashboard: a module each, and all of them."""

from __future__ import annotations

from tools.telemetry.dashboards.dispatch import DISPATCH
from tools.telemetry.dashboards.money import MONEY
from tools.telemetry.dashboards.overview import OVERVIEW
from tools.telemetry.dashboards.service import SERVICE

DASHBOARDS = (OVERVIEW, SERVICE, MONEY, DISPATCH)
