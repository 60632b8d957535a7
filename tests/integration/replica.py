"""A real streaming replica of an embedded PostgreSQL, made by pg_basebackup."""

import contextlib
import subprocess
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from jitney.stack.binaries import postgres_home
from jitney.stack.launch import Launcher
from jitney.stack.postgres import Cluster
from tests.integration.embedded import free_port, running


def base_backup(cluster: Cluster, folder: Path, *options: str) -> None:
    """Copy a running cluster into a new folder; it belongs to us until it is adopted."""
    command = [str(postgres_home(None) / "bin/pg_basebackup"), "-d", cluster.superuser_url(), "-D", str(folder)]
    command += ["--wal-method=stream", "--checkpoint=fast", "--no-sync", *options]
    subprocess.run(command, check=True, timeout=120, cwd="/", capture_output=True)


@contextlib.contextmanager
def streaming_replica(cluster: Cluster) -> Generator[Cluster]:
    """A hot standby that follows the cluster while it runs."""
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        folder = Path(place)
        folder.chmod(0o711)  # where we are root, PostgreSQL runs as somebody else
        base_backup(cluster, folder / "data", "--write-recovery-conf")
        standby = replace(cluster, folder=folder / "data", port=free_port())
        standby.create()
        with running(launcher, standby.spec(), folder / "replica.log"):
            yield standby
