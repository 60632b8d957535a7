"""Ends what a supervisor left behind that is gone, and its keeper too (the machine ran out of memory, say)."""

from jitney.stack.folders import DataFolder
from jitney.stack.keeper import end_groups
from jitney.stack.state import StackRecord


def end_leftovers(folder: DataFolder) -> int:
    """Ends the processes that the last supervisor wrote down and that still exist; returns how many there were.

    To be called by who holds the lock of the folder, so no supervisor lives.
    """
    record = StackRecord.read(folder.state)
    if record is None:
        return 0
    groups = {process.pid: process.stop_signal for process in record.processes if process.lives}
    end_groups(groups)
    folder.state.unlink(missing_ok=True)
    return len(groups)
