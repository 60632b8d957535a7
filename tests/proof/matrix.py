"""The kill matrix: the service as a process dies in each cell, comes back, and everything must be as if it had not.

1. One service prepares all cells. 2. For each cell a service is started that dies at the cell's step, and the cell's
request is sent. 3. A service runs on, hours later, until nothing is open. 4. Each request is sent again with its key.
5. Answers, ledger and the sandbox's ledger are compared with the model, cell by cell.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.database import Database
from chassis.status import from_rpc_error
from ridesharing.payment.v1.payment_service_pb2_grpc import PaymentServiceStub
from ridesharing.payment.v1.payout_service_pb2_grpc import PayoutServiceStub
from ridesharing.payment.v1.refund_service_pb2_grpc import RefundServiceStub
from ridesharing.payment.v1.wallet_service_pb2_grpc import WalletServiceStub
from shared_kernel.errors import InFlight, Unavailable, Unknown
from tests.integration.embedded import free_port
from tests.proof.audit import amiss, complaints_about, read_books
from tests.proof.cells import Cell
from tests.proof.ground import Ground
from tests.proof.operations import NOT_YET, OPERATIONS, Names
from tests.proof.oracle import Difference
from tests.proof.records import Records
from tests.proof.world import LATE, Answer, Ask, Table

_STUBS = {
    "payment": PaymentServiceStub,
    "wallet": WalletServiceStub,
    "refund": RefundServiceStub,
    "payout": PayoutServiceStub,
}
_WAIT_SECONDS = 60.0
_PASS_SECONDS = 300.0
_TRIES = 100
_PAUSE_SECONDS = 0.1
_HOUR_SECONDS = 3600.0
_PASSES = 24
_AT_ONCE = 8
_HANG_SECONDS = 1.0
"""So long the PSP says nothing where an answer gets lost, and then it resets the connection. The service waits longer:
what it takes for lost is what the cell's fault took, on a slow machine too."""


@dataclass
class Result:
    """What a run of cells brought."""

    cells: int = 0
    deaths: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    differences: list[str] = field(default_factory=list[str])
    steps: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """The operations, each with every step that it was cut short at."""
    postings: Counter[str] = field(default_factory=Counter[str])
    """By currency, how many there are in the ledger."""
    sums_minor: Counter[str] = field(default_factory=Counter[str])
    """By currency, all of them added up."""

    def __add__(self, other: Result) -> Result:
        sums = Counter(self.sums_minor)
        # Counters' own sum leaves out what is below zero.
        sums.update(other.sums_minor)
        return Result(
            self.cells + other.cells,
            self.deaths + other.deaths,
            self.counts + other.counts,
            [*self.differences, *other.differences],
            self.steps | other.steps,
            self.postings + other.postings,
            sums,
        )


@dataclass(frozen=True)
class Running:
    """A service that serves."""

    pid: int
    stubs: Mapping[str, Any]
    """By service."""


class Matrix:
    """One database, one zygote, its sandbox and Redis; cells are run one after another."""

    def __init__(self, ground: Ground, sandbox_url: str, redis_url: str, folder: Path) -> None:
        url = ground.postgres.migrated("payment")
        self._database = Database(url, 4, name="matrix")
        self.records = Records(self._database, sandbox_url)
        self._keys = ground.keys
        self._folder = folder
        self._zygote: Process | None = None
        self._environment = {
            "JITNEY_PAYMENT_DATABASE_URL": url,
            "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
            "JITNEY_PAYMENT_PSP_URL": f"{sandbox_url}/psp",
            "JITNEY_PAYMENT_PSP_TIMEOUT_SECONDS": "20",
            "JITNEY_PAYMENT_LEASE_SECONDS": "60",
            "JITNEY_PAYMENT_SWEEP_SECONDS": "0.05",
            "JITNEY_REDIS_URL": redis_url,
            "JITNEY_JWKS_FILE": str(ground.keys / "jwks.json"),
            # Hours pass below, and nobody is to be paid out by the calendar meanwhile.
            "JITNEY_PAYMENT_PAYOUT_SCHEDULE": "off",
            "JITNEY_LOG_LEVEL": "warning",
        }

    async def run(self, cells: Sequence[Cell]) -> Result:
        """Run cells; `Result.differences` says what went wrong, cell by cell."""
        result = Result(cells=len(cells), steps={(cell.case, cell.failpoint) for cell in cells})
        self._zygote = await create_subprocess_exec(
            sys.executable, "-m", "tests.proof.zygote", stdin=PIPE, stdout=PIPE, env=_without_settings()
        )
        try:
            await self.records.fund()
            async with self._serving() as service:
                await _gathered([self._prepare(service, cell) for cell in cells])
            stands_at = datetime.now(UTC).isoformat()
            left: Counter[tuple[str, str]] = Counter()
            for cell in cells:
                await self._kill(cell, stands_at, result, left)
            for (operation, kind), count in left.items():
                await self.records.lay(operation, kind, count=count, seconds=_HANG_SECONDS)
            await self._recover(result)
            await self._compare(cells, result)
        finally:
            if self._zygote.stdin is not None:
                self._zygote.stdin.close()
            await self._zygote.wait()
            await self.records.close()
            await self._database.dispose()
        return result

    async def _prepare(self, service: Running, cell: Cell) -> None:
        for ask in cell.before:
            cell.oracle.heard((ask, await self._answer(service, cell, ask)))

    async def _answer(self, service: Running, cell: Cell, ask: Ask) -> Answer:
        """Ask until the answer is definite."""
        for _ in range(_TRIES):
            answer = await self._ask(service, cell, ask)
            if answer != LATE:
                return answer
            await asyncio.sleep(_PAUSE_SECONDS)
        raise Difference(f"{ask.operation} gets no definite answer")

    async def _kill(self, cell: Cell, stands_at: str, result: Result, left: Counter[tuple[str, str]]) -> None:
        if cell.fault:
            await self.records.lay(cell.at_psp, cell.fault, seconds=_HANG_SECONDS)
        environment = {"JITNEY_FAILPOINT": cell.failpoint}
        # Its clock stands still, so that nothing that cells before it left behind becomes due.
        async with self._serving(environment, stands_at=stands_at) as service:
            answer = await self._ask(service, cell, cell.ask)
            cell.oracle.heard((cell.ask, answer))
            status = await self._tell({"wait": service.pid, "seconds": _WAIT_SECONDS})
            if status["status"] != -signal.SIGKILL:
                result.differences.append(f"{cell}: it did not die there; its answer was {answer}")
        result.deaths += status["status"] == -signal.SIGKILL
        struck = await self.records.clear()
        result.counts.update({f"struck: {kind}": count for kind, count in struck.items() if count})
        if cell.fault and not struck[cell.fault]:
            left[cell.at_psp, cell.fault] += 1

    async def _recover(self, result: Result) -> None:
        for number in range(1, _PASSES + 1):
            await self.records.advance(_HOUR_SECONDS)
            ahead_seconds = number * _HOUR_SECONDS
            async with self._serving(ahead_seconds=ahead_seconds):
                if await self._comes_to_rest(ahead_seconds):
                    struck = await self.records.clear()
                    result.counts.update({f"struck: {kind}": count for kind, count in struck.items() if count})
                    result.counts["hours until all was known"] = number
                    return
        open_ones = await self.records.rows("SELECT kind, state, detail FROM psp_operation WHERE finished_at IS NULL")
        result.differences += [f"an operation has no end: {row}" for row in open_ones]

    async def _comes_to_rest(self, ahead_seconds: float) -> bool:
        """Wait until nothing is under way, and tell whether all is done; for what rests, only time helps."""
        async with asyncio.timeout(_PASS_SECONDS):
            while True:
                if not await self.records.under_way(datetime.now(UTC) + timedelta(seconds=ahead_seconds)):
                    return not await self.records.open_operations()
                await asyncio.sleep(0.05)

    async def _compare(self, cells: Sequence[Cell], result: Result) -> None:
        ahead_seconds = _PASSES * _HOUR_SECONDS
        async with self._serving(ahead_seconds=ahead_seconds) as service:

            async def compare(cell: Cell) -> None:
                try:
                    await self._compare_one(service, cell, result)
                except Difference as error:
                    result.differences.append(f"{cell}: {error}")

            await _gathered([compare(cell) for cell in cells])
            # Asking again may have begun what was never begun.
            if not await self._comes_to_rest(ahead_seconds):
                result.differences.append("operations that the repeated requests began have no end")
        for cell in cells:
            books = await read_books(self.records, cell.names)
            result.counts.update(books.counts)
            worlds = cell.oracle.worlds
            result.counts.update(amiss(min(worlds, key=lambda world: len(complaints_about(world, books))), books))
            if books.faults or not any(not complaints_about(world, books) for world in worlds):
                wrong = [complaint for world in worlds for complaint in complaints_about(world, books)]
                result.differences.append(f"{cell}: {books.faults + wrong}")
        for row in await self.records.rows(
            "SELECT currency_code, count(*), sum(amount_minor)::bigint AS sum_minor FROM posting GROUP BY currency_code"
        ):
            result.postings[row["currency_code"]] = row["count"]
            result.sums_minor[row["currency_code"]] = row["sum_minor"]

    async def _compare_one(self, service: Running, cell: Cell, result: Result) -> None:
        answer = await self._ask(service, cell, cell.ask)
        if answer == LATE:
            raise Difference("it is not known by now how it ended")
        cell.oracle.heard((cell.ask, answer))
        result.counts[f"answers: {answer.what}"] += 1
        if "ride" in cell.ask.fields:
            for operation in ("get_payment", "list_journal"):
                look = Ask(operation, "operator", fields=Table({"ride": cell.ask["ride"]}))
                cell.oracle.heard((look, await self._ask(service, cell, look)))

    async def _ask(self, service: Running, cell: Cell, ask: Ask) -> Answer:
        operation = OPERATIONS[ask.operation]
        metadata = cast("Any", self._token(ask.caller, cell.names))
        try:
            response = await getattr(service.stubs[operation.service], operation.rpc)(
                operation.request(ask, cell.names), metadata=metadata, timeout=_WAIT_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            refusal = from_rpc_error(error)
            if isinstance(refusal, InFlight | Unknown | Unavailable):
                return LATE
            return LATE if refusal.reason in NOT_YET else Answer.refused(refusal.reason)
        return operation.read(response, ask, cell.names)

    def _token(self, caller: str, names: Names) -> tuple[tuple[str, str], ...]:
        role = Role.SERVICE if caller == "matching" else Role(caller.partition(" ")[0])
        issuer, subject = ("matching", "matching") if role is Role.SERVICE else ("cli", names.id_of(caller))
        token = TokenSigner.from_dir(self._keys, issuer).sign(subject, role, 600)
        return tuple(cast("Any", forward_token(token)))

    @asynccontextmanager
    async def _serving(
        self, more: dict[str, str] | None = None, *, stands_at: str | None = None, ahead_seconds: float = 0.0
    ) -> AsyncGenerator[Running]:
        address = f"127.0.0.1:{free_port()}"
        how = {
            "environment": self._environment | {"JITNEY_PAYMENT_LISTEN": address} | (more or {}),
            "log": str(self._folder / "service.log"),
            "stands_at": stands_at,
            "ahead_seconds": ahead_seconds,
        }
        pid = (await self._tell({"start": how}))["pid"]
        try:
            async with open_channel(address) as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)
                async with asyncio.timeout(_WAIT_SECONDS):
                    await _serves(health)
                yield Running(pid, {name: stub(channel) for name, stub in _STUBS.items()})
        finally:
            if (await self._tell({"wait": pid, "seconds": 0}))["status"] is None:
                await self._tell({"kill": pid, "signal": signal.SIGTERM})
                ended = await self._tell({"wait": pid, "seconds": 20})
                if ended["status"] is None:
                    await self._tell({"kill": pid, "signal": signal.SIGKILL})
                    await self._tell({"wait": pid, "seconds": 10})

    async def _tell(self, command: dict[str, Any]) -> dict[str, Any]:
        zygote = self._zygote
        if zygote is None or zygote.stdin is None or zygote.stdout is None:
            raise RuntimeError("the zygote does not run")
        zygote.stdin.write(json.dumps(command).encode() + b"\n")
        line = await zygote.stdout.readline()
        if not line:
            raise RuntimeError("the zygote has ended")
        return cast("dict[str, Any]", json.loads(line))


async def _serves(health: Any) -> None:
    while True:
        try:
            answer = await health.Check(health_pb2.HealthCheckRequest(service=""), wait_for_ready=True, timeout=5)
        except grpc.aio.AioRpcError:
            continue
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return
        await asyncio.sleep(0.01)


async def _gathered(works: Sequence[Any]) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(work: Any) -> None:
        async with gate:
            await work

    await asyncio.gather(*map(one, works))


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
