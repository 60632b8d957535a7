"""What can go wrong on somebody's machine, said in plain words.

A `StackError` is always printed as it is and ends the command with its exit code, 1 if it says no other: its text names
what is wrong and what moves it. Anything else that escapes is a defect of ours and keeps its traceback.
"""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class StackError(Exception):
    """Something that the person at the keyboard can put right; `str()` of it is the whole message."""

    exit_code = 1


@contextmanager
def plain_file_errors(path: Path, *, purpose: str) -> Generator[None]:
    """Turns the file errors that people meet (no space, no permission, read-only) into a `StackError`."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EACCES: "permission is denied",
            errno.EPERM: "permission is denied",
            errno.EROFS: "the file system is read-only",
            errno.ENOTDIR: "a part of the path is a file",
            errno.EEXIST: "a file is in its place",
            errno.ENOENT: "a part of the path is missing",
            errno.EISDIR: "a folder is in its place",
            errno.ENAMETOOLONG: "the name is too long",
            errno.ELOOP: "the path leads in a circle",
            errno.EIO: "the disk fails",
        }
        reason = reasons.get(error.errno or 0)
        if reason is None:
            raise
        place = error.filename if isinstance(error.filename, str) else str(path)
        raise StackError(f"{purpose} cannot be written: {reason} ({place}).") from error
