"""Metrics of the edge's own; labels are routes and codes, never what a client wrote."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HTTP_HANDLED = Counter("http_server_handled_total", "Requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "http_server_handling_seconds", "Time from a request's start to its answer", ["method", "route"], buckets=_SECONDS
)
STREAM_CONNECTIONS = Gauge("stream_connections", "Live streams that are open")
STREAM_EVENTS = Counter("stream_events_total", "Events handed to live streams", ["outcome"])
STREAM_CLOSED = Counter("stream_closed_total", "Live streams that were closed by this side", ["reason"])
LIVE_TYPES = frozenset({"offer_created", "offer_closed", "ride_updated", "notification"})
STREAM_LATENCY_SECONDS = Histogram(
    "stream_latency_seconds",
    "From what happened to its handing over to a live stream, by type of event",
    ["type"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)
STREAM_READ_FAILURES = Counter("stream_read_failures_total", "Times that reading from Redis failed")
RATE_LIMITED = Counter("edge_rate_limited_total", "Requests refused for coming too often", ["pace"])
REPLAYED = Counter("edge_replayed_total", "Requests answered with the kept answer to their Idempotency-Key")
SHARED_REDIS_FAILURES = Counter(
    "edge_shared_redis_failures_total", "Times that limits or kept answers went without Redis"
)
