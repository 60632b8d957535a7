"""The objectives (SLOs), and the rules that tell when their budget burns.

Recorded is the share of what went wrong over several windows; an alert looks at two of them, so that it comes soon and
goes soon (Google's SRE workbook, "Alerting on SLOs", the sixth way). A budget is of 30 days: at 14.4 times the allowed
share, an hour burns a fiftieth of it.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_FAST = (("1h", "5m", 14.4), ("6h", "30m", 6.0))
_SLOW = (("1d", "2h", 3.0), ("3d", "6h", 1.0))


@dataclass(frozen=True, slots=True)
class Objective:
    """What is promised: of all that counts, the share `target` goes well; `bad` and `all` are rates over `WINDOW`."""

    name: str
    title: str
    target: float
    promise: str
    bad: str
    all: str

    @property
    def budget(self) -> float:
        """Which share may go wrong."""
        return round(1 - self.target, 6)


def _slower_than(histogram: str, seconds: str, labels: str = "") -> tuple[str, str]:
    """Return the rates of what took longer than a bound of a histogram, and of all."""
    every = f"sum(rate({histogram}_count{{{labels}}}[WINDOW]))".replace("{}", "")
    bound = f'{labels},le="{seconds}"' if labels else f'le="{seconds}"'
    return f"({every} - sum(rate({histogram}_bucket{{{bound}}}[WINDOW])))", every


OBJECTIVES = (
    Objective(
        "availability",
        "Availability",
        0.999,
        "999 of 1,000 requests of the edge are not answered with 5xx",
        '(sum(rate(http_server_handled_total{status=~"5.."}[WINDOW])) or vector(0))',
        "sum(rate(http_server_handled_total[WINDOW]))",
    ),
    Objective(
        "offer",
        "Request to offer",
        0.95,
        "95 of 100 searches for a driver come to an offer within 10 s",
        *_slower_than("matching_offer_wait_seconds", "10.0"),
    ),
    Objective(
        "stream",
        "Offer to driver",
        0.99,
        "99 of 100 offers are handed to the driver's live stream within 1 s of being made",
        *_slower_than("stream_latency_seconds", "1.0", 'type="offer_created"'),
    ),
    Objective(
        "capture",
        "Capture",
        0.99,
        "99 of 100 fares are captured within 30 s of the ride's end",
        *_slower_than("matching_payment_settled_seconds", "30.0", 'outcome="captured"'),
    ),
    Objective(
        "notification",
        "Notification",
        0.99,
        "99 of 100 messages that a trip needs are taken by their provider within 5 s of what they tell",
        *_slower_than("notification_delivery_seconds", "5.0", 'priority="trip_critical"'),
    ),
)


def draw() -> str:
    """Write the rules as YAML."""
    lines = [
        "# Written by `python -m tools.telemetry` from tools/telemetry/slos.py: change that.",
        "groups:",
        "  # One group, so that alerts look at what was recorded just before.",
        "  - name: jitney-slos",
        "    rules:",
    ]
    for objective in OBJECTIVES:
        for window in WINDOWS:
            ratio = f"{objective.bad} / ({objective.all} > 0)".replace("WINDOW", window)
            lines += [
                f"      - record: jitney:slo_error_ratio:rate{window}",
                f"        expr: '{ratio}'",
                "        labels:",
                f"          slo: {objective.name}",
            ]
    for objective in OBJECTIVES:
        lines += _alert(objective, "Fast", "page", _FAST, "2m") + _alert(objective, "Slow", "ticket", _SLOW, "15m")
    return "\n".join(lines) + "\n"


def alert_name(objective: Objective, pace: str) -> str:
    """Name an objective's alert."""
    return f"{objective.title.title().replace(' ', '')}Burns{pace}"


def _alert(
    objective: Objective, pace: str, severity: str, pairs: tuple[tuple[str, str, float], ...], held: str
) -> list[str]:
    def above(window: str, factor: float) -> str:
        share = round(factor * objective.budget, 6)
        return f'jitney:slo_error_ratio:rate{window}{{slo="{objective.name}"}} > {share:g}'

    either = " or ".join(f"({above(long, factor)} and {above(short, factor)})" for long, short, factor in pairs)
    return [
        f"      - alert: {alert_name(objective, pace)}",
        f"        expr: '{either}'",
        f"        for: {held}",
        "        labels:",
        f"          severity: {severity}",
        f"          slo: {objective.name}",
        "        annotations:",
        f'          summary: "{{{{ $value | humanizePercentage }}}} go wrong where {objective.budget:.1%} may:'
        f' {objective.promise}"',
        f"          runbook: docs/runbooks/alerts/slo-{objective.name}.md",
    ]
