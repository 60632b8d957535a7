"""What matching's calls on its tables cost with ten thousand rides in them, and with ten million.

The city that goes on is the same both times: a call that is asked all day has no reason to cost more. Lists are read
in the middle of the past, where pages are deep. The ledger's growth is measured by `captures --growth-to`.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitney.bench.result import Detail, Promise, Result
from jitney.bench.ride_history import GROWING, History, add_city, fill
from jitney.bench.stores_alone import stores_alone
from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from psycopg import Connection

    from jitney.bench.table_calls import Measured

TARGET_GROWTH = 2.0
_BYTES_A_RIDE = 1_700
_WRITES = 200
_LEAST_MILLISECONDS = 0.5
"""Below that the time is of the client and the connection, whatever the table."""


@dataclass(frozen=True)
class Plan:
    """How many rides the past has, first and at the end, and how often each call is made."""

    few: int
    many: int
    repeats: int


@dataclass(frozen=True)
class Found:
    """Each call by its name with few rides and with many; milliseconds of a write; bytes of the tables at the end."""

    few: dict[str, "Measured"]
    many: dict[str, "Measured"]
    write_few: float
    write_many: float
    sizes: dict[str, int]
    fill_seconds: float


def measure_tables(plan: Plan, say: Callable[[str], None]) -> Result:
    """Fills, measures, fills up, measures again.

    Raises:
        StackError: the disk has no room for so many.
    """
    import psycopg
    import uvloop

    from jitney.bench.ride_writes import write_rides

    needed = plan.many * _BYTES_A_RIDE
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free * 0.8:
        raise StackError(f"{plan.many} rides need {needed >> 30} GB of disk, {free >> 30} GB are free.")
    with stores_alone() as stores:
        url = stores.database("matching")
        owner = stores.cluster.superuser_url(url.rpartition("/")[2])
        template = uvloop.run(write_rides(url, stores.redis_url, 1, 1)).last_ride_id
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("SET maintenance_work_mem = '512MB'")
            add_city(connection, template)
            fill(connection, 0, History(plan.few), template, say)
            few = uvloop.run(_measure(url, History(plan.few), plan.repeats))
            write_few = 1e3 / uvloop.run(write_rides(url, stores.redis_url, _WRITES, 1)).per_second
            began = time.monotonic()
            fill(connection, plan.few, History(plan.many), template, say)
            fill_seconds = time.monotonic() - began
            say(f"filled in {fill_seconds:.0f} s")
            many = uvloop.run(_measure(url, History(plan.many), plan.repeats))
            write_many = 1e3 / uvloop.run(write_rides(url, stores.redis_url, _WRITES, 1)).per_second
            sizes = {table: _size(connection, table) for table in GROWING}
    return result_of(Found(few, many, write_few, write_many, sizes, fill_seconds))


def result_of(found: Found) -> Result:
    """The growth of the call that grows most; 1 is none."""
    growth = {name: _growth(found.few[name].milliseconds, each.milliseconds) for name, each in found.many.items()}
    growth["request a ride"] = _growth(found.write_few, found.write_many)
    details = [
        item
        for name in growth
        for item in (
            Detail(name, found.many[name].milliseconds if name in found.many else found.write_many, "ms"),
            Detail("  growth", growth[name], "x"),
        )
    ]
    details += [Detail(f"size of {table} with its indexes", size / 2**20, "MB") for table, size in found.sizes.items()]
    details += [Detail("filled in", found.fill_seconds, "s"), Detail("load of the machine", os.getloadavg()[0], "")]
    scanned = {name: each.scanned for name, each in found.many.items() if each.scanned}
    named = "; ".join(f"{name}: {', '.join(sorted(tables))}" for name, tables in scanned.items())
    return Result(
        "tables",
        max(growth.values()),
        "x",
        1.0,
        TARGET_GROWTH,
        details,
        also=(Promise(f"calls that read a growing table whole{f' ({named})' if named else ''}", len(scanned), most=0),),
    )


def _growth(few: float, many: float) -> float:
    return max(many, _LEAST_MILLISECONDS) / max(few, _LEAST_MILLISECONDS)


async def _measure(url: str, history: History, repeats: int) -> dict[str, "Measured"]:
    from chassis.database import Database
    from jitney.bench.table_calls import measure_calls

    database = Database(url, 1, name="bench", statement_timeout_seconds=600)
    try:
        return await measure_calls(database, history, repeats)
    finally:
        await database.dispose()


def _size(connection: "Connection", table: str) -> int:
    # Of a table that has no partitions the tree is empty.
    query = (
        "SELECT pg_total_relation_size(%(table)s::regclass) + coalesce(sum(pg_total_relation_size(relid)), 0) "
        "FROM pg_partition_tree(%(table)s::regclass)"
    )
    row = connection.execute(query, {"table": table}).fetchone()
    return 0 if row is None else int(row[0])
