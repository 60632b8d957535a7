"""Takes the figures: a stack of its own, with few drivers, then with many and rides."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chassis.redis_client import open_redis
from jitney.bench.rides_load import Orders
from jitney.stack.credentials import Credentials
from jitney.stack.environment import StackSettings, compose
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.stack.status import read_status
from tools.capacity.model import SERVICES

FEW, MANY = 10, 120
_RATE, _SECONDS, _QUIET_SECONDS = 1.5, 60.0, 20.0
_RIDES_A_DRIVER_HOUR = 5.05
"""Of the busiest evenings of San Francisco's taxis, all days pooled: 7.3 trips a second with 5,200 drivers."""


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """Measure for about four minutes; the rates are low, so that a small machine carries its people as well."""
    with own_stack() as stack:
        stack.environment.update(
            dict.fromkeys(("JITNEY_REST_READS_PER_MINUTE", "JITNEY_REST_WRITES_PER_MINUTE"), "1000000")
        )
        say("starting a stack")
        stack.start()
        say(f"{FEW} drivers wait")
        few = _play(stack, FEW, 0.2, 10.0, seed=1)
        say(f"{MANY} drivers wait, and then ride at {_RATE:g} rides/s")
        many = _play(stack, MANY, _RATE, _SECONDS, seed=2)
        memory = {each.name: each.pss_bytes / 1e6 for each in asyncio.run(read_status(stack.record())).processes}
        sizes = asyncio.run(_redis_sizes(stack))
    return _figures(few, many, memory, sizes)


def _figures(
    few: Mapping[str, Any], many: Mapping[str, Any], memory: Mapping[str, float], sizes: Mapping[str, float]
) -> dict[str, Any]:
    begin, end = many["steady"]
    completed, seconds = end["completed"] - begin["completed"], end["seconds"] - begin["seconds"]
    names = (*SERVICES, "postgres", "redis")
    waiting = {name: (_per_second(few, name), _per_second(many, name)) for name in names}
    driver = {name: max(0.0, (lots - some) / (MANY - FEW)) for name, (some, lots) in waiting.items()}
    ride = {
        name: (1000 * (end["cpu_seconds"][name] - begin["cpu_seconds"][name]) - waiting[name][1] * seconds) / completed
        for name in names
    }
    return {
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "rides_completed": many["completed"],
        "rides_that_ended_otherwise": many["requested"] - many["completed"],
        "ride": {name: round(max(0.0, value), 2) for name, value in ride.items()},
        "driver_second": {name: round(value, 4) for name, value in driver.items()},
        "idle_second": {name: round(max(0.0, waiting[name][0] - FEW * driver[name]), 2) for name in names},
        "memory_megabytes": {name: round(memory[name], 1) for name in SERVICES},
        "events_a_ride": round((end["counts"]["events"] - begin["counts"]["events"]) / completed, 2),
        "redis_bytes": {name: round(value, 1) for name, value in sizes.items()},
        "rides_a_driver_hour": _RIDES_A_DRIVER_HOUR,
    }


def _per_second(played: Mapping[str, Any], name: str) -> float:
    begin, end = played["quiet"]
    return 1000 * float(end["cpu_seconds"][name] - begin["cpu_seconds"][name]) / (end["seconds"] - begin["seconds"])


def _play(stack: OwnStack, drivers: int, rate: float, seconds: float, seed: int) -> dict[str, Any]:
    settings, whole = _whole(stack)
    orders = Orders(
        rate=rate,
        seconds=seconds,
        quiet_seconds=_QUIET_SECONDS,
        drivers=drivers,
        rest_url=settings.urls("REST"),
        stream_url=settings.urls("STREAM"),
        matching_target=settings.target("matching"),
        sandbox_url=f"http://{settings.addresses['JITNEY_SANDBOX_LISTEN'].local}",
        keys=str(stack.data.keys),
        pids={item.name: item.pid for item in stack.record().processes},
        metrics={name: whole[f"JITNEY_{name.upper()}_METRICS_LISTEN"] for name in SERVICES[:4]},
        databases=whole["JITNEY_MATCHING_DATABASE_URL"],
        seed=seed,
    )
    done = subprocess.run(
        [sys.executable, "-m", "jitney.bench.rides_load"],
        input=json.dumps(asdict(orders)),
        env=dict(stack.environment),
        capture_output=True,
        text=True,
        timeout=seconds + 900,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _whole(stack: OwnStack) -> tuple[StackSettings, Mapping[str, str]]:
    settings = StackSettings.read(stack.environment, stack.data.path)
    return settings, compose(settings, Credentials.load_or_make(settings.data.secrets))


async def _redis_sizes(stack: OwnStack) -> dict[str, float]:
    """Bytes that Redis keeps for an entry of a live stream, and for an event."""
    redis: Any = open_redis(_whole(stack)[1]["JITNEY_REDIS_URL"])
    try:
        return {"live_entry": await _each(redis, "live:{*"), "event": await _each(redis, "events:*")}
    finally:
        await redis.aclose()


async def _each(redis: Any, pattern: str) -> float:
    """The bytes of streams by the number of their entries."""
    size = entries = 0
    async for key in redis.scan_iter(pattern, count=1000):
        size += int(await redis.execute_command("MEMORY", "USAGE", key, "SAMPLES", 0))
        entries += int(await redis.xlen(key))
    return size / max(1, entries)
