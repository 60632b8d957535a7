"""A stack to measure or to attack: in a folder of its own, on free ports, gone afterwards."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jitney.stack.addresses import DEFAULTS
from jitney.stack.down import erase
from jitney.stack.folders import DataFolder
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import tail
from jitney.stack.problems import StackError
from jitney.stack.replicas import PORT_STEP, SETTING
from jitney.stack.specs import ProcessSpec
from jitney.stack.state import StackRecord

_START_SECONDS = 180.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.01
_FIRST_PORT, _LAST_PORT, _PARTS = 10_000, 20_000, 16


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A new folder, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jitney-own-"))
    folder.chmod(0o711)  # where we are root, PostgreSQL runs as somebody else
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_stack(*options: str, replicas: int = 1) -> Generator["OwnStack"]:
    """A stack that has not been started yet; stopped and erased at the end, also when we are killed.

    Args:
        options: of `jitney up`, beyond its folder.
        replicas: how many there are of each service and of the edge.
    """
    with scratch_folder() as folder, Launcher() as launcher:
        stack = OwnStack(folder, launcher, options, replicas)
        try:
            yield stack
        finally:
            stack.stop()
            if stack.data.path.is_dir():
                erase(stack.data)


class OwnStack:
    """`jitney up` on free ports; nothing that is set for another stack reaches it."""

    def __init__(self, folder: Path, launcher: Launcher, options: Sequence[str] = (), replicas: int = 1) -> None:
        self.data = DataFolder(folder / "data")
        self.environment = own_environment(os.environ, free_ports(len(DEFAULTS), replicas))
        if replicas > 1:
            self.environment[SETTING] = str(replicas)
        self._log = folder / "up.log"
        self._launcher = launcher
        self._spec = ProcessSpec(
            name="jitney up",
            argv=(sys.executable, "-m", "jitney", "up", "--data", str(self.data.path), *options),
            environment=self.environment,
            stop_signal=signal.SIGINT,
            stop_seconds=_STOP_SECONDS,
        )
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Starts it; returns the seconds from the command to everything being healthy.

        Raises:
            StackError: it ended instead; its last words are the message.
        """
        began = time.monotonic()
        supervisor = self._supervisor = self._launcher.start(self._spec, self._log)
        while time.monotonic() - began < _START_SECONDS:
            if supervisor.poll() is not None:
                raise StackError("The stack of our own ended:\n" + "\n".join(tail(self._log, 20)))
            record = StackRecord.read(self.data.state)
            if record is not None and record.supervisor_pid == supervisor.pid and record.state == "healthy":
                return time.monotonic() - began
            time.sleep(_POLL_SECONDS)
        raise StackError(f"The stack of our own was not healthy within {_START_SECONDS:g} s.")

    def record(self) -> StackRecord:
        """What its supervisor says of the processes."""
        record = StackRecord.read(self.data.state)
        if record is None:
            raise StackError("The stack of our own is gone.")
        return record

    def stop(self) -> None:
        """Ends it, in good order; nothing to do if it does not run."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            self._launcher.stop(supervisor, self._spec)


def own_environment(inherited: Mapping[str, str], ports: list[int]) -> dict[str, str]:
    """Our environment without the settings of any other stack, and with a port for each listener."""
    listeners = {name: f"127.0.0.1:{port}" for name, port in zip(DEFAULTS, ports, strict=True)}
    return {name: value for name, value in inherited.items() if not name.startswith("JITNEY_")} | listeners


def free_ports(count: int, replicas: int = 1, apart_from: Collection[int] = ()) -> list[int]:
    """Different ports of the loopback interface on which nobody listens, nor on those of the replicas above them.

    From below the range that systems give to outgoing connections, so that none takes one before its server does; of
    stacks that are started side by side, each draws from a part of it.

    Args:
        count: how many.
        replicas: how many there are to be of what listens.
        apart_from: ports that somebody was given and does not listen on yet.
    """
    ports: list[int] = []
    with ExitStack() as held:
        while len(ports) < count:
            port = random.randrange(_FIRST_PORT + os.getpid() % _PARTS, _LAST_PORT, _PARTS)  # noqa: S311 (no secret)
            if port in apart_from:
                continue
            try:
                for number in range(replicas):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port + PORT_STEP * number))
            except OSError:
                continue
            ports.append(port)
    return ports
