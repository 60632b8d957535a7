"""Ends what a supervisor left behind that is gone, and its keeper too (the machine ran out of memory, say)."""

import time

from jitney.stack.folders import DataFolder
from jitney.stack.keeper import end_groups
from jitney.stack.state import ProcessRecord, StackRecord, created_time

_PATIENCE_SECONDS = 10.0
_SAME_TIME_SECONDS = 0.05


def end_leftovers(folder: DataFolder) -> int:
    """Ends the processes that the last supervisor wrote down and that still exist; returns how many there were.

    To be called by who holds the lock of the folder, so no supervisor lives.
    """
    record = StackRecord.read(folder.state)
    if record is None:
        return 0
    groups = {process.pid: process.stop_signal for process in record.processes if process.lives}
    end_groups(groups)
    _wait_until_gone(record.processes)
    folder.state.unlink(missing_ok=True)
    return len(groups)


def _wait_until_gone(processes: tuple[ProcessRecord, ...]) -> None:
    """Waits until the system has forgotten them.

    A killed process is a zombie until its parent, now the system's first process, takes note of its end. Until then
    PostgreSQL takes the process that its lock file names for a running server, and refuses to start. Where nobody ever
    takes note (some containers), there is no use in waiting any longer.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while any(_exists(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.02)


def _exists(process: ProcessRecord) -> bool:
    return abs(created_time(process.pid) - process.created) < _SAME_TIME_SECONDS
