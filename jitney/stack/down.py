"""`jitney down`: asks the supervisor to end, from another terminal."""

import contextlib
import os
import shutil
import signal
import time

from jitney.stack.folders import DataFolder
from jitney.stack.leftovers import end_leftovers
from jitney.stack.problems import StackError, plain_file_errors
from jitney.stack.state import StackRecord

_PATIENCE_SECONDS = 90.0


def stop_stack(folder: DataFolder) -> str:
    """Ends what runs on a data folder; returns a line that says what was done.

    Raises:
        StackError: the supervisor did not end in time.
    """
    record = StackRecord.read(folder.state)
    if record is None or not record.lives:
        if not folder.path.is_dir():
            return f"There is no stack in {folder.path}."
        with folder.locked():
            count = end_leftovers(folder)
        return f"Ended {count} processes that were left behind." if count else "Jitney is not running."
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(record.supervisor_pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while record.lives:
        if time.monotonic() > deadline:
            raise StackError(
                f"The supervisor (pid {record.supervisor_pid}) has not ended within {_PATIENCE_SECONDS:g} s. "
                "A second jitney down hurries it."
            )
        time.sleep(0.05)
    return "Jitney has stopped."


def erase(folder: DataFolder) -> None:
    """Removes the data folder, with data of PostgreSQL that had to be kept elsewhere.

    Raises:
        StackError: a stack runs on it.
    """
    with folder.locked(), plain_file_errors(folder.path, purpose="The data folder"):
        if folder.postgres.is_symlink():
            shutil.rmtree(folder.postgres.resolve(), ignore_errors=True)
        shutil.rmtree(folder.path)
