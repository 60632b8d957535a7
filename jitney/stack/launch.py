"""Starts and stops processes, each as a group of its own, under the eyes of a keeper that ends them if we cannot."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from jitney.stack import keeper
from jitney.stack.account import command_as
from jitney.stack.problems import StackError, plain_file_errors
from jitney.stack.specs import ProcessSpec


class Launcher:
    """Starts processes whose life is bound to ours. To be used as a context manager."""

    def __init__(self) -> None:
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Launcher":
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.communicate()  # the end of its input: it ends whatever is still on its list
            self._keeper = None

    @property
    def keeper_pid(self) -> int | None:
        """The process id of the keeper."""
        return None if self._keeper is None else self._keeper.pid

    def start(self, spec: ProcessSpec, log_file: Path) -> subprocess.Popen[bytes]:
        """Starts a process, its output appended to `log_file`.

        Raises:
            StackError: the program cannot be started at all.
        """
        with plain_file_errors(log_file, purpose=f"The log of {spec.name}"), log_file.open("ab") as log:
            process = self._spawn(spec, log)
        self._tell(f"+{process.pid} {int(spec.stop_signal)}")
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Tells the keeper that a process has ended; kills what it may have left behind in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self._tell(f"-{process.pid}")

    def stop(self, process: subprocess.Popen[bytes], spec: ProcessSpec) -> None:
        """Ends a process and its group: asks first, kills after `spec.stop_seconds`; blocks."""
        if process.poll() is None:
            process.send_signal(spec.stop_signal)
            try:
                process.wait(spec.stop_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.forget(process)

    def _tell(self, line: str) -> None:
        if self._keeper is None or self._keeper.stdin is None:
            raise RuntimeError("the launcher is used outside of its context")
        # Without a keeper the processes still run and still end with us; only our sudden death would leave them.
        with contextlib.suppress(BrokenPipeError):
            self._keeper.stdin.write(line.encode() + b"\n")
            self._keeper.stdin.flush()

    def _spawn(self, spec: ProcessSpec, log: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command_as(spec.account, spec.argv),
                env=dict(spec.environment),
                cwd=spec.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise StackError(f"{spec.name} cannot be started: {error}.") from error


def wait_for_exit(pids: list[int], seconds: float) -> bool:
    """True once none of these processes exists any more; blocks for `seconds` at most."""
    import psutil

    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
