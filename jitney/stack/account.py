"""Under which OS account PostgreSQL runs, and which folders that account can reach.

PostgreSQL refuses to run as root. Where we are root (a container, a fresh server) it runs as `nobody`, which may be
unable to enter the folder that holds the checkout (root's home, a folder made by `mktemp -d`). We never loosen the
permissions of folders that are not ours: what that account needs is kept in a folder of its own instead.
"""

import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jitney.stack import run_as
from jitney.stack.problems import StackError

_NAMES = ("nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of the operating system."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account for processes that refuse root; None where we are not root and need no other.

    Raises:
        StackError: we are root and this machine has no such account.
    """
    if os.geteuid() != 0:
        return None
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        "PostgreSQL does not run as root, and this machine has no account named nobody to run it as.\n"
        "Start jitney from an ordinary account."
    )


def command_as(account: Account | None, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` (its program by absolute path) as the account; None: as we are."""
    if account is None:
        return list(command)
    return [sys.executable, "-I", "-S", run_as.__file__, str(account.uid), str(account.gid), *command]


def can_reach(path: Path, account: Account | None) -> bool:
    """True if the account can enter every folder above `path` and read it (and list it, if it is a folder)."""
    if account is None:
        return os.access(path, os.R_OK)
    resolved = path.resolve()
    return all(_allows(folder, account, stat.S_IXOTH) for folder in resolved.parents) and _allows(
        resolved, account, stat.S_IROTH | (stat.S_IXOTH if resolved.is_dir() else 0)
    )


def shared_place(account: Account) -> Path:
    """A folder of root's that the account can enter, for what cannot stay where it would belong.

    Raises:
        StackError: there is none on this machine.
    """
    for parent in (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir())):  # noqa: S108 - made by us, checked below
        folder = parent / "jitney"
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            status = folder.lstat()
            # In a folder that all may write to, somebody else could have made this one (or a link) first.
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            folder.chmod(0o755)
        except OSError:
            continue
        if can_reach(folder, account):
            return folder
    raise StackError(
        f"PostgreSQL does not run as root, and the account it would run as ({account.name}) can enter none of\n"
        "/var/lib/jitney, /var/tmp/jitney and the folder for temporary files. Start jitney from an ordinary account."
    )


def _allows(path: Path, account: Account, others_bits: int) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_uid == account.uid:
        wanted = others_bits << 6
    elif status.st_gid == account.gid:
        wanted = others_bits << 3
    else:
        wanted = others_bits
    return status.st_mode & wanted == wanted
