"""A ride and its event written in one transaction by the service's own store, beside pgbench with the same rows.

pgbench runs what the service sent a moment ago as one statement: a CTE that inserts both rows, which is the least that
can be asked of PostgreSQL. Both sides in turns, on one database that writes to the disk as a stack's does.
matching_service writes one by one: what the promise of groups says is measured with the same 64 callers all the same.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jitney.bench.capture_rides import Ids
from jitney.bench.cpu import cpu_of_tree
from jitney.bench.pgbench import run_pgbench
from jitney.bench.result import Detail, Promise, Result, median
from jitney.bench.sent_sql import recording, script_of, transaction_with
from jitney.bench.stores_alone import Stores, stores_alone
from jitney.stack.problems import StackError

FEW, MANY = 8, 64
TARGET_RATIO = 0.6
LEAST_GROUPED_FEW, LEAST_GROUPED_MANY = 0.85, 2.5
_WARM_UP = 64
_RIDE = Ids("50")


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds of each side in turns, and transactions of a side and round."""

    rounds: int
    a_round: int

    @property
    def count(self) -> int:
        """Transactions of a round: as many for each of the many callers."""
        return max(self.a_round // MANY, 1) * MANY


@dataclass
class Found:
    """Transactions a second by callers, and CPU microseconds a transaction, PostgreSQL included, by round."""

    service: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    pgbench: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    service_cpu: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    pgbench_cpu: dict[int, list[float]] = field(default_factory=dict[int, list[float]])


def measure_write_tx(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures both sides with few and with many callers."""
    import uvloop

    from jitney.bench.ride_writes import write_rides

    found = Found()
    with stores_alone(durable=True) as stores:
        url = stores.database("matching")
        superuser = stores.cluster.superuser_url(url.rpartition("/")[2])
        uvloop.run(write_rides(url, stores.redis_url, _WARM_UP, FEW))
        with recording(superuser):
            sent = uvloop.run(write_rides(url, stores.redis_url, FEW, 1))
        script = stores.postgres_log.with_name("write-tx.sql")
        written = 0
        for number in range(plan.rounds):
            for callers in (FEW, MANY):
                _write_script(script, stores, sent.last_ride_id, callers)
                cpu = cpu_of_tree(stores.postgres_pid)
                each = plan.count // callers
                run = run_pgbench(
                    superuser,
                    script,
                    clients=callers,
                    transactions_per_client=each,
                    variables=[("i", -1), ("first", written)],
                )
                written += plan.count
                used = cpu_of_tree(stores.postgres_pid) - cpu + run.cpu_seconds
                found.pgbench.setdefault(callers, []).append(run.per_second)
                found.pgbench_cpu.setdefault(callers, []).append(used * 1e6 / run.transactions)
                cpu = cpu_of_tree(stores.postgres_pid)
                own = uvloop.run(write_rides(url, stores.redis_url, plan.count, callers))
                used = cpu_of_tree(stores.postgres_pid) - cpu + own.cpu_seconds
                found.service.setdefault(callers, []).append(own.per_second)
                found.service_cpu.setdefault(callers, []).append(used * 1e6 / plan.count)
            say(
                f"round {number + 1} of {plan.rounds}: "
                + ", ".join(
                    f"{callers} callers {found.service[callers][-1]:.0f}/s, pgbench {found.pgbench[callers][-1]:.0f}/s"
                    for callers in (FEW, MANY)
                )
            )
    return result_of(found)


def result_of(found: Found) -> Result:
    """The medians of all rounds; the limit is pgbench with as many clients."""
    few, many = median(found.service[FEW]), median(found.service[MANY])
    limit = median(found.pgbench[FEW])
    details = [
        item
        for callers in (FEW, MANY)
        for item in (
            Detail(f"{callers} callers", median(found.service[callers]), "tx/s"),
            Detail(f"pgbench, {callers} clients", median(found.pgbench[callers]), "tx/s"),
            Detail(f"CPU, {callers} callers, with PostgreSQL", median(found.service_cpu[callers]), "us"),
            Detail(f"CPU, pgbench, {callers} clients, with PostgreSQL", median(found.pgbench_cpu[callers]), "us"),
        )
    ]
    details.append(Detail("load of the machine", os.getloadavg()[0], ""))
    return Result(
        "write-tx",
        few,
        "tx/s",
        limit,
        TARGET_RATIO * limit,
        details,
        more_is_better=True,
        also=(
            Promise(f"grouped: {FEW} callers / pgbench", few / limit, least=LEAST_GROUPED_FEW),
            Promise(f"grouped: {MANY} callers / pgbench, {FEW} clients", many / limit, least=LEAST_GROUPED_MANY),
        ),
    )


def _write_script(path: Path, stores: Stores, ride_id: str, clients: int) -> None:
    """One statement of the inserts that the service sent for a ride, with ids of their own."""
    transaction = transaction_with(stores.postgres_log, ride_id)
    lines = script_of(transaction, {ride_id: _RIDE}, ":n")
    inserts = [line.rstrip(";") for line in lines if line.upper().startswith("INSERT")]
    if len(inserts) != 2:
        raise StackError(f"The service sent {len(inserts)} inserts for a ride instead of two.")
    statement = f"WITH written AS ({inserts[0]}) {inserts[1]};"
    path.write_text("\n".join([r"\set i :i + 1", rf"\set n :first + :i * {clients} + :client_id", statement]) + "\n")
