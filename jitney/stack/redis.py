"""An embedded Redis: every write is appended to a file, so a second start takes the data up again."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from jitney.stack.binaries import redis_server
from jitney.stack.problems import plain_file_errors
from jitney.stack.specs import ProcessSpec


@dataclass(frozen=True)
class EmbeddedRedis:
    """A Redis server of our own.

    Args:
        folder: where its data and configuration are.
        host, port: where it listens.
        password: what its clients must show.
        more: further lines of its configuration.
    """

    folder: Path
    host: str
    port: int
    password: str = field(repr=False)
    more: tuple[str, ...] = ()

    def url(self, database: int = 0) -> str:
        """The connection string for one of its 16 numbered databases."""
        return f"redis://:{self.password}@{self.host}:{self.port}/{database}"

    def create(self) -> None:
        """Makes the folder and writes the configuration (the password is not to be seen in the list of processes)."""
        lines = [
            f"bind {self.host}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder.resolve()}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
            "databases 16",
            *self.more,
        ]
        configuration = self._configuration
        with plain_file_errors(self.folder, purpose="The data folder of Redis"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            configuration.unlink(missing_ok=True)
            descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("\n".join(lines) + "\n")

    def spec(self) -> ProcessSpec:
        """The server process; `create` must have been called."""
        return ProcessSpec(
            name="redis",
            argv=(str(redis_server()), str(self._configuration.resolve())),
            environment={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"},
            ready=self.url(),
            port=self.port,
            folder=self.folder.resolve(),
        )

    @property
    def _configuration(self) -> Path:
        return self.folder / "redis.conf"
