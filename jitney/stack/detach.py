"""`jitney up --detach`: a supervisor that outlives the terminal."""

import subprocess
import sys
import time
from pathlib import Path

from jitney.stack.folders import OWN_LOG, DataFolder
from jitney.stack.logfiles import tail
from jitney.stack.problems import StackError
from jitney.stack.state import StackRecord
from jitney.stack.supervisor import START_SECONDS


def start_detached(folder: DataFolder, arguments: list[str]) -> float:
    """Starts `jitney up` apart from this terminal, and waits until its stack is healthy; returns the seconds that took.

    Args:
        folder: the data folder.
        arguments: of `jitney up`, without `--detach`.

    Raises:
        StackError: it ended before; its own words are the message.
    """
    folder.prepare()
    log_file = folder.log_of(OWN_LOG)
    log_file.unlink(missing_ok=True)
    with log_file.open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "jitney", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=Path.cwd(),
        )
    began = time.monotonic()
    deadline = began + 3 * START_SECONDS
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            raise StackError("\n".join(tail(log_file, 40)) or "The supervisor ended without a word.")
        record = StackRecord.read(folder.state)
        if record is not None and record.supervisor_pid == supervisor.pid and record.state == "healthy":
            return time.monotonic() - began
        time.sleep(0.05)
    raise StackError(f"The stack is still starting after {3 * START_SECONDS:g} s; see {log_file}.")
