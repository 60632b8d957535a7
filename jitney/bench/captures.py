"""Captures a second through payment_service, beside pgbench with the very statements that the service sends for one.

Both sides in turns on one database, pgbench with the service asleep so that it has the machine to itself. The rides are
paid in cash and from wallets, half and half: their capture asks no PSP, whose time is not ours. The service has its
relay, its metrics and its workers running, and the callers take their share of the same cores.

With 256 waiting the set-based groups are measured without gRPC, over the service's own use case: the transport alone
costs more than a capture then does. Through gRPC it is printed beside.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jitney.bench import capture_rides as rides
from jitney.bench.capture_calls import CallsRun, capture_numbers
from jitney.bench.capture_rides import PGBENCH_RIDES, SERVICE_RIDES
from jitney.bench.ledger_history import grow_to, is_consistent
from jitney.bench.payment_alone import PaymentAlone, payment_alone
from jitney.bench.pgbench import run_pgbench
from jitney.bench.result import Detail, Promise, Result, median
from jitney.bench.sent_sql import recording, script_of, transaction_with
from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from psycopg import Connection

CLIENTS = 16
WAITING = 256
LEAST_RATIO = 0.8
LEAST_WAITING_RATIO = 2.0
MOST_GROWTH = 1.5
"""How much dearer a capture may be in the largest ledger than in the smallest, in CPU time: noise, and caches."""
_SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_WARM_UP = 320
_SETTLE_SECONDS = 0.5
_PROCESS_SECONDS = 300.0


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, captures a round and side, and postings up to which the ledger grows."""

    rounds: int
    a_round: int
    growth_to: int

    @property
    def captures(self) -> int:
        """Captures of a round: as many for each client."""
        return max(self.a_round // CLIENTS, 1) * CLIENTS

    @property
    def waiting(self) -> int:
        """Captures of a round with 256 waiting, the group that warms up included."""
        return max(self.captures, WAITING) + WAITING

    @property
    def sizes(self) -> list[int]:
        """Postings at which the cost is measured."""
        return [size for size in _SIZES if size <= self.growth_to]


@dataclass
class Found:
    """What the rounds measured: captures a second, and CPU microseconds a capture."""

    pgbench: list[float] = field(default_factory=list[float])
    service: list[float] = field(default_factory=list[float])
    service_waiting: list[float] = field(default_factory=list[float])
    waiting: list[float] = field(default_factory=list[float])
    pgbench_cpu: list[float] = field(default_factory=list[float])
    service_cpu: list[float] = field(default_factory=list[float])
    waiting_cpu: list[float] = field(default_factory=list[float])
    growth_cpu: dict[int, float] = field(default_factory=dict[int, float])


def measure_captures(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures on a service of its own."""
    import psycopg

    with payment_alone(WAITING) as alone, psycopg.connect(alone.superuser_url, autocommit=True) as connection:
        bench = _Bench(plan, alone, connection, say)
        bench.prepare()
        for number in range(plan.rounds):
            bench.round(number)
        bench.grow()
    return result_of(bench.found)


def result_of(found: Found) -> Result:
    """The medians of all rounds."""
    pgbench, service = median(found.pgbench), median(found.service)
    spread = [a / b for a, b in zip(found.service, found.pgbench, strict=True)]
    growth = [found.growth_cpu[size] for size in sorted(found.growth_cpu)]
    also = [Promise(f"{WAITING} waiting / limit", median(found.waiting) / pgbench, least=LEAST_WAITING_RATIO)]
    if len(growth) > 1:
        also.append(Promise("CPU of a capture, largest / smallest ledger", growth[-1] / growth[0], most=MOST_GROWTH))
    return Result(
        name="captures",
        value=service,
        unit="captures/s",
        limit=pgbench,
        target=LEAST_RATIO * pgbench,
        details=(
            Detail(f"pgbench, {CLIENTS} clients", pgbench, "captures/s"),
            Detail(f"gRPC, {CLIENTS} callers", service, "captures/s"),
            Detail("ratio, least of the rounds", min(spread), ""),
            Detail("ratio, most of the rounds", max(spread), ""),
            Detail(f"gRPC, {WAITING} callers", median(found.service_waiting), "captures/s"),
            Detail(f"groups of up to {WAITING}, without gRPC", median(found.waiting), "captures/s"),
            Detail("CPU a capture: pgbench, with PostgreSQL", median(found.pgbench_cpu), "us"),
            Detail(f"CPU a capture: gRPC, {CLIENTS} callers, with PostgreSQL", median(found.service_cpu), "us"),
            Detail(f"CPU a capture: groups of up to {WAITING}, with PostgreSQL", median(found.waiting_cpu), "us"),
            *(
                Detail(f"CPU a capture at {size:,} postings", found.growth_cpu[size], "us")
                for size in sorted(found.growth_cpu)
            ),
            Detail("load of the machine", os.getloadavg()[0], ""),
        ),
        more_is_better=True,
        also=also,
    )


class _Bench:
    def __init__(self, plan: Plan, alone: PaymentAlone, connection: "Connection", say: Callable[[str], None]) -> None:
        self.found = Found()
        self._plan = plan
        self._alone = alone
        self._connection = connection
        self._say = say
        self._script = alone.postgres_log.with_name("captures.sql")
        self._next = 0

    def prepare(self) -> None:
        """Rides for all rounds, a warm service, and the script of what it sends."""
        plan = self._plan
        each_round = 2 * plan.captures + plan.waiting
        rides.fund_wallets(self._connection)
        rides.fill(
            self._connection, SERVICE_RIDES, 0, plan.rounds * each_round + (1 + len(plan.sizes)) * (plan.captures + 400)
        )
        rides.fill(self._connection, PGBENCH_RIDES, 0, plan.rounds * plan.captures)
        self._connection.execute("VACUUM ANALYZE")
        self._capture(_WARM_UP, CLIENTS)
        _write_script(self._script, self._alone, self._take(2))

    def round(self, number: int) -> None:
        plan, found = self._plan, self.found
        with self._alone.asleep():
            cpu = _Cpu(self._alone, with_service=False)
            run = run_pgbench(
                self._alone.superuser_url,
                self._script,
                clients=CLIENTS,
                transactions_per_client=plan.captures // CLIENTS,
                variables=[("i", -1), ("first", number * plan.captures)],
            )
            found.pgbench.append(run.per_second)
            found.pgbench_cpu.append(cpu.micros() / run.transactions + run.cpu_seconds * 1e6 / run.transactions)
            cpu = _Cpu(self._alone, with_service=False)
            waiting = self._waiting(plan.waiting)
            found.waiting.append(waiting.per_second)
            found.waiting_cpu.append((cpu.micros() + waiting.cpu_seconds * 1e6) / waiting.calls)
            # The service would publish what is not its own doing.
            self._connection.execute("DELETE FROM outbox WHERE published_at IS NULL")
        time.sleep(_SETTLE_SECONDS)
        cpu = _Cpu(self._alone)
        run_at_16 = self._capture(plan.captures, CLIENTS)
        found.service.append(run_at_16.per_second)
        found.service_cpu.append(cpu.micros() / run_at_16.calls)
        found.service_waiting.append(self._capture(plan.captures, WAITING).per_second)
        self._say(
            f"round {number + 1} of {plan.rounds}: pgbench {run.per_second:.0f}, gRPC {run_at_16.per_second:.0f}, "
            f"{WAITING} waiting {waiting.per_second:.0f} captures/s"
        )

    def grow(self) -> None:
        """What a capture costs as the ledger grows."""
        for size in self._plan.sizes:
            began = time.monotonic()
            with self._alone.asleep():
                grow_to(self._connection, size)
            if not is_consistent(self._connection):
                raise StackError("The balances do not agree with the postings.")
            self._capture(_WARM_UP, CLIENTS)
            cpu = _Cpu(self._alone)
            run = self._capture(self._plan.captures, CLIENTS)
            self.found.growth_cpu[size] = cpu.micros() / run.calls
            self._say(
                f"{size:,} postings (filled in {time.monotonic() - began:.0f} s): {run.per_second:.0f} captures/s, "
                f"{self.found.growth_cpu[size]:.0f} us of CPU each"
            )

    def _capture(self, count: int, callers: int) -> CallsRun:
        return capture_numbers(self._alone, SERVICE_RIDES, self._take(count), callers)

    def _take(self, count: int) -> range:
        self._next += count
        return range(self._next - count, self._next)

    def _waiting(self, count: int) -> CallsRun:
        first = self._take(count)[0]
        result = subprocess.run(
            [sys.executable, "-m", "jitney.bench.waiting_captures", str(first), str(count), str(WAITING)],
            env=dict(self._alone.environment),
            capture_output=True,
            text=True,
            timeout=_PROCESS_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            raise StackError("Captures that wait failed:\n" + "\n".join(result.stderr.strip().splitlines()[-10:]))
        told = json.loads(result.stdout.splitlines()[-1])
        return CallsRun(told["captures"], told["seconds"], told["cpu_seconds"])


class _Cpu:
    """CPU time of PostgreSQL and of the service since this was made."""

    def __init__(self, alone: PaymentAlone, *, with_service: bool = True) -> None:
        self._alone = alone
        self._with_service = with_service
        self._began = self._seconds()

    def micros(self) -> float:
        return (self._seconds() - self._began) * 1e6

    def _seconds(self) -> float:
        import psutil

        postgres = psutil.Process(self._alone.postgres.pid)
        own = postgres.cpu_times()
        # Those of connections that have ended are counted with the server itself.
        seconds = own.user + own.system + own.children_user + own.children_system
        processes = postgres.children(recursive=True)
        if self._with_service:
            processes.append(psutil.Process(self._alone.service.pid))
        for process in processes:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            seconds += times.user + times.system
        return float(seconds)


def _write_script(path: Path, alone: PaymentAlone, numbers: range) -> None:
    """Captures two rides one by one, one in cash and one from a wallet, and writes down what was sent for each."""
    sent: dict[int, list[str]] = {}
    with recording(alone.superuser_url):
        time.sleep(_SETTLE_SECONDS)  # the server's processes read its settings anew between two statements
        for number in numbers:
            ride_id = str(SERVICE_RIDES.ride.of(number))
            capture_numbers(alone, SERVICE_RIDES, range(number, number + 1), 1)
            ids = {
                ride_id: PGBENCH_RIDES.ride,
                str(SERVICE_RIDES.payment.of(number)): PGBENCH_RIDES.payment,
                str(rides.RIDER.of(number)): rides.RIDER,
                str(rides.DRIVER.of(number)): rides.DRIVER,
            }
            sent[number % 2] = script_of(transaction_with(alone.postgres_log, ride_id), ids, ":n")
    lines = [
        *(r"\set i :i + 1", rf"\set n :first + :i * {CLIENTS} + :client_id"),
        *(r"\if :n % 2", *sent[1], r"\else", *sent[0], r"\endif"),
    ]
    path.write_text("\n".join(lines) + "\n")
