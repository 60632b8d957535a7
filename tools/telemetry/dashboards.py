"""What stands on which dashboard."""

from __future__ import annotations

from tools.telemetry.panels import Dashboard, Panel
from tools.telemetry.slos import OBJECTIVES

_R = "[$__rate_interval]"
_JOB = 'job="$job"'


def _rate(counter: str, *by: str, labels: str = "") -> tuple[str, str]:
    """Show how often a second, one line for each value of the labels `by`."""
    chosen = f"{{{labels}}}" if labels else ""
    return f"sum by ({', '.join(by)}) (rate({counter}{chosen}{_R}))", " ".join(f"{{{{{label}}}}}" for label in by)


def _quantiles(histogram: str, labels: str = "") -> list[tuple[str, str]]:
    chosen = f"{{{labels}}}" if labels else ""
    return [
        (f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{chosen}{_R})))", f"p{share * 100:g}")
        for share in (0.5, 0.95, 0.99)
    ]


_OVERVIEW = Dashboard(
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
                Panel("Rides by state reached", [_rate("matching_rides_total", "state")], "ops"),
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
                    [_rate("http_server_handled_total", "status")],
                    "reqps",
                ),
                Panel("Time to answer", _quantiles("http_server_handling_seconds"), "s"),
                Panel("Live streams", [("sum(stream_connections)", "open")]),
                Panel(
                    "Slowest routes (p95)",
                    [
                        (
                            "topk(8, histogram_quantile(0.95, sum by (le, method, route) "
                            f"(rate(http_server_handling_seconds_bucket{_R}))))",
                            "{{method}} {{route}}",
                        )
                    ],
                    "s",
                ),
                Panel(
                    "Refused for coming too often",
                    [_rate("edge_rate_limited_total", "pace")],
                    "reqps",
                ),
                Panel("Answered again by key", [(f"sum(rate(edge_replayed_total{_R}))", "replayed")], "reqps"),
            ],
        ),
        (
            "Events",
            [
                Panel("Oldest unpublished event", [("max by (stream) (outbox_oldest_age_seconds)", "{{stream}}")], "s"),
                Panel("Published", [_rate("outbox_published_total", "stream")], "ops"),
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
                            f"sum by (channel, outcome) (rate(notification_deliveries_total{_R}))",
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
                            f"(rate(notification_delivery_seconds_bucket{_R})))",
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

_SERVICE = Dashboard(
    "service",
    "a service",
    (
        (
            "Calls",
            [
                Panel(
                    "Calls by code",
                    [_rate("grpc_server_handled_total", "code", labels=_JOB)],
                    "reqps",
                ),
                Panel("Time to answer", _quantiles("grpc_server_handling_seconds", _JOB), "s"),
                Panel("Under way", [('sum by (instance) (grpc_server_in_flight{job="$job"})', "{{instance}}")]),
                Panel(
                    "Busiest methods",
                    [(f'topk(8, sum by (method) (rate(grpc_server_handled_total{{job="$job"}}{_R})))', "{{method}}")],
                    "reqps",
                ),
                Panel(
                    "Slowest methods (p95)",
                    [
                        (
                            "topk(8, histogram_quantile(0.95, sum by (le, method) "
                            f'(rate(grpc_server_handling_seconds_bucket{{job="$job"}}{_R}))))',
                            "{{method}}",
                        )
                    ],
                    "s",
                ),
                Panel(
                    "Calls of others (p95)",
                    [
                        (
                            "topk(8, histogram_quantile(0.95, sum by (le, method) "
                            f'(rate(grpc_client_handling_seconds_bucket{{job="$job"}}{_R}))))',
                            "{{method}}",
                        )
                    ],
                    "s",
                ),
            ],
        ),
        (
            "Process",
            [
                Panel("CPU", [(f'rate(process_cpu_seconds_total{{job="$job"}}{_R})', "{{instance}}")], "percentunit"),
                Panel("Memory", [('process_resident_memory_bytes{job="$job"}', "{{instance}}")], "bytes"),
                Panel("Event loop is late by", [('event_loop_lag_seconds{job="$job"}', "{{instance}}")], "s"),
                Panel(
                    "Database connections in use",
                    [
                        ('database_pool_in_use{job="$job"}', "{{instance}} {{database}}"),
                        ('max(database_pool_size{job="$job"})', "at most"),
                    ],
                ),
                Panel("Ready", [('ready{job="$job"}', "{{instance}}")]),
                Panel(
                    "Workers started again",
                    [('sum by (worker) (increase(worker_restarts_total{job="$job"}[1h]))', "{{worker}}")],
                ),
            ],
        ),
        (
            "Events",
            [
                Panel(
                    "Taken in",
                    [
                        (
                            f'sum by (type, outcome) (rate(consumer_handled_total{{job="$job"}}{_R}))',
                            "{{type}} {{outcome}}",
                        )
                    ],
                    "ops",
                ),
                Panel("Oldest unpublished", [('outbox_oldest_age_seconds{job="$job"}', "{{stream}}")], "s"),
                Panel("Parked", [('dead_letters{job="$job"}', "{{consumer}}")]),
            ],
        ),
    ),
    of_a_job=True,
)

_MONEY = Dashboard(
    "money",
    "money",
    (
        (
            "Payments",
            [
                Panel(
                    "From a ride's end to its payment's",
                    _quantiles("matching_payment_settled_seconds", 'outcome="captured"'),
                    "s",
                ),
                Panel("Oldest owed step", [("max(matching_saga_oldest_owed_seconds)", "age")], "s"),
                Panel(
                    "Payments by outcome",
                    [_rate("matching_payment_settled_seconds_count", "outcome")],
                    "ops",
                ),
            ],
        ),
        (
            "The PSP",
            [
                Panel(
                    "Calls",
                    [_rate("psp_calls_total", "operation", "outcome")],
                    "reqps",
                ),
                Panel(
                    "Time to answer (p95)",
                    [
                        (
                            f"histogram_quantile(0.95, sum by (le, operation) (rate(psp_call_seconds_bucket{_R})))",
                            "{{operation}}",
                        )
                    ],
                    "s",
                ),
                Panel(
                    "In doubt",
                    [("max(jitney_payment_unknown_operations)", "operations")],
                    why="Operations whose outcome the PSP has not told.",
                ),
                Panel("Oldest in doubt", [("max(jitney_payment_unknown_oldest_age_seconds)", "age")], "s"),
                Panel("Parked events of the PSP", [("max(jitney_payment_psp_events_parked)", "parked")]),
            ],
        ),
        (
            "The books",
            [
                Panel(
                    "Contradictions of the ledger", [("max(jitney_payment_ledger_differences)", "found")], kind="stat"
                ),
                Panel("Open items", [("max by (kind) (jitney_payment_open_items)", "{{kind}}")]),
                Panel(
                    "Clearing accounts",
                    [
                        (
                            "max by (account, currency) (jitney_payment_clearing_balance_minor)",
                            "{{account}} {{currency}}",
                        )
                    ],
                ),
                Panel(
                    "Too long in clearing",
                    [("max by (account, currency) (jitney_payment_clearing_aged_minor)", "{{account}} {{currency}}")],
                ),
                Panel("Changes not rolled up", [("max(jitney_payment_balance_deltas)", "changes")]),
            ],
        ),
    ),
)

_DISPATCH = Dashboard(
    "dispatch",
    "dispatch",
    (
        (
            "Riders",
            [
                Panel("From searching to an offer", _quantiles("matching_offer_wait_seconds"), "s"),
                Panel(
                    "From an offer to its driver's stream",
                    _quantiles("stream_latency_seconds", 'type="offer_created"'),
                    "s",
                ),
                Panel(
                    "Offers by their end",
                    [_rate("matching_offers_total", "outcome")],
                    "ops",
                ),
                Panel("Waiting rides", [("sum(dispatch_waiting_rides)", "rides")]),
                Panel(
                    "Drivers",
                    [("sum(dispatch_free_drivers)", "free"), ("sum(dispatch_stale_drivers)", "silent")],
                ),
                Panel("Pings by verdict", [_rate("matching_pings_total", "verdict")], "ops"),
            ],
        ),
        (
            "Ticks",
            [
                Panel("Time of a tick", _quantiles("dispatch_tick_seconds"), "s"),
                Panel("Proposals", [_rate("dispatch_offers_total", "outcome")], "ops"),
                Panel(
                    "Pairs weighed",
                    [
                        (f"sum(rate(dispatch_candidates_total{_R}))", "weighed"),
                        (f"sum(rate(dispatch_contended_total{_R}))", "contended"),
                    ],
                    "ops",
                ),
                Panel(
                    "Given up, or in haste",
                    [
                        ("sum(increase(dispatch_failed_ticks_total[10m]))", "failed ticks"),
                        ("sum(increase(dispatch_failed_beats_total[10m]))", "failed beats"),
                        ("sum(increase(dispatch_greedy_passes_total[10m]))", "greedy passes"),
                        ("sum(increase(dispatch_untraced_ticks_total[10m]))", "without an explanation"),
                    ],
                ),
                Panel("Drivers exchanged", [(f"sum(rate(dispatch_rerouted_total{_R}))", "rides")], "ops"),
                Panel("Due rows taken up", [_rate("matching_swept_total", "sweep")], "ops"),
            ],
        ),
        (
            "Matchers",
            [
                Panel("Shards by matcher", [("dispatch_owned_shards", "{{instance}}")]),
                Panel("Matchers that live", [("max(dispatch_matchers)", "matchers")]),
                Panel(
                    "Shards changing hands", [("sum by (how) (increase(dispatch_shard_changes_total[10m]))", "{{how}}")]
                ),
            ],
        ),
        (
            "Travel times",
            [
                Panel("Told by", [_rate("matching_eta_legs_total", "provider")], "ops"),
                Panel(
                    "Left to the next provider",
                    [_rate("matching_eta_fallbacks_total", "provider", "cause")],
                    "ops",
                ),
                Panel("Error", [("max by (provider) (matching_eta_error)", "{{provider}}")], "percentunit"),
            ],
        ),
    ),
)

DASHBOARDS = (_OVERVIEW, _SERVICE, _MONEY, _DISPATCH)
