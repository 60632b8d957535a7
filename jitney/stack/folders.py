"""The data folder of a stack, and the lock that lets one supervisor at a time work in it."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.problems import StackError, plain_file_errors

OWN_LOG = "jitney"
"""The log of a supervisor that runs apart from any terminal."""


@dataclass(frozen=True)
class DataFolder:
    """What is where below the data folder (absolute)."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The data of the embedded PostgreSQL, or a link to it."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """The data of the embedded Redis."""
        return self.path / "redis"

    @property
    def sandbox(self) -> Path:
        """What the sandbox remembers."""
        return self.path / "sandbox"

    @property
    def logs(self) -> Path:
        """A log file a process."""
        return self.path / "logs"

    @property
    def log_level(self) -> Path:
        """Where a level can be written that all processes take over; usually there is no such file."""
        return self.path / "log_level"

    @property
    def keys(self) -> Path:
        """The signing keys and their public halves."""
        return self.path / "keys"

    @property
    def secrets(self) -> Path:
        """The generated passwords and keys."""
        return self.path / "secrets"

    @property
    def state(self) -> Path:
        """What the running supervisor says of its processes."""
        return self.path / "stack.json"

    def log_of(self, name: str) -> Path:
        """The log file of one process."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Makes the folders that every start needs."""
        with plain_file_errors(self.path, purpose="The data folder"):
            # Others may pass through (PostgreSQL runs as somebody else where we are root), and read nothing.
            self.path.mkdir(parents=True, exist_ok=True, mode=0o711)
            for folder in (self.logs, self.sandbox, self.keys):
                folder.mkdir(exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Held by the supervisor for as long as it lives; the system lets go of it when the supervisor dies.

        Raises:
            StackError: another supervisor holds it.
        """
        path = self.path / "lock"
        with plain_file_errors(path, purpose="The data folder"), path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(
                    f"Jitney is running already on {self.path}.\n"
                    "jitney status shows it, jitney down stops it; --data DIR starts another one beside it."
                ) from None
            yield
