"""An embedded PostgreSQL: its data folder, its process, its databases.

One cluster holds a database and a role for each service. A role owns its own database and may connect to no other one,
so that on a laptop, too, a service can only reach another one's data by asking it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jitney.stack.account import Account, can_reach, command_as, shared_place, unprivileged_account
from jitney.stack.binaries import postgres_home
from jitney.stack.problems import StackError, plain_file_errors
from jitney.stack.specs import ProcessSpec

SUPERUSER = "postgres"
_INIT_SECONDS = 120.0

_SETTINGS = {
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "io_method": "sync",  # the tables of one city sit in memory: worker processes for reads would only cost
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass(frozen=True)
class Cluster:
    """An embedded PostgreSQL cluster.

    Args:
        folder: where its data belongs; becomes a link where the account it runs as cannot reach that place.
        host, port: where it listens (TCP only).
        superuser_password: of the role `postgres`.
        settings: parameters of the server on top of ours.
    """

    folder: Path
    host: str
    port: int
    superuser_password: str = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def exists(self) -> bool:
        """True if the data folder holds a whole cluster."""
        return (self.folder / "PG_VERSION").exists()

    def url(self, role: str, password: str, database: str) -> str:
        """The connection string for one role and database."""
        return f"postgresql://{role}:{password}@{self.host}:{self.port}/{database}"

    def superuser_url(self, database: str = "postgres") -> str:
        """The connection string of the cluster's owner."""
        return self.url(SUPERUSER, self.superuser_password, database)

    def create(self) -> None:
        """Makes the data folder if it is not there yet (about a second); blocks.

        It is made aside and moved into place when it is whole, so an interrupted start leaves no half of a cluster.

        Raises:
            StackError: the folder cannot be written, or PostgreSQL itself refused.
        """
        account = unprivileged_account()
        if self.exists:
            self._adopt(account)
            return
        if self.folder.is_symlink() or self.folder.is_file():
            raise StackError(
                f"The data of PostgreSQL is gone: {self.folder} leads nowhere.\n"
                "Remove the data folder to begin anew, or put back what it pointed at."
            )
        with plain_file_errors(self.folder, purpose="The data folder of PostgreSQL"):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                self.folder.rmdir()
            near = account is None or can_reach(self.folder.parent, account)
            parent = self.folder.parent if near or account is None else shared_place(account)
            building = Path(tempfile.mkdtemp(dir=parent, prefix=".building-"))
            try:
                _give(building, account)
                data = self._initialize(building, account)
                if near:
                    data.rename(self.folder)
                else:
                    place = data.rename(parent / f"postgres-{secrets.token_hex(8)}")
                    self.folder.symlink_to(place)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def erase(self) -> None:
        """Removes the data folder, and what it points at."""
        place = self.folder.resolve()
        if self.folder.is_symlink():
            self.folder.unlink()
        shutil.rmtree(place, ignore_errors=True)

    def spec(self) -> ProcessSpec:
        """The server process; the cluster must have been created."""
        account = unprivileged_account()
        home = postgres_home(account)
        settings = {**_SETTINGS, "listen_addresses": self.host, "port": str(self.port), **self.settings}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return ProcessSpec(
            name="postgres",
            argv=(str(home / "bin/postgres"), "-D", str(self.folder.resolve()), *options),
            environment=_environment(),
            ready=self.superuser_url(),
            port=self.port,
            account=account,
            folder=Path("/"),
            stop_signal=signal.SIGINT,  # "fast": rolls back what is open, then writes a checkpoint
            stop_seconds=30.0,
        )

    def _initialize(self, building: Path, account: Account | None) -> Path:
        home = postgres_home(account)
        password_file = building / ".password"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.superuser_password + "\n")
        _give(password_file, account)
        data = building / "data"
        result = subprocess.run(
            command_as(
                account,
                [
                    *(str(home / "bin/initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password_file}"),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                    *("--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
                    # The server is given these when it starts; initdb would otherwise measure the machine for them.
                    *("-c", "max_connections=120", "-c", "shared_buffers=64MB", "-c", "timezone=UTC"),
                ],
            ),
            env=_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=_INIT_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines()
            raise StackError("PostgreSQL could not make its data folder:\n  " + "\n  ".join(lines[-6:]))
        return data

    def _adopt(self, account: Account | None) -> None:
        """Checks that the account we would run as owns the data, which moves when root and others take turns."""
        place = self.folder.resolve()
        owner = place.stat().st_uid
        expected = os.geteuid() if account is None else account.uid
        if owner != expected:
            if account is None:
                raise StackError(
                    f"The data of PostgreSQL belongs to another account ({place}); was jitney started as root before?\n"
                    "Start it from that account again, or use another folder with --data."
                )
            for folder, _, files in os.walk(place):
                os.chown(folder, account.uid, account.gid)
                for name in files:
                    os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
        if account is not None and not can_reach(place / "PG_VERSION", account):
            raise StackError(
                f"PostgreSQL runs as {account.name}, who cannot enter {place.parent}.\n"
                "Move the data folder to where every account may enter, or use another one with --data."
            )


def new_password() -> str:
    """A password that needs no quoting in URLs, SQL and configuration files."""
    return secrets.token_hex(24)


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _environment() -> dict[str, str]:
    return {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
