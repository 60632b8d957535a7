"""What the supervisor does when processes fail."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jitney.stack import supervisor
from jitney.stack.folders import DataFolder
from jitney.stack.launch import Launcher
from jitney.stack.problems import StackError
from jitney.stack.specs import ProcessSpec
from jitney.stack.state import ProcessRecord, StackRecord
from jitney.stack.status import StackStatus, read_status
from jitney.stack.supervisor import Supervisor
from tests.integration.embedded import free_port

_SECONDS = 60
_SERVER = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class _Stack:
    """A supervisor in this process, and what it said."""

    def __init__(self, folder: DataFolder, supervisor: Supervisor, said: "asyncio.Queue[str]") -> None:
        self.folder, self.supervisor, self.said = folder, supervisor, said

    async def next_said(self) -> str:
        async with asyncio.timeout(_SECONDS):
            return await self.said.get()

    def record(self, name: str) -> ProcessRecord:
        record = StackRecord.read(self.folder.state)
        assert record is not None
        return next(process for process in record.processes if process.name == name)


@asynccontextmanager
async def _stack(tmp_path: Path) -> AsyncGenerator[_Stack]:
    folder, said = DataFolder(tmp_path / "data"), asyncio.Queue[str]()
    folder.prepare()
    with Launcher() as launcher:
        async with Supervisor(folder, launcher, said.put_nowait) as supervisor:
            yield _Stack(folder, supervisor, said)


def _server(tmp_path: Path, code: str = _SERVER) -> ProcessSpec:
    port = free_port()
    return ProcessSpec(
        "server",
        (sys.executable, "-c", code, str(port)),
        dict(os.environ),
        ready=f"http://127.0.0.1:{port}/",
        port=port,
        folder=tmp_path,
    )


def _script(name: str, code: str) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-c", code), dict(os.environ))


async def test_a_process_that_dies_is_started_again_and_said_so(tmp_path: Path) -> None:
    async with _stack(tmp_path) as stack:
        await stack.supervisor.start(_server(tmp_path), 1)
        first = stack.record("server")
        os.kill(first.pid, signal.SIGKILL)
        assert await stack.next_said() == "server stopped (killed by SIGKILL); starting it again in 0.5 s."
        assert await stack.next_said() == "server runs again."
        second = stack.record("server")
        assert (second.restarts, second.state) == (1, "healthy")
        assert second.pid != first.pid
        assert second.lives
    assert not second.lives


async def test_a_process_that_fails_while_starting_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    port = free_port()
    spec = ProcessSpec(
        "broken",
        (sys.executable, "-c", "import sys; sys.exit('the last words')"),
        dict(os.environ),
        ready=f"http://127.0.0.1:{port}/",
    )
    async with _stack(tmp_path) as stack:
        with pytest.raises(StackError, match=r"broken stopped while starting \(exit code 1\)(.|\n)*the last words"):
            await stack.supervisor.start(spec, 1)


class _HandClock:
    """Time as the supervisor sees it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


async def test_the_time_to_start_begins_when_what_a_process_needs_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, services_run = _HandClock(), asyncio.Event()
    monkeypatch.setattr(supervisor, "time", clock)
    async with _stack(tmp_path) as stack:
        starting = asyncio.create_task(stack.supervisor.start(_server(tmp_path), 1, needs=services_run))
        await asyncio.wait({starting}, timeout=0.1)
        clock.seconds += supervisor.START_SECONDS + 1
        await asyncio.wait({starting}, timeout=0.3)
        services_run.set()
        await starting
        assert stack.record("server").state == "healthy"


async def test_a_task_that_fails_is_not_tried_again(tmp_path: Path) -> None:
    async with _stack(tmp_path) as stack:
        await stack.supervisor.run_once(_script("fine", "print('done')"), 1)
        with pytest.raises(StackError, match=r"task stopped \(exit code 3\)"):
            await stack.supervisor.run_once(_script("task", "import sys; sys.exit(3)"), 1)


async def test_a_program_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    async with _stack(tmp_path) as stack:
        with pytest.raises(StackError, match="missing cannot be started"):
            await stack.supervisor.start(ProcessSpec("missing", (str(tmp_path / "none"),), {}), 1)


async def test_a_process_that_will_not_end_is_killed_when_told_to_hurry(tmp_path: Path) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{_SERVER}"
    async with _stack(tmp_path) as stack:
        await stack.supervisor.start(_server(tmp_path, deaf), 1)
        record = stack.record("server")
        stack.supervisor.force()
    assert not record.lives


def _is_in_memory(status: StackStatus) -> bool:
    return all(item.rss_bytes > 1_000_000 for item in status.processes if item.name != "supervisor")


async def test_status_tells_the_healthy_from_the_unhealthy(tmp_path: Path) -> None:
    async with _stack(tmp_path) as stack:
        spec = _server(tmp_path)
        await stack.supervisor.start(spec, 1)
        await stack.supervisor.start(_script("silent", "import time; time.sleep(600)"), 1)
        stack.supervisor.all_started()
        record = StackRecord.read(stack.folder.state)
        assert record is not None
        # On a busy machine a process may take more than a second to answer once, and a while to be read into memory.
        async with asyncio.timeout(_SECONDS):
            while not ((status := await read_status(record)).healthy and _is_in_memory(status)):
                pass
        assert {item.name: item.health for item in status.processes} == {
            "supervisor": "running",
            "server": "healthy",
            "silent": "running",
        }
        os.kill(stack.record("server").pid, signal.SIGSTOP)
        frozen = await read_status(record)
        os.kill(stack.record("server").pid, signal.SIGCONT)
        assert not frozen.healthy
