"""Keeps the log files of the processes within bounds.

A process writes to its file itself (nothing stands between it and the disk), opened for appending. A file that has
grown too large is copied aside and emptied in place; lines written in that instant may be lost, which a log can bear.
"""

import os
import shutil
from pathlib import Path

MAX_BYTES = 10_000_000
KEPT_FILES = 3


def rotate_if_large(log_file: Path, max_bytes: int = MAX_BYTES) -> bool:
    """Moves the content of a large log to `<name>.1` (and `.1` to `.2` ...); True if it did."""
    try:
        if log_file.stat().st_size <= max_bytes:
            return False
        for number in range(KEPT_FILES - 1, 0, -1):
            older = _numbered(log_file, number)
            if older.exists():
                older.replace(_numbered(log_file, number + 1))
        shutil.copyfile(log_file, _numbered(log_file, 1))
        os.truncate(log_file, 0)
    except OSError:
        return False  # a full disk or a file that somebody removed: the next round tries again
    return True


def last_lines(log_file: Path, count: int = 6) -> str:
    """The end of a log, indented, to be shown when its process failed."""
    return "\n".join(f"  {line}" for line in tail(log_file, count))


def tail(log_file: Path, count: int) -> list[str]:
    """The last `count` lines of a log; none if it cannot be read."""
    try:
        with log_file.open("rb") as file:
            file.seek(max(0, log_file.stat().st_size - 400 * count))
            return file.read().decode("utf-8", "replace").strip().splitlines()[-count:]
    except OSError:
        return []


def _numbered(log_file: Path, number: int) -> Path:
    return log_file.with_name(f"{log_file.name}.{number}")
