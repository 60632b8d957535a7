"""Metrics of live streams, however they are sent: server-sent events at the edge, gRPC at notification."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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
