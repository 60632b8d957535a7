"""Metrics of the edge's own; labels are routes and codes, never what a client wrote."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HTTP_HANDLED = Counter("http_server_handled_total", "Requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "http_server_handling_seconds", "Time from a request's start to its answer", ["method", "route"], buckets=_SECONDS
)
RATE_LIMITED = Counter("edge_rate_limited_total", "Requests refused for coming too often", ["pace"])
SHED = Counter("edge_shed_total", "Requests refused since there was too much to do", ["urgency"])
REPLAYED = Counter("edge_replayed_total", "Requests answered with the kept answer to their Idempotency-Key")
INTAKE_REFUSED = Counter(
    "edge_intake_refused_total",
    "Requests that no thread was given to: their body came too slowly, or too many waited",
    ["why"],
)
SHARED_REDIS_FAILURES = Counter(
    "edge_shared_redis_failures_total", "Times that limits or kept answers went without Redis"
)
