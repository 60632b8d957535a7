"""Keeps processes running: starts them, waits for their health, starts them again when they die, ends them in order.

One event loop in the main thread does it all; the end of a child is learned from SIGCHLD. Each process is the leader of
a group of its own, so workers that it starts end with it.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jitney.stack.checks import answers
from jitney.stack.folders import OWN_LOG, DataFolder
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import last_lines, rotate_if_large
from jitney.stack.problems import StackError
from jitney.stack.specs import ProcessSpec
from jitney.stack.state import ProcessRecord, StackRecord, created_time

START_SECONDS = 60.0
_POLL_SECONDS = 0.03
_BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0)
_STEADY_SECONDS = 60.0
_LOG_CHECK_SECONDS = 5.0


@dataclass(eq=False)
class Kept:
    """A process that is being kept running."""

    spec: ProcessSpec
    stage: int
    process: subprocess.Popen[bytes]
    created: float
    started: float
    state: str = "starting"
    ready_after_seconds: float | None = None
    restarts: int = 0
    failures: int = 0
    exited: asyncio.Event = field(default_factory=asyncio.Event)
    revival: asyncio.Task[None] | None = None

    @property
    def record(self) -> ProcessRecord:
        """What is written down about it."""
        return ProcessRecord(
            name=self.spec.name,
            pid=self.process.pid,
            created=self.created,
            state=self.state,
            restarts=self.restarts,
            port=self.spec.port,
            ready=self.spec.ready,
            stop_signal=int(self.spec.stop_signal),
            ready_after_seconds=self.ready_after_seconds,
        )


class Supervisor:
    """Keeps processes running. To be used as an asynchronous context manager; leaving it ends them all.

    Args:
        folder: where logs and state are written.
        launcher: what starts processes.
        say: tells the person at the keyboard one plain line.
    """

    def __init__(self, folder: DataFolder, launcher: Launcher, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._launcher = launcher
        self._say = say
        self._kept: dict[str, Kept] = {}
        self._state = "starting"
        self._created = created_time(os.getpid())
        self._forced = asyncio.Event()
        self._rotation: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Supervisor":
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)
        self._rotation = asyncio.create_task(self._rotate_logs())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_all()
        if self._rotation is not None:
            self._rotation.cancel()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        self._folder.state.unlink(missing_ok=True)

    def force(self) -> None:
        """Stops being patient: what does not end at once is killed."""
        self._forced.set()

    def all_started(self) -> None:
        """Notes that the stack is whole."""
        self._state = "healthy"
        self._write_state()

    async def start(self, spec: ProcessSpec, stage: int, *, needs: asyncio.Event | None = None) -> None:
        """Starts a process, waits until it is healthy, and keeps it running from then on.

        Args:
            spec: the process.
            stage: later stages end before earlier ones.
            needs: not asked for its health before this event, because until then the answer can only be no; nor does
                its time to become healthy run before.

        Raises:
            StackError: it ended or did not become healthy in time; the end of its log is in the message.
        """
        kept = self._kept[spec.name] = self._launch(spec, stage)
        self._write_state()
        if not await self._healthy(kept, needs):
            raise StackError(self._why(kept, "while starting"))
        kept.state = "healthy"
        self._write_state()

    async def run_once(self, spec: ProcessSpec, stage: int) -> None:
        """Runs a process to its end.

        Raises:
            StackError: it failed or took too long.
        """
        kept = self._kept[spec.name] = self._launch(spec, stage)
        self._write_state()
        try:
            async with asyncio.timeout(START_SECONDS):
                await kept.exited.wait()
        except TimeoutError:
            raise StackError(self._why(kept, "")) from None
        if kept.process.returncode != 0:
            raise StackError(self._why(kept, ""))
        del self._kept[spec.name]

    def _launch(self, spec: ProcessSpec, stage: int) -> Kept:
        process = self._launcher.start(spec, self._folder.log_of(spec.name))
        return Kept(spec, stage, process, created_time(process.pid), time.monotonic())

    async def _healthy(self, kept: Kept, needs: asyncio.Event | None = None) -> bool:
        """Waits until the process is healthy; False if it ended, or took too long from when it could be on."""
        # Who starts what it needs bounds that; on a slow machine it may take as long as the process itself is given.
        while not (needs is None or needs.is_set() or kept.exited.is_set()):
            await _poll(kept)
        deadline = time.monotonic() + START_SECONDS
        while not kept.exited.is_set() and time.monotonic() < deadline:
            if kept.spec.ready is None or await answers(kept.spec.ready):
                kept.ready_after_seconds = round(time.monotonic() - kept.started, 3)
                return not kept.exited.is_set()
            await _poll(kept)
        return False

    def _reap(self) -> None:
        for kept in self._kept.values():
            if not kept.exited.is_set() and kept.process.poll() is not None:
                self._launcher.forget(kept.process)
                kept.exited.set()
                if self._state != "stopping" and kept.state == "healthy":
                    kept.revival = asyncio.create_task(self._revive(kept))

    async def _revive(self, kept: Kept) -> None:
        """Starts a process again until it is healthy or has failed too often in a row."""
        name = kept.spec.name
        if time.monotonic() - kept.started > _STEADY_SECONDS:
            kept.failures = 0
        while kept.failures < len(_BACKOFF_SECONDS):
            kept.state = "restarting"
            self._write_state()
            delay = _BACKOFF_SECONDS[kept.failures]
            self._say(f"{name} stopped ({_ending(kept.process)}); starting it again in {delay:g} s.")
            await asyncio.sleep(delay)
            kept.failures += 1
            kept.restarts += 1
            again = self._launch(kept.spec, kept.stage)
            kept.process, kept.created, kept.started = again.process, again.created, again.started
            kept.ready_after_seconds = None
            kept.exited.clear()
            self._write_state()
            if await self._healthy(kept):
                kept.state = "healthy"
                self._write_state()
                self._say(f"{name} runs again.")
                return
            if not kept.exited.is_set():
                await self._end(kept)
        kept.state = "failed"
        self._write_state()
        self._say(f"{name} keeps stopping and is left alone. jitney logs {name} shows why.")

    async def _stop_all(self) -> None:
        """Ends everything, the last stage first."""
        self._state = "stopping"
        self._write_state()
        revivals = [kept.revival for kept in self._kept.values() if kept.revival is not None]
        for revival in revivals:
            revival.cancel()
        await asyncio.gather(*revivals, return_exceptions=True)
        for stage in sorted({kept.stage for kept in self._kept.values()}, reverse=True):
            await asyncio.gather(*(self._end(kept) for kept in self._kept.values() if kept.stage == stage))

    async def _end(self, kept: Kept) -> None:
        """Asks a process to end; kills its group if it does not in time or if we were told to hurry."""
        self._reap()
        if kept.exited.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            kept.process.send_signal(kept.spec.stop_signal)
        ended, forced = asyncio.create_task(kept.exited.wait()), asyncio.create_task(self._forced.wait())
        await asyncio.wait((ended, forced), timeout=kept.spec.stop_seconds, return_when=asyncio.FIRST_COMPLETED)
        forced.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(kept.process.pid, signal.SIGKILL)
            await ended

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_CHECK_SECONDS)
            for name in [OWN_LOG, *self._kept]:
                await asyncio.to_thread(rotate_if_large, self._folder.log_of(name))

    def _write_state(self) -> None:
        records = tuple(kept.record for kept in self._kept.values())
        # A full disk must not end what still runs; the next change writes it again.
        with contextlib.suppress(OSError):
            StackRecord(os.getpid(), self._created, self._state, records).write(self._folder.state)

    def _why(self, kept: Kept, when: str) -> str:
        if kept.exited.is_set():
            what = f"{kept.spec.name} stopped {when} ({_ending(kept.process)})".replace("  ", " ")
        else:
            what = f"{kept.spec.name} was not ready within {START_SECONDS:g} s"
        log_file = self._folder.log_of(kept.spec.name)
        return f"{what}. The end of {log_file}:\n{last_lines(log_file)}"


async def _poll(kept: Kept) -> None:
    """Waits for a moment, or until the process has ended."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(kept.exited.wait(), _POLL_SECONDS)


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
