"""What a stack takes and holds at a moment: memory, files, connections, streams, rows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
import psutil
from redis.exceptions import RedisError

from jitney.chaos.ground import Ground

SERVICES = ("identity", "matching", "payment", "notification")
STORES = frozenset({"postgres", "redis"})
_MEGABYTE = 1_000_000
TRIMMED: Mapping[str, Sequence[str]] = {
    "identity": ("outbox", "idempotency_keys"),
    "matching": ("outbox", "inbox", "idempotency_keys", "quote", "dead_letters"),
    "payment": ("outbox", "dead_letters"),
    "notification": ("inbox", "delivery", "dead_letters"),
}
"""Tables with rows that a worker deletes or that must stay few; each is left out where there is no such table."""


@dataclass(frozen=True)
class Sample:
    """One look. Figures by name, `what process` or `what store`."""

    at_seconds: float
    figures: Mapping[str, float] = field(default_factory=dict[str, float])

    def of(self, what: str) -> dict[str, float]:
        """Return the figures of one kind, by process or store."""
        return {name.partition(" ")[2]: value for name, value in self.figures.items() if name.startswith(f"{what} ")}


def look_at_processes(ground: Ground, names: Sequence[str]) -> dict[str, float]:
    """Return memory, open files, sockets and threads of each process with all that it started.

    Of memory (MB) both what is mapped (`rss_mb`), where what PostgreSQL's processes share counts for each of them, and
    what is theirs alone (`own_mb`), where the system tells it.
    """
    figures: dict[str, float] = {}
    for name in names:
        memory = own = files = sockets = threads = 0.0
        for process in ground.family_of(name):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                memory += process.memory_info().rss / _MEGABYTE
                files += process.num_fds()
                sockets += len(process.net_connections("tcp"))
                threads += process.num_threads()
                own += process.memory_full_info().uss / _MEGABYTE
        if memory:
            figures |= {
                f"rss_mb {name}": round(memory, 1),
                f"fds {name}": files,
                f"sockets {name}": sockets,
                f"threads {name}": threads,
                f"own_mb {name}": round(own, 1),
            }
    return figures


async def look_at_stores(ground: Ground) -> dict[str, float]:
    """Return rows of the tables that are trimmed, connections, and Redis' keys, memory and stream lengths.

    A store that does not answer is left out.
    """
    figures: dict[str, float] = {}
    with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
        for service in SERVICES:
            async with ground.database(service) as connection:
                for table in TRIMMED[service]:
                    if await connection.fetchval("SELECT to_regclass($1)", table):
                        rows = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 (names of ours)
                        figures[f"rows {service}.{table}"] = float(rows or 0)
                figures[f"connections {service}"] = float(
                    await connection.fetchval(
                        "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
                    )
                    or 0
                )
    with contextlib.suppress(OSError, RedisError, TimeoutError):
        async with ground.redis() as redis:
            figures["keys redis"] = float(await redis.dbsize())
            figures["clients redis"] = float(len(await redis.client_list()))
            memory = await redis.info("memory")
            figures["memory_mb redis"] = round(float(memory["used_memory"]) / _MEGABYTE, 2)
            async for key in redis.scan_iter(match="events:*", _type="stream"):
                name = key if isinstance(key, str) else key.decode()
                figures[f"entries {name}"] = float(await redis.xlen(key))
    return figures


class Sampling:
    """Looks every so often until it is stopped."""

    def __init__(self, look: Callable[[], Awaitable[Mapping[str, float]]], every_seconds: float) -> None:
        self.samples: list[Sample] = []
        self._look = look
        self._every_seconds = every_seconds
        self._begun = time.monotonic()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.samples.append(Sample(time.monotonic() - self._begun, await self._look()))
            await asyncio.sleep(self._every_seconds)

    def now(self) -> float:
        """Return the time of the samples."""
        return time.monotonic() - self._begun

    def between(self, since: float, until: float) -> list[Sample]:
        """Return the samples of a period."""
        return [sample for sample in self.samples if since <= sample.at_seconds <= until]


def peaks(samples: Sequence[Sample], what: str) -> dict[str, float]:
    """Return the highest figures of one kind, by process or store."""
    found: dict[str, float] = {}
    for sample in samples:
        for name, value in sample.of(what).items():
            found[name] = max(value, found.get(name, value))
    return found
