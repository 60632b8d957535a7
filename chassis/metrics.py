"""Metrics every part shares (prometheus_client), and the endpoint they are read at.

RED for each RPC (rate, errors, duration), USE for the pool and the event loop, and the state of queues. A part's own
metrics stand in that part; labels are only ever taken from a closed set.
"""

from __future__ import annotations

import asyncio
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from chassis.settings import Address

_RPC_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

RPC_HANDLED = Counter("grpc_server_handled_total", "RPCs completed, by method and status code", ["method", "code"])
RPC_SECONDS = Histogram(
    "grpc_server_handling_seconds", "Time from an RPC's start to its end", ["method"], buckets=_RPC_SECONDS
)
RPC_SHED = Counter("grpc_server_shed_total", "RPCs refused since there was too much to do", ["urgency"])
RPC_IN_FLIGHT = Gauge("grpc_server_in_flight", "RPCs being handled now")
CLIENT_HANDLED = Counter("grpc_client_handled_total", "RPCs made, by method and status code", ["method", "code"])
CLIENT_SECONDS = Histogram(
    "grpc_client_handling_seconds", "Time a called RPC took, retries included", ["method"], buckets=_RPC_SECONDS
)

LOOP_LAG_SECONDS = Gauge("event_loop_lag_seconds", "How late the event loop woke a timer last")
DATABASE_POOL_IN_USE = Gauge("database_pool_in_use", "Database connections checked out", ["database"])
DATABASE_POOL_SIZE = Gauge("database_pool_size", "Database connections the pool may hold", ["database"])
READY = Gauge("ready", "1 where every readiness probe passes")
WORKER_RESTARTS = Counter("worker_restarts_total", "Background workers that failed and were started again", ["worker"])

OUTBOX_OLDEST_AGE_SECONDS = Gauge("outbox_oldest_age_seconds", "Age of the oldest event not yet published", ["stream"])
OUTBOX_PUBLISHED = Counter("outbox_published_total", "Events published", ["stream"])
OUTBOX_REFILLED = Counter("outbox_refilled_total", "Events put back to be published again after a loss", ["stream"])
STREAM_HELD_BACK = Gauge("stream_held_back", "1 while publishing waits because the consumers lag", ["stream"])
CONSUMER_HANDLED = Counter("consumer_handled_total", "Events taken from streams", ["type", "outcome"])
DEAD_LETTERS = Gauge("dead_letters", "Events parked for a person to look at", ["consumer"])
TLS_CERTIFICATE_EXPIRES = Gauge(
    "tls_certificate_expires_timestamp_seconds", "When the certificate that this process shows ends; 0 without TLS"
)


def serve_metrics(address: Address) -> tuple[WSGIServer, Thread]:
    """Serve `/metrics` on a thread of its own; the caller shuts the server down. Port 0 takes a free one."""
    return start_http_server(address.port, address.host)


async def watch_event_loop(period_seconds: float = 0.5) -> None:
    """Measure for ever how late timers fire: what blocks the loop shows here first."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + period_seconds
        await asyncio.sleep(period_seconds)
        LOOP_LAG_SECONDS.set(max(0.0, loop.time() - due))
