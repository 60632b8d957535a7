"""One service, chosen by its job: its calls, its process and its events."""

from __future__ import annotations

from tools.telemetry.panels import Dashboard, Panel
from tools.telemetry.queries import JOB, RANGE, quantiles, rate

SERVICE = Dashboard(
    "service",
    "a service",
    (
        (
            "Calls",
            [
                Panel(
                    "Calls by code",
                    [rate("grpc_server_handled_total", "code", labels=JOB)],
                    "reqps",
                ),
                Panel("Time to answer", quantiles("grpc_server_handling_seconds", JOB), "s"),
                Panel("Under way", [('sum by (instance) (grpc_server_in_flight{job="$job"})', "{{instance}}")]),
                Panel(
                    "Busiest methods",
                    [
                        (
                            f'topk(8, sum by (method) (rate(grpc_server_handled_total{{job="$job"}}{RANGE})))',
                            "{{method}}",
                        )
                    ],
                    "reqps",
                ),
                Panel(
                    "Slowest methods (p95)",
                    [
                        (
                            "topk(8, histogram_quantile(0.95, sum by (le, method) "
                            f'(rate(grpc_server_handling_seconds_bucket{{job="$job"}}{RANGE}))))',
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
                            f'(rate(grpc_client_handling_seconds_bucket{{job="$job"}}{RANGE}))))',
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
                Panel(
                    "CPU", [(f'rate(process_cpu_seconds_total{{job="$job"}}{RANGE})', "{{instance}}")], "percentunit"
                ),
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
                            f'sum by (type, outcome) (rate(consumer_handled_total{{job="$job"}}{RANGE}))',
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
