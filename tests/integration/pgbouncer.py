"""A real pgbouncer in transaction mode, with fewer connections to the server than its clients have to it."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from chassis.poolers import Pooler
from jitney.stack.account import unprivileged_account
from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec
from tests.integration.embedded import free_port, running

_SERVER_CONNECTIONS = 3
"""A database: transactions that overlap, and statements one after the other, seldom meet the same one."""
_FOLLOWS_STATEMENTS = (1, 21)


def program() -> str:
    """The program; the test is skipped where there is none, unless the run says that there has to be one."""
    path = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if path is None:
        message = "pgbouncer is not installed (Debian: apt-get install pgbouncer)"
        if os.environ.get("TESTS_NEED_PGBOUNCER"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def needs(pooler: Pooler) -> None:
    """Skip where the pgbouncer that is there is too old for this way of speaking to it."""
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    found = re.search(r"(\d+)\.(\d+)", told)
    assert found is not None, told
    if pooler is Pooler.PREPARED and (int(found[1]), int(found[2])) < _FOLLOWS_STATEMENTS:
        pytest.skip(f"pgbouncer {found[0]} does not follow prepared statements, 1.21 does")


@contextlib.contextmanager
def pgbouncer(urls: Mapping[str, str], pooler: Pooler) -> Generator[dict[str, str]]:
    """A pooler in front of databases; yields their URLs through it, by the same names."""
    needs(pooler)
    port, parts = free_port(), {name: urlsplit(url) for name, url in urls.items()}
    databases = "\n".join(f"{each.path[1:]} = host={each.hostname} port={each.port}" for each in parts.values())
    people = {f'"{unquote(each.username or "")}" "{unquote(each.password or "")}"\n' for each in parts.values()}
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        folder, account = Path(place), unprivileged_account()
        folder.chmod(0o711)
        (folder / "users.txt").write_text("".join(sorted(people)), encoding="utf-8")
        (folder / "pgbouncer.ini").write_text(
            f"""[databases]
{databases}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
max_client_conn = 300
default_pool_size = {_SERVER_CONNECTIONS}
min_pool_size = 2
server_round_robin = 1
{"max_prepared_statements = 200" if pooler is Pooler.PREPARED else ""}
""",
            encoding="utf-8",
        )
        through = {
            name: each._replace(netloc=f"{each.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
            for name, each in parts.items()
        }
        spec = ProcessSpec(
            name="pgbouncer",
            argv=(program(), str(folder / "pgbouncer.ini")),
            environment={"PATH": os.environ["PATH"]},
            ready=next(iter(through.values())),
            port=port,
            account=account,  # it refuses to run as root
            folder=Path("/"),
        )
        with running(launcher, spec, folder / "pgbouncer.log"):
            yield through
