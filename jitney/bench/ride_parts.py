"""The least that a ride's parts can cost, measured on the same stack in the same run: the floor of a ride.

Each part is done by the barest program that does it at all: an edge that answers a constant with one echo behind it; an
echo over gRPC; a row and an event written by one statement over asyncpg; an event over a Redis stream. How many of each
a ride takes is what the services counted themselves.
"""

import asyncio
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from jitney.stack.own_stack import OwnStack

_REQUESTS = 2_000
_CONNECTIONS = 8
_WRITES, _EVENTS, _BATCH = 2_000, 4_000, 10
_TABLES = """
CREATE UNLOGGED TABLE IF NOT EXISTS bench_part_ride (id uuid PRIMARY KEY, state text, note text);
CREATE UNLOGGED TABLE IF NOT EXISTS bench_part_outbox (seq bigint GENERATED ALWAYS AS IDENTITY, id uuid, payload bytea);
"""
_WRITE = """
WITH written AS (INSERT INTO bench_part_ride VALUES ($1, $2, $3))
INSERT INTO bench_part_outbox (id, payload) VALUES ($4, $5)
"""


@dataclass(frozen=True)
class Parts:
    """CPU milliseconds of our side for one of each."""

    edge_call: float
    hop: float
    write: float
    event: float

    def floor_millis(self, each: Mapping[str, float]) -> float:
        """What a ride would cost if it were nothing but its parts.

        Args:
            each: how many of each a ride takes: `edge calls`, `calls between services`, `commits`, `events`.
        """
        return (
            each["edge calls"] * self.edge_call
            + each["calls between services"] * self.hop
            + each["commits"] * self.write
            + each["events"] * self.event
        )


def measure_parts(stack: OwnStack) -> Parts:
    """Measures them one after another."""
    edge_call, hop = _edge_and_hop(stack)
    write, event = asyncio.run(_write_and_event(stack))
    return Parts(edge_call, hop, write, event)


def _edge_and_hop(stack: OwnStack) -> tuple[float, float]:
    from chassis.auth import Role, TokenSigner
    from jitney.bench.edge_stage import peer
    from jitney.bench.http_load import load, request_bytes

    token = TokenSigner.from_dir(stack.data.keys, "cli").sign(str(uuid4()), Role.RIDER, 3_600)
    request = request_bytes("GET", "/v1/echo", token)
    with peer(stack) as (host, port):
        asyncio.run(load(host, port, request, _REQUESTS // 4, _CONNECTIONS))
        before = _peer_cpu()
        asyncio.run(load(host, port, request, _REQUESTS, _CONNECTIONS))
        after = _peer_cpu()
    rest, echo = (1_000 * (after[kind] - before[kind]) / _REQUESTS for kind in ("rest", "echo"))
    # A call between services costs who answers, and about as much who asks.
    return rest + echo, 2 * echo


def _peer_cpu() -> dict[str, float]:
    import psutil

    from jitney.bench.cpu import cpu_seconds

    used = {"rest": 0.0, "echo": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "jitney.bench.edge_peer" in words:
            kind = words[words.index("jitney.bench.edge_peer") + 1]
            workers = process.children(recursive=True)
            used[kind] += cpu_seconds(process) + sum(cpu_seconds(worker) for worker in workers)
    return used


async def _write_and_event(stack: OwnStack) -> tuple[float, float]:
    import asyncpg

    from chassis.redis_client import open_redis
    from jitney.bench.edge_stage import settings_of

    settings = settings_of(stack)
    connection = await asyncpg.connect(settings["JITNEY_MATCHING_DATABASE_URL"])
    redis: Any = open_redis(settings["JITNEY_REDIS_URL"])
    try:
        await connection.execute(_TABLES)
        before = _own_cpu()
        for _ in range(_WRITES):
            await connection.execute(_WRITE, uuid4(), "matching", "", uuid4(), b"x" * 300)
        write = (_own_cpu() - before) / _WRITES
        return 1_000 * write, 1_000 * await _event_seconds(redis)
    finally:
        await connection.execute("DROP TABLE IF EXISTS bench_part_ride, bench_part_outbox")
        await connection.close()
        await redis.delete("bench:parts")
        await redis.aclose()


async def _event_seconds(redis: Any) -> float:
    """CPU of adding an event, reading it in a group and acknowledging it, in batches of ten."""
    await redis.xgroup_create("bench:parts", "bench", id="0", mkstream=True)
    fields = {"id": "x" * 36, "type": "ride", "payload": b"x" * 300, "traceparent": ""}
    before = _own_cpu()
    for _ in range(_EVENTS // _BATCH):
        pipeline = redis.pipeline(transaction=False)
        for _ in range(_BATCH):
            pipeline.xadd("bench:parts", fields, maxlen=1_000, approximate=True)
        await pipeline.execute()
        answer = await redis.xreadgroup("bench", "one", {"bench:parts": ">"}, count=_BATCH)
        await redis.xack("bench:parts", "bench", *(entry[0] for entry in answer[0][1]))
    return (_own_cpu() - before) / _EVENTS


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
