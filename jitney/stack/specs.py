"""What the supervisor has to know of a process: how to start it, when it is ready, how to stop it."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jitney.stack.account import Account


@dataclass(frozen=True)
class ProcessSpec:
    """One process of the stack.

    Args:
        name: as in `jitney status` and the name of its log file.
        argv: the program and its arguments.
        environment: the whole environment of the process, nothing is added to it.
        ready: the question (see `checks`) that tells when it may be used; None if there is none to ask.
        port: the TCP port it listens on, None if it listens on none.
        account: the OS account it runs as; None for our own.
        folder: its working folder.
        stop_signal: what asks it to end in good order.
        stop_seconds: how long it may take for that, before it is killed.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    ready: str | None = field(default=None, repr=False)
    port: int | None = None
    account: Account | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
