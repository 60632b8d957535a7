"""Becomes another account, then the program that it is given: `run_as.py UID GID PROGRAM [ARGUMENT...]`.

Run as a process of its own, by file name and without site packages; it imports nothing of ours. subprocess could change
the account itself, but only by a fork of our whole process, in which the fork handlers of every library run (gRPC's
start threads in the child, which then may never reach its program). Without an account to change it need not fork.
"""

import os
import sys

_CANNOT_START = 126  # what a shell answers for a program that it found and could not run


def main() -> None:
    """Gives up root's rights and groups, and runs the program in this process's place."""
    uid, gid, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    try:
        os.execv(program, sys.argv[3:])  # noqa: S606 - the caller names the program, as it would to subprocess
    except OSError as error:
        print(f"{program} cannot be started: {error}.", file=sys.stderr)
        sys.exit(_CANNOT_START)


if __name__ == "__main__":
    main()
