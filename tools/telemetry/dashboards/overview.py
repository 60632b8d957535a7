"""The overview: whether promises are kept, rides, traffic, events and messages of the whole."""

from __future__ import annotations

from tools.telemetry.panels import Dashboard, Panel
from tools.telemetry.queries import RANGE, quantiles, rate
from tools.telemetry.slos import OBJECTIVES

OVERVIEW = Dashboard(
    "overview",
    "overview",
    (
        (
            "Promises",
            [
                Panel(
                    objective.title,
                    [
                        (f'jitney:slo_error_ratio:rate1h{{slo="{objective.name}"}}', "of the last hour"),
                        (f'jitney:slo_error_ratio:rate3d{{slo="{objective.name}"}}', "of three days"),
                        (f"vector({objective.budget:g})", "may"),
                    ],
                    "percentunit",
                    why=f"What goes wrong; promised: {objective.promise}.",
                )
                for objective in OBJECTIVES
            ],
        ),
        (
            "Rides",
            [
                Panel("Rides by state reached", [rate("matching_rides_total", "state")], "ops"),
                Panel("Waiting for a driver", [("sum(dispatch_waiting_rides)", "rides")]),
                Panel(
                    "Drivers",
                    [("sum(dispatch_free_drivers)", "free"), ("sum(dispatch_stale_drivers)", "silent")],
                ),
            ],
        ),
        (
            "Traffic",
            [
                Panel(
                    "Requests by status",
                    [rate("http_server_handled_total", "status")],
                    "reqps",
                ),
                Panel("Time to answer", quantiles("http_server_handling_seconds"), "s"),
                Panel("Live streams", [("sum(stream_connections)", "open")]),
                Panel(
                    "Slowest routes (p95)",
                    [
                        (
                            "topk(8, histogram_quantile(0.95, sum by (le, method, route) "
                            f"(rate(http_server_handling_seconds_bucket{RANGE}))))",
                            "{{method}} {{route}}",
                        )
                    ],
                    "s",
                ),
                Panel(
                    "Refused for coming too often",
                    [rate("edge_rate_limited_total", "pace")],
                    "reqps",
                ),
                Panel("Answered again by key", [(f"sum(rate(edge_replayed_total{RANGE}))", "replayed")], "reqps"),
            ],
        ),
        (
            "Events",
            [
                Panel("Oldest unpublished event", [("max by (stream) (outbox_oldest_age_seconds)", "{{stream}}")], "s"),
                Panel("Published", [rate("outbox_published_total", "stream")], "ops"),
                Panel("Parked", [("max by (consumer) (dead_letters)", "{{consumer}}")]),
            ],
        ),
        (
            "Messages",
            [
                Panel(
                    "Deliveries",
                    [
                        (
                            f"sum by (channel, outcome) (rate(notification_deliveries_total{RANGE}))",
                            "{{channel}} {{outcome}}",
                        )
                    ],
                    "ops",
                ),
                Panel(
                    "From the fact to the provider (p95)",
                    [
                        (
                            "histogram_quantile(0.95, sum by (le, priority) "
                            f"(rate(notification_delivery_seconds_bucket{RANGE})))",
                            "{{priority}}",
                        )
                    ],
                    "s",
                ),
                Panel("Providers left alone", [("max by (provider) (notification_provider_open)", "{{provider}}")]),
            ],
        ),
    ),
)
