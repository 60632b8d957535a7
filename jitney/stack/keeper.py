"""Ends the processes of a supervisor that died without doing so itself (SIGKILL, out of memory).

Run as a process of its own, by file name and without site packages, so it stays small; it imports nothing of ours.
It reads lines from its standard input, `+<pgid> <signal>` and `-<pgid>`, in the order in which the processes were
started. The end of that stream means that the supervisor is gone: what is left is asked to end, newest first, and
killed after a while. A supervisor that ends in good order has taken every process off the list before.
"""

import os
import signal
import sys
import time

_PATIENCE_SECONDS = 8.0


def main() -> None:
    """Reads until the supervisor is gone, then cleans up."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the supervisor decides; its end reaches us through the stream
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            group, stop_signal = line[1:].split()
            groups[int(group)] = int(stop_signal)
        elif line.startswith("-"):
            groups.pop(int(line[1:]), None)
    end_groups(groups)


def end_groups(groups: dict[int, int], patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Asks process groups to end, newest first; kills what is still there after `patience_seconds`."""
    deadline = time.monotonic() + patience_seconds
    for group, stop_signal in reversed(groups.items()):
        _signal(group, stop_signal)
    while any(_signal(group, 0) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
