"""A whole stack in processes of its own, on free ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import psutil

from jitney.stack.credentials import Credentials
from jitney.stack.environment import StackSettings
from jitney.stack.postgres import Cluster
from jitney.stack.state import ProcessRecord, StackRecord
from jitney.stack.tokens import make_token
from tests.integration.embedded import free_addresses

T = TypeVar("T")

START_SECONDS = 120.0
_COMMAND_SECONDS = 270.0
"""What hangs is found late; what simulates a city for minutes, on a machine with much else to do, comes to its end."""


def until(found: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Look again and again until something is there; AssertionError naming it when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        result = found()
        if result is not None and result is not False:
            return result
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


class Stack:
    """A stack under test: `jitney up` in a folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.addresses = free_addresses()
        self.data = folder / "data"
        self._folder = folder
        self._operator = str(uuid4())
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")},
            **self.addresses,
            **settings,
        }
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def rest_url(self) -> str:
        return f"http://{self.addresses['JITNEY_REST_LISTEN']}"

    @property
    def stream_url(self) -> str:
        return f"http://{self.addresses['JITNEY_STREAM_LISTEN']}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{self.addresses['JITNEY_SANDBOX_LISTEN']}"

    @property
    def matching_target(self) -> str:
        return self.addresses["JITNEY_MATCHING_LISTEN"]

    @property
    def notification_target(self) -> str:
        return self.addresses["JITNEY_NOTIFICATION_LISTEN"]

    def jitney(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command beside the stack, with more variables in its environment."""
        return subprocess.run(
            [sys.executable, "-m", "jitney", *arguments],
            env={**self._environment, **more},
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    def start(self, *options: str) -> None:
        """Start it and wait until all of it is healthy, as its supervisor has found."""
        log_file = self._folder / "up.log"
        with log_file.open("ab") as log:
            supervisor = self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "jitney", "up", "--data", str(self.data), *options],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def healthy() -> bool:
            assert supervisor.poll() is None, log_file.read_text()
            record = StackRecord.read(self.data / "stack.json")
            return record is not None and record.supervisor_pid == supervisor.pid and record.state == "healthy"

        try:
            until(healthy, "a healthy stack", START_SECONDS)
        except AssertionError as error:
            # What it waited for is gone with the stack.
            record = StackRecord.read(self.data / "stack.json")
            states = {process.name: process.state for process in record.processes} if record else "nothing was started"
            error.add_note(f"{states}\n{log_file.read_text()}")
            raise

    def wait_until_healthy(self) -> None:
        """Wait until all answer at once: who takes longer than a second is told as unhealthy at that moment."""
        until(lambda: self.status()["healthy"], "a stack that answers", START_SECONDS)

    def status(self) -> dict[str, Any]:
        """Return what `jitney status --json` says."""
        return json.loads(self.jitney("status", "--data", str(self.data), "--json").stdout)

    def record(self) -> StackRecord:
        """Return what the supervisor has written down."""
        record = StackRecord.read(self.data / "stack.json")
        assert record is not None, "no supervisor has written anything down"
        return record

    def process(self, name: str) -> ProcessRecord:
        """Return what is written down of a process."""
        return next(process for process in self.record().processes if process.name == name)

    def kill(self, name: str) -> ProcessRecord:
        """SIGKILL a process with all that it started; return what it was."""
        process = self.process(name)
        _kill_family(process.pid)
        return process

    def runs_again(self, killed: ProcessRecord) -> bool:
        """Tell whether another process does healthily what the killed one did."""
        process = self.process(killed.name)
        return (process.pid, process.created) != (killed.pid, killed.created) and process.state == "healthy"

    def kill_supervisor(self) -> None:
        """SIGKILL the supervisor alone."""
        supervisor = self._take_supervisor()
        supervisor.kill()
        supervisor.wait()

    def kill_everything(self) -> None:
        """SIGKILL the supervisor and all processes of the stack, as a power cut does."""
        supervisor = self._take_supervisor()
        _kill_family(supervisor.pid)
        supervisor.wait()

    def family(self) -> list[psutil.Process]:
        """Return every process of the running stack, with the supervisor and all workers."""
        assert self._supervisor is not None
        return _family(self._supervisor.pid)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return the exit code."""
        supervisor = self._take_supervisor()
        supervisor.send_signal(signal.SIGINT)
        try:
            return supervisor.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(supervisor.pid, signal.SIGKILL)
            raise

    def discard(self) -> None:
        """Stop it if it runs, and remove what it stored outside of the test's folder; its logs stay."""
        if self._supervisor is not None:
            self.stop()
        if self.data.exists():
            settings = StackSettings.read(self._environment, self.data)
            settings.cluster(Credentials.load_or_make(settings.data.secrets)).erase()

    def credentials(self) -> Credentials:
        """Return the passwords of the stores."""
        return Credentials.load_or_make(StackSettings.read(self._environment, self.data).data.secrets)

    def cluster(self) -> Cluster:
        """Return the embedded PostgreSQL, for what is done to it from outside."""
        return StackSettings.read(self._environment, self.data).cluster(self.credentials())

    def forget_redis(self) -> None:
        """Remove what the embedded Redis has stored, while it does not run."""
        shutil.rmtree(StackSettings.read(self._environment, self.data).data.redis)

    def operator_token(self) -> str:
        """Make an operator's token."""
        return make_token(self.data / "keys", "operator", self._operator, 10)

    async def rows(self, service: str, query: str) -> list[asyncpg.Record]:
        """Ask a service's database directly, for what no interface tells."""
        settings = StackSettings.read(self._environment, self.data)
        credentials = Credentials.load_or_make(settings.data.secrets)
        name, password = f"jitney_{service}", credentials[f"{service}_database_password"]
        own = settings.cluster(credentials).url(name, password, name)
        url = self._environment.get(f"JITNEY_{service.upper()}_DATABASE_URL", own)
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    def _take_supervisor(self) -> subprocess.Popen[bytes]:
        supervisor, self._supervisor = self._supervisor, None
        assert supervisor is not None, "the stack does not run"
        return supervisor


def _family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def _kill_family(pid: int) -> None:
    family = _family(pid)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    # On a busy machine it takes them a while to go, and until then they hold their ports.
    until(lambda: all(map(_is_gone, family)), "the end of what was killed")


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
