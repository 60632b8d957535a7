"""What matching asks its tables all day, by its own adapters, and how PostgreSQL plans to answer."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jitney.bench.capture_rides import Ids
from jitney.bench.parts import matching
from jitney.bench.result import median
from jitney.bench.ride_history import GROWING, History

if TYPE_CHECKING:
    from chassis.database import Database

Call = Callable[[], Awaitable[object]]
_SHARDS = ("85283083fffffff",)
_PAGE = 20


@dataclass(frozen=True)
class Measured:
    """What a call takes, and which of the growing tables no index lets it read in part."""

    milliseconds: float
    scanned: frozenset[str]


def calls_on(database: "Database", history: History) -> Mapping[str, Call]:
    """The calls by what they are for. Those of a list look in the middle of the past, where pages are deep."""
    from chassis import outbox, retention

    reads = matching("adapters.postgres_dispatch").PostgresDispatchReads(database)
    rides = matching("adapters.postgres_reads").PostgresRideReader(database)
    saga = matching("adapters.postgres_saga").PostgresSagaQueue(database)
    mds = matching("adapters.postgres_mds").PostgresMdsReader(database)
    tables = matching("adapters.tables")
    states = matching("domain.ride_states").RideState
    middle = history.middle()
    ride, rider, driver = Ids("01").of(middle), history.riders.of(middle), history.drivers.of(middle)
    now = datetime.now(UTC)

    async def drain() -> None:
        async with database.transaction() as connection:
            await outbox.take_batch(connection, tables.outbox, 500)

    async def oldest_event() -> None:
        async with database.connect() as connection:
            await outbox.oldest_unpublished_at(connection, tables.outbox)

    async def last_published() -> None:
        async with database.connect() as connection:
            await outbox.last_published_at(connection, tables.outbox)

    async def trim_events() -> None:
        async with database.transaction() as connection:
            await retention.trim(
                connection, tables.outbox, tables.outbox.c.published_at, datetime(2000, 1, 1, tzinfo=UTC)
            )

    return {
        "dispatch: rides that wait": lambda: reads.list_waiting(_SHARDS, 1_000),
        "dispatch: rides whose driver comes": lambda: reads.list_en_route(_SHARDS, 2, 1_000),
        "dispatch: busy drivers": reads.busy,
        "dispatch: closed shifts": lambda: reads.closed_shifts(now),
        "offers that expired": lambda: rides.expired_offers(now, 64),
        "searches that are over": lambda: rides.overdue_searches(now, 64),
        "schedules that are due": lambda: rides.due_schedules(now, 64),
        "saga: claim": lambda: saga.claim(now, 64, 30.0),
        "saga: oldest step": saga.oldest_owed_at,
        "outbox: drain": drain,
        "outbox: oldest event": oldest_event,
        "outbox: last published": last_published,
        "outbox: retention": trim_events,
        "ride by id": lambda: rides.ride(ride, rider_id=rider),
        "live ride of a rider": lambda: rides.live_ride(rider_id=rider),
        "live ride of a driver": lambda: rides.live_ride(driver_id=driver),
        "rides of a rider, a page": lambda: rides.rides(_PAGE, rider_id=rider, before=ride),
        "rides of a rider, none such": lambda: rides.rides(
            _PAGE, rider_id=rider, states=frozenset({states.NO_DRIVER_AVAILABLE})
        ),
        "rides of a driver, a page": lambda: rides.rides(_PAGE, driver_id=driver, before=ride),
        "rides of all, a page": lambda: rides.rides(_PAGE, before=ride),
        "scheduled rides of a rider": lambda: rides.scheduled_rides(rider, _PAGE),
        "story of a ride": lambda: rides.history(ride, 100),
        "figures of the last hour": lambda: rides.summary(now - timedelta(hours=1)),
        "MDS: an hour of trips": lambda: mds.completed(
            datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 0, 1, tzinfo=UTC), 100, None
        ),
        "MDS: last rides of drivers": lambda: mds.last_rides([history.drivers.of(each) for each in range(10)]),
    }


async def measure_calls(database: "Database", history: History, repeats: int) -> dict[str, Measured]:
    """Each call's median time, and what of its plans reads a growing table whole."""
    found: dict[str, Measured] = {}
    for name, call in calls_on(database, history).items():
        await call()
        times: list[float] = []
        for _ in range(repeats):
            began = time.perf_counter()
            await call()
            times.append((time.perf_counter() - began) * 1e3)
        found[name] = Measured(median(times), await _scanned_by(database, call))
    return found


async def _scanned_by(database: "Database", call: Call) -> frozenset[str]:
    from sqlalchemy import event

    sent: list[tuple[str, Sequence[Any]]] = []

    def note(_: Any, __: Any, statement: str, parameters: Sequence[Any], *___: Any) -> None:
        sent.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        await call()
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    scanned: set[str] = set()
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        # What is read whole although that is to be avoided has no index; a small table is read whole by choice.
        await driver.execute("SET enable_seqscan = off")
        for statement, parameters in sent:
            plan = await driver.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *parameters)
            scanned |= scans_of(json.loads(plan) if isinstance(plan, str) else plan)
        await driver.execute("RESET enable_seqscan")
    return frozenset(scanned)


def scans_of(plan: Any) -> set[str]:
    """The growing tables that a plan reads by a sequential scan."""
    if isinstance(plan, list):
        return {name for item in plan for name in scans_of(item)}
    if not isinstance(plan, dict):
        return set()
    read = str(plan["Relation Name"]) if plan.get("Node Type") == "Seq Scan" else ""
    # Of a table in partitions, the partition of the past.
    here = {table for table in GROWING if read in (table, f"{table}_before")}
    return here | {name for value in plan.values() for name in scans_of(value)}
