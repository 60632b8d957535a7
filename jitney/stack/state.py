"""What a supervisor writes down of its processes, for `jitney status`, `jitney down` and whoever comes after a crash.

A process is known by its id together with its time of creation: an id alone may belong to somebody else by now.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jitney.stack.keys import write_private
from jitney.stack.problems import StackError

_SAME_TIME_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessRecord:
    """One process.

    `state` is starting, healthy, restarting or failed; `ready` the question of its health check;
    `ready_after_seconds` how long its last start took, None while it is starting.
    """

    name: str
    pid: int
    created: float
    state: str
    restarts: int = 0
    port: int | None = None
    ready: str | None = field(default=None, repr=False)
    stop_signal: int = 15
    ready_after_seconds: float | None = None

    @property
    def lives(self) -> bool:
        """True if this very process still exists."""
        return is_alive(self.pid, self.created)


@dataclass(frozen=True)
class StackRecord:
    """A supervisor and its processes; `state` is starting, healthy or stopping."""

    supervisor_pid: int
    supervisor_created: float
    state: str
    processes: tuple[ProcessRecord, ...] = ()

    @property
    def lives(self) -> bool:
        """True if the supervisor still exists."""
        return is_alive(self.supervisor_pid, self.supervisor_created)

    def write(self, path: Path) -> None:
        """Writes it, readable by its owner alone (the questions hold passwords)."""
        write_private(path, json.dumps(asdict(self), indent=1).encode() + b"\n", durable=False)

    @classmethod
    def read(cls, path: Path) -> "StackRecord | None":
        """What was written last; None if there is nothing that makes sense.

        Raises:
            StackError: it is another account's.
        """
        try:
            values = json.loads(path.read_text())
            processes = tuple(ProcessRecord(**process) for process in values.pop("processes"))
            return cls(**values, processes=processes)
        except PermissionError:
            # Nothing runs, it would seem, to whoever may not look.
            raise StackError(f"{path} is another account's. Ask as who started the stack.") from None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def created_time(pid: int) -> float:
    """When a process was created (Unix seconds); 0 if it is gone."""
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def is_alive(pid: int, created: float) -> bool:
    """True if the process exists, is the one that was created then, and is more than an entry in a table."""
    import psutil

    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < _SAME_TIME_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
