"""`python -m tests.proof.zygote [payment_service]`: starts a service again and again, quickly.

Everything is imported once; each start is a fork that runs the service's own `main(["serve"])`, so what is killed is
the real process: its server, its workers, its connections. Commands come as JSON lines on stdin, answers go to stdout:

{"start": {"environment": {...}, "log": "path", "stands_at": "..." | null, "ahead_seconds": 0}}  ->  {"pid": 1}
{"wait": 1, "seconds": 10}  ->  {"status": -9}, or null where it still runs
{"kill": 1, "signal": 15}  ->  {}
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

_SERVICE = sys.argv[1] if len(sys.argv) > 1 else "payment_service"
service: Any = importlib.import_module(f"{_SERVICE}.__main__")
bootstrap: Any = importlib.import_module(f"{_SERVICE}.bootstrap")

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class ChildsClock:
    """The machine's clock as this process sees it: ahead of others', or standing still."""

    def __init__(self, stands_at: str | None, ahead_seconds: float) -> None:
        self._stands_at = None if stands_at is None else datetime.fromisoformat(stands_at)
        self._ahead = timedelta(seconds=ahead_seconds)

    def now(self) -> datetime:
        return self._stands_at or datetime.now(UTC) + self._ahead


def main() -> None:
    children: dict[int, int | None] = {}
    # What was imported is never freed, so the children need not look at it.
    gc.freeze()
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if "start" in command:
            pid = _start(command["start"])
            children[pid] = None
            answer: dict[str, Any] = {"pid": pid}
        elif "wait" in command:
            answer = {"status": _wait(children, command["wait"], command["seconds"])}
        else:
            os.kill(command["kill"], command["signal"])
            answer = {}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid, status in children.items():
        if status is None:
            os.kill(pid, signal.SIGKILL)


def _start(how: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    log = os.open(how["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(how["environment"])
    code = 70
    try:
        with patch.object(bootstrap, "SystemClock", lambda: ChildsClock(how["stands_at"], how["ahead_seconds"])):
            code = service.main(["serve"])
    finally:
        os._exit(code)


def _wait(children: dict[int, int | None], pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while children[pid] is None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children[pid] = os.waitstatus_to_exitcode(status)
        elif time.monotonic() > deadline:
            break
        else:
            time.sleep(0.005)
    return children[pid]


if __name__ == "__main__":
    main()
