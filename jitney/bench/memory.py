"""How much memory our Python processes take together while nobody uses them.

PSS is what counts: it shares out pages that several processes map, so that it adds up to what is really taken. RSS
counts such pages once a process and stands beside it. The limit is what the libraries alone take: as many processes of
each kind, with the same libraries loaded and nothing of ours.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from jitney.bench.result import Detail, Result
from jitney.stack.own_stack import own_stack
from jitney.stack.problems import StackError
from jitney.stack.status import read_status

TARGET_MEGABYTES = 1000.0
_STORES = frozenset({"postgres", "redis"})
_MEGABYTE = 1_000_000

_SERVICE = "grpc.aio, grpc_reflection.v1alpha.reflection, sqlalchemy.ext.asyncio, asyncpg, redis.asyncio, protovalidate"
_COMMON = "uvloop, pydantic_settings, prometheus_client, opentelemetry.sdk.trace, jwt"
_LIBRARIES = {
    "identity": f"{_SERVICE}, {_COMMON}, phonenumbers",
    "matching": f"{_SERVICE}, {_COMMON}, h3, scipy.optimize, scipy.spatial",
    "payment": f"{_SERVICE}, {_COMMON}, stripe, httpx",
    "notification": f"{_SERVICE}, {_COMMON}, httpx, jinja2, babel.numbers",
    "rest": f"granian.server, flask, flask_openapi, grpc, redis, {_COMMON}",
    "rest, its main process": "granian.server",
    "stream": f"granian.server, starlette.applications, redis.asyncio, {_COMMON}",
    "stream, its main process": "granian.server",
    "sandbox": f"granian.server, starlette.applications, httpx, jinja2, {_COMMON}",
    "supervisor": "asyncio, typer, rich.console, asyncpg, grpc.aio, psutil",
    "its keeper": "signal",
}


@dataclass(frozen=True)
class Taken:
    """Memory of one process of the stack, with the workers it started."""

    name: str
    pss_bytes: int
    rss_bytes: int


def measure_memory(idle_seconds: float) -> Result:
    """Starts a stack of its own, leaves it alone for a while, and looks."""
    with own_stack() as stack:
        stack.start()
        time.sleep(idle_seconds)
        status = asyncio.run(read_status(stack.record()))
    if not status.healthy:
        raise StackError("The stack to be measured is not healthy.")
    taken = [Taken(item.name, item.pss_bytes, item.rss_bytes) for item in status.processes if item.name not in _STORES]
    return result_of(taken, libraries_bytes=_libraries_alone())


def result_of(taken: Sequence[Taken], *, libraries_bytes: int) -> Result:
    """The sums over all processes."""
    pss, rss = sum(item.pss_bytes for item in taken), sum(item.rss_bytes for item in taken)
    if pss == 0:
        raise StackError("This system does not tell how processes share memory (PSS); Linux does.")
    rows = [
        Detail(f"{item.name}, {kind}", count / _MEGABYTE, "MB")
        for item in taken
        for kind, count in (("PSS", item.pss_bytes), ("RSS", item.rss_bytes))
    ]
    return Result(
        name="memory",
        value=pss / _MEGABYTE,
        unit="MB",
        limit=libraries_bytes / _MEGABYTE,
        target=TARGET_MEGABYTES,
        details=(*rows, Detail("all, PSS", pss / _MEGABYTE, "MB"), Detail("all, RSS", rss / _MEGABYTE, "MB")),
    )


def _libraries_alone() -> int:
    """PSS of processes that load the libraries and then wait, all of them at once."""
    import psutil

    with ExitStack() as stack:
        loaders = [stack.enter_context(_loader(modules)) for modules in _LIBRARIES.values()]
        for loader in loaders:
            if loader.stdout is None or loader.stdout.readline() != b"loaded\n":
                raise StackError("The libraries cannot be loaded by themselves.")
        total = sum(int(psutil.Process(loader.pid).memory_full_info().pss) for loader in loaders)
        for loader in loaders:
            loader.communicate()
    return total


def _loader(modules: str) -> subprocess.Popen[bytes]:
    """A process that loads modules, says so, and ends when its input does."""
    code = f"import sys, {modules}\nprint('loaded', flush=True)\nsys.stdin.read()"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
