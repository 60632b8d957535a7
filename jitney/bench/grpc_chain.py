"""A unary call behind everything that stands around a service's methods, beside the same answer on raw bytes.

Three servers, each a process of its own: raw, the chain with no trace sampled, the chain with every trace sampled and
exported. They are called in turns by the same callers with the same bytes. What is compared is the CPU time that the
server takes for a call: who calls shares the machine, and a rate would count that too. Rates stand beside.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jitney.bench.grpc_peer import METHOD, RIDE_ID
from jitney.bench.result import Detail, Promise, Result, median
from jitney.bench.span_sink import span_sink
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import tail
from jitney.stack.own_stack import free_ports, scratch_folder
from jitney.stack.problems import StackError
from jitney.stack.specs import ProcessSpec

TARGET_UNSAMPLED, TARGET_SAMPLED = 0.8, 0.6
_CALLERS = 16
_READY_SECONDS = 60.0
_CALL_SECONDS = 30.0
_TOKEN_SECONDS = 3_600
_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"
RAW, UNSAMPLED, SAMPLED = "raw", "unsampled", "sampled"


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds of each side in turns, and calls of a side and round."""

    rounds: int
    a_round: int


@dataclass
class Found:
    """Of each side: CPU microseconds of the server a call, and calls a second, by round."""

    cpu_micros: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    rates: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


@dataclass(frozen=True)
class Side:
    """A server that is called."""

    target: str
    process: "subprocess.Popen[bytes]"
    metadata: tuple[tuple[str, str], ...]


def measure_grpc_chain(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures the three in turns.

    Raises:
        StackError: a server does not start.
    """
    import uvloop

    found = Found()
    with _sides() as sides:
        for number in range(plan.rounds + 1):
            for name, side in sides.items():
                cpu, rate = uvloop.run(_round(side, plan.a_round))
                if number:  # the first round warms everything up
                    found.cpu_micros.setdefault(name, []).append(cpu)
                    found.rates.setdefault(name, []).append(rate)
            if number:
                told = ", ".join(f"{name} {found.cpu_micros[name][-1]:.0f} us" for name in sides)
                say(f"round {number} of {plan.rounds}: {told} of CPU a call")
    return result_of(found)


def result_of(found: Found) -> Result:
    """Ratios of the medians: 1 is raw bytes."""
    raw = median(found.cpu_micros[RAW])
    ratios = {name: raw / median(values) for name, values in found.cpu_micros.items()}
    details = [
        item
        for name in found.cpu_micros
        for item in (
            Detail(f"{name}: CPU of the server a call", median(found.cpu_micros[name]), "us"),
            Detail(f"{name}: {_CALLERS} callers", median(found.rates[name]), "calls/s"),
        )
    ]
    return Result(
        "grpc-chain",
        ratios[UNSAMPLED],
        "",
        1.0,
        TARGET_UNSAMPLED,
        details,
        more_is_better=True,
        also=(Promise("raw / sampled", ratios[SAMPLED], least=TARGET_SAMPLED),),
    )


@contextmanager
def _sides() -> Generator[Mapping[str, Side]]:
    from chassis.auth import Role, TokenSigner
    from jitney.stack.keys import make_signing_keys

    with scratch_folder() as folder, span_sink() as sink, Launcher() as launcher:
        jwks = make_signing_keys(folder / "keys")
        token = TokenSigner.from_dir(folder / "keys", "matching").sign("matching", Role.SERVICE, _TOKEN_SECONDS)
        ports: dict[str, int] = dict(zip((RAW, UNSAMPLED, SAMPLED), free_ports(3), strict=True))
        arguments: dict[str, tuple[str, ...]] = {
            RAW: ("raw", str(ports[RAW])),
            UNSAMPLED: ("chain", str(ports[UNSAMPLED]), str(jwks), "0", "-"),
            SAMPLED: ("chain", str(ports[SAMPLED]), str(jwks), "1", sink.endpoint),
        }
        sides: dict[str, Side] = {}
        started = ExitStack()
        for name, given in arguments.items():
            spec = ProcessSpec(
                name=f"grpc chain {name}",
                argv=(sys.executable, "-m", "jitney.bench.grpc_peer", *given),
                environment={key: value for key, value in os.environ.items() if not key.startswith("JITNEY_")},
            )
            traceparent = _TRACEPARENT.format(flags="01" if name == SAMPLED else "00")
            metadata = (("authorization", f"Bearer {token}"), ("traceparent", traceparent))
            process = launcher.start(spec, folder / f"{name}.log")
            started.callback(launcher.stop, process, spec)
            sides[name] = Side(f"127.0.0.1:{ports[name]}", process, metadata)
        with started:
            for name, side in sides.items():
                asyncio.run(_ready(side, folder / f"{name}.log"))
            yield sides
        if not sink.received_bytes:
            raise StackError("Not one span was exported.")


async def _ready(side: Side, log: Path) -> None:
    import grpc

    async with grpc.aio.insecure_channel(side.target) as channel:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await channel.channel_ready()
        except TimeoutError:
            raise StackError("A server of the benchmark did not start:\n" + "\n".join(tail(log, 10))) from None


async def _round(side: Side, count: int) -> tuple[float, float]:
    """CPU microseconds of the server a call, and calls a second."""
    import time

    import grpc

    from jitney.bench.cpu import cpu_of_tree
    from ridesharing.matching.v1.ride_service_pb2 import GetRideRequest

    request = GetRideRequest(ride_id=RIDE_ID).SerializeToString()
    numbers = iter(range(count))
    async with grpc.aio.insecure_channel(side.target) as channel:
        call = channel.unary_unary(METHOD)
        await channel.channel_ready()

        async def caller() -> None:
            for _ in numbers:
                await call(request, metadata=side.metadata, timeout=_CALL_SECONDS)

        before, began = cpu_of_tree(side.process.pid), time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(_CALLERS)))
        seconds = time.perf_counter() - began
        return (cpu_of_tree(side.process.pid) - before) * 1e6 / count, count / seconds
