"""However a supervisor ends, none of its processes stays, and the next one takes the data up."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from jitney.stack.credentials import Credentials
from jitney.stack.down import erase, stop_stack
from jitney.stack.folders import DataFolder
from jitney.stack.leftovers import end_leftovers
from jitney.stack.postgres import Cluster
from jitney.stack.state import ProcessRecord, StackRecord, created_time
from tests.integration.embedded import free_ports

_SECONDS = 60


class _SmallStack:
    """Starts `small_stack` on one data folder, again and again."""

    def __init__(self, place: Path) -> None:
        self.folder = DataFolder(place / "data")
        self.postgres_port, self.redis_port = free_ports(2)
        self._families: list[psutil.Process] = []

    @contextmanager
    def running(self) -> Generator[subprocess.Popen[bytes]]:
        arguments = (str(self.folder.path), str(self.postgres_port), str(self.redis_port))
        supervisor = subprocess.Popen([sys.executable, "-m", "tests.integration.stack.small_stack", *arguments])
        try:
            _wait_for(lambda: self.record() is not None and self.record_now().state == "healthy")
            self._families += self.family()
            yield supervisor
        finally:
            supervisor.kill()
            supervisor.wait()
            _wait_for(lambda: _gone(self._families))

    def record(self) -> StackRecord | None:
        record = StackRecord.read(self.folder.state)
        return record if record is not None and record.lives else None

    def record_now(self) -> StackRecord:
        record = self.record()
        assert record is not None
        return record

    def family(self) -> list[psutil.Process]:
        """Every process below the supervisor, its keeper and the workers' children included."""
        return psutil.Process(self.record_now().supervisor_pid).children(recursive=True)

    async def postgres(self) -> asyncpg.Connection:
        credentials = Credentials.load_or_make(self.folder.secrets)
        cluster = Cluster(self.folder.postgres, "127.0.0.1", self.postgres_port, credentials["postgres_password"])
        return await asyncpg.connect(cluster.superuser_url())

    def redis(self) -> Redis:
        password = Credentials.load_or_make(self.folder.secrets)["redis_password"]
        return Redis(port=self.redis_port, password=password, decode_responses=True)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _gone(family: list[psutil.Process]) -> bool:
    return not any(map(_runs, family))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # gone between the two
        return False


@pytest.fixture
def stack(tmp_path: Path) -> Generator[_SmallStack]:
    """A stack on a data folder that is removed afterwards, with what had to be kept elsewhere."""
    small = _SmallStack(tmp_path)
    yield small
    stop_stack(small.folder)  # a test that failed midway may have left it running
    erase(small.folder)


async def test_a_stop_leaves_no_process_and_a_second_start_takes_up_the_data(stack: _SmallStack) -> None:
    with stack.running() as supervisor:
        connection = await stack.postgres()
        await connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
        await connection.close()
        async with stack.redis() as redis:
            await redis.set("kept", "7")
        family = stack.family()
        assert {"postgres", "redis-server"} <= {process.name() for process in family}
        supervisor.terminate()
        assert supervisor.wait(_SECONDS) == 0
        _wait_for(lambda: _gone(family))
        assert not stack.folder.state.exists()
    with stack.running():
        connection = await stack.postgres()
        assert await connection.fetchval("SELECT id FROM kept") == 7
        await connection.close()
        async with stack.redis() as redis:
            assert await redis.get("kept") == "7"


async def test_a_killed_supervisor_leaves_no_process_and_no_data_is_lost(stack: _SmallStack) -> None:
    with stack.running() as supervisor:
        connection = await stack.postgres()
        await connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
        family = stack.family()
        supervisor.kill()
        supervisor.wait()
        _wait_for(lambda: _gone(family))
        connection.terminate()
    with stack.running():
        connection = await stack.postgres()
        assert await connection.fetchval("SELECT id FROM kept") == 7
        await connection.close()


async def test_what_a_supervisor_and_its_keeper_left_is_ended_by_the_next_start(stack: _SmallStack) -> None:
    with stack.running() as supervisor:
        family = stack.family()
        keeper = next(process for process in family if "keeper.py" in " ".join(process.cmdline()))
        keeper.kill()
        supervisor.kill()
        supervisor.wait()
        assert not _gone(family)
        with stack.running():
            _wait_for(lambda: _gone(family))
            assert not {process.pid for process in family} & {process.pid for process in stack.family()}


def test_a_killed_process_is_waited_for_until_the_system_has_forgotten_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    left = ProcessRecord("postgres", process.pid, created_time(process.pid), "healthy")
    StackRecord(2**22 + 1, 0.0, "healthy", (left,)).write(folder.state)
    process.kill()
    _wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    reaper = threading.Timer(0.3, process.wait)
    reaper.start()
    assert end_leftovers(folder) == 0
    assert not psutil.pid_exists(process.pid)
    assert not folder.state.exists()
    reaper.join()
