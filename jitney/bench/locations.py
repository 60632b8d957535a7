"""Drivers' pings a second, from streams into Redis and readable by dispatch, beside Redis alone writing each of them.

Both sides in turns in one stack. The service has its interceptors, its judgement of each ping, its metrics and all of
its workers running, and the devices that send take their share of the same cores. What the peer does is what
redis-benchmark does with the same number of clients and the same depth of the pipeline: one HSET of a packed position
a ping. The service writes less, the newest position of each batch, and reads, judges and answers more.

After each round dispatch's own reader looks at Redis: every driver must stand where the last ping said.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from jitney.bench.location_load import Device, LoadRun, post_batches, stream_batches
from jitney.bench.redis_pipeline import command, run_pipelines
from jitney.bench.result import Detail, Promise, Result, median
from jitney.stack.addresses import Address
from jitney.stack.credentials import Credentials
from jitney.stack.databases import database_of
from jitney.stack.environment import StackSettings
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.stack.problems import StackError

STREAMS = 16
BATCH = 100
REST_BATCH = 50
REST_DEVICES = 8
TARGET_PER_SECOND = 40_000.0
LEAST_RATIO = 0.28
GROWTH = 10
_BATCH_SIZES = (100, 20, 1)
_TOKEN_MINUTES = 120
_PEER_HASH = b"bench:loc"
_PACKED = bytes(29)
_PINGS_PER_SECOND = "100000"


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, and pings a round and side."""

    rounds: int
    a_round: int


@dataclass
class Found:
    """Pings a second by the size of a batch, each round's; CPU of the service; and what grows with the drivers."""

    service: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    peer: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    cpu_micros: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    rest: list[float] = field(default_factory=list[float])
    many: list[float] = field(default_factory=list[float])
    snapshot_millis: dict[int, float] = field(default_factory=dict[int, float])


def measure_locations(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures on a stack of its own."""
    with own_stack() as stack:
        # One driver sends here what thousands send in life; the limit a driver is not what is measured.
        stack.environment["JITNEY_MATCHING_PINGS_PER_SECOND"] = _PINGS_PER_SECOND
        stack.start()
        bench = _Bench(plan, stack)
        bench.prepare()
        for number in range(plan.rounds):
            bench.round()
            say(f"round {number + 1} of {plan.rounds}: {bench.found.service[BATCH][-1]:,.0f} pings/s")
        return result_of(bench.found)


def result_of(found: Found) -> Result:
    """The medians of all rounds."""
    service, peer = median(found.service[BATCH]), median(found.peer[BATCH])
    details = [
        detail
        for size in _BATCH_SIZES
        for detail in (
            Detail(f"{STREAMS} streams, batches of {size}", median(found.service[size]), "pings/s"),
            Detail(f"Redis alone, pipelines of {size}", median(found.peer[size]), "HSET/s"),
            Detail(f"ratio at {size}", median(found.service[size]) / median(found.peer[size]), ""),
            Detail(f"CPU of matching_service a ping, batches of {size}", median(found.cpu_micros[size]), "us"),
        )
    ]
    return Result(
        name="locations",
        value=service,
        unit="pings/s",
        limit=peer,
        target=TARGET_PER_SECOND,
        details=(
            *details,
            Detail(f"REST, {REST_DEVICES} devices, batches of {REST_BATCH}", median(found.rest), "pings/s"),
            Detail(f"{STREAMS * GROWTH} streams, batches of {BATCH}", median(found.many), "pings/s"),
            *(
                Detail(f"dispatch's snapshot of {drivers:,} drivers", millis, "ms")
                for drivers, millis in sorted(found.snapshot_millis.items())
            ),
            Detail("load of the machine", os.getloadavg()[0], ""),
        ),
        more_is_better=True,
        also=[Promise(f"ratio in batches of {BATCH}", service / peer if peer else 0.0, least=LEAST_RATIO)],
    )


class _Bench:
    def __init__(self, plan: Plan, stack: OwnStack) -> None:
        self.found = Found()
        self._plan = plan
        self._stack = stack
        self._settings = StackSettings.read(stack.environment, stack.data.path)
        self._credentials = Credentials.load_or_make(stack.data.secrets)
        self._devices: list[Device] = []
        self._sequence = 1

    def prepare(self) -> None:
        """Drivers with open shifts, and a warm service."""
        from jitney.stack.tokens import make_token

        ids = [str(uuid.uuid4()) for _ in range(STREAMS * GROWTH)]
        self._open_shifts(ids)
        keys = self._stack.data.keys
        self._devices = [
            Device(driver_id, make_token(keys, "driver", driver_id, _TOKEN_MINUTES), number)
            for number, driver_id in enumerate(ids)
        ]
        self._stream(self._devices, 4, BATCH)

    def round(self) -> None:
        found = self.found
        for size in _BATCH_SIZES:
            # Single pings cost a call each: a tenth of them tells as much.
            pings = self._plan.a_round if size > 1 else max(self._plan.a_round // 10, STREAMS)
            batches = max(pings // STREAMS // size, 1)
            found.peer.setdefault(size, []).append(self._peer(batches, size))
            cpu = self._cpu_seconds()
            run = self._stream(self._devices[:STREAMS], batches, size)
            found.service.setdefault(size, []).append(run.per_second)
            found.cpu_micros.setdefault(size, []).append((self._cpu_seconds() - cpu) * 1e6 / run.pings)
        batches = max(self._plan.a_round // len(self._devices) // BATCH, 1)
        found.many.append(self._stream(self._devices, batches, BATCH).per_second)
        found.rest.append(self._post(max(self._plan.a_round // 10 // REST_DEVICES // REST_BATCH, 1)).per_second)
        for drivers in (2_000, 20_000):
            found.snapshot_millis[drivers] = asyncio.run(self._snapshot_millis(drivers))

    def _stream(self, devices: Sequence[Device], batches: int, size: int) -> LoadRun:
        run = stream_batches(self._local("JITNEY_MATCHING_LISTEN"), devices, self._sequence, batches, size)
        self._check(devices, batches * size)
        return run

    def _post(self, batches: int) -> LoadRun:
        address, devices = self._settings.addresses["JITNEY_REST_LISTEN"], self._devices[:REST_DEVICES]
        run = post_batches((address.host, address.port), devices, self._sequence, batches, REST_BATCH)
        self._check(devices, batches * REST_BATCH)
        return run

    def _check(self, devices: Sequence[Device], pings: int) -> None:
        """Dispatch sees every one of them at the last ping."""
        last = self._sequence + pings - 1
        self._sequence += pings
        seen = {str(position.driver_id): position.sequence for position in asyncio.run(self._snapshot())}
        missing = [device.driver_id for device in devices if seen.get(device.driver_id) != last]
        if missing:
            raise StackError(f"Dispatch does not see {len(missing)} of {len(devices)} drivers where they are.")

    async def _snapshot(self) -> list[Any]:
        from chassis.redis_client import open_redis

        async with open_redis(self._settings.redis(self._credentials).url()) as redis:
            positions: list[Any] = await _live_locations(redis).snapshot()
            return positions

    async def _snapshot_millis(self, drivers: int) -> float:
        """What the tick pays to see so many drivers, in a database of Redis that nobody else uses."""
        from chassis.redis_client import open_redis

        position = import_module("matching_service.domain.locations").DriverPosition
        economy = import_module("matching_service.domain.city").VehicleClass.ECONOMY
        now = time.time()
        async with open_redis(self._settings.redis(self._credentials).url(9)) as redis:
            await redis.flushdb()
            locations = _live_locations(redis)
            for first in range(0, drivers, 1_000):
                some = range(first, min(first + 1_000, drivers))
                await locations.record(
                    [position(uuid.UUID(int=n + 1), 37.3 + n % 700 / 1_000, -122.4, now, 1, economy, 1) for n in some]
                )
            taken: list[float] = []
            for _ in range(5):
                began = time.perf_counter()
                found = await locations.snapshot()
                taken.append((time.perf_counter() - began) * 1_000)
                if len(found) != drivers:
                    raise StackError("A snapshot is not whole.")
            await redis.flushdb()
        return median(taken)

    def _peer(self, batches: int, depth: int) -> float:
        redis = self._settings.redis(self._credentials)
        members = [uuid.uuid4().bytes for _ in range(STREAMS)]
        pipelines = [[command(b"HSET", _PEER_HASH, member, _PACKED) * depth] * batches for member in members]
        seconds = run_pipelines(redis.host, redis.port, redis.password, pipelines, depth)
        return STREAMS * batches * depth / seconds

    def _open_shifts(self, driver_ids: Sequence[str]) -> None:
        import psycopg

        url = self._settings.cluster(self._credentials).superuser_url(database_of("matching"))
        with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO shift (id, driver_id, driver_name, vehicle_model, vehicle_color, vehicle_plate,"
                " vehicle_class, started_at) VALUES (gen_random_uuid(), %s, 'Bench', 'Kia Niro', 'white', 'BENCH',"
                " 'economy', now())",
                [(driver_id,) for driver_id in driver_ids],
            )

    def _cpu_seconds(self) -> float:
        import psutil

        [service] = [process for process in self._stack.record().processes if process.name == "matching"]
        times = psutil.Process(service.pid).cpu_times()
        return float(times.user + times.system)

    def _local(self, setting: str) -> str:
        address: Address = self._settings.addresses[setting]
        return address.local


def _live_locations(redis: Any) -> Any:
    """Dispatch's own reader, loaded by name: nothing of ours depends on a service."""
    return import_module("matching_service.adapters.redis_locations").RedisLiveLocations(redis)
