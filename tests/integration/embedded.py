"""One embedded PostgreSQL and one Redis for a whole test run, and what tests ask of them."""

import asyncio
import contextlib
import os
import random
import re
import socket
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import TypeVar

import asyncpg

from chassis.migrations import migrate
from jitney.stack.addresses import DEFAULTS
from jitney.stack.checks import answers
from jitney.stack.databases import create_database, provision
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import last_lines
from jitney.stack.postgres import Cluster, new_password
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.specs import ProcessSpec

T = TypeVar("T")

_ROLE = "jitney_test"
_RUNNERS = 16
_TABLES = (
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
# A test run may lose its data; it may not lose time.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on just now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Several such ports, no two alike.

    Drawn from below the range that systems give to outgoing connections, so that none takes one before its server does;
    test runners side by side each draw from a part of it.
    """
    ports: list[int] = []
    with contextlib.ExitStack() as held:
        while len(ports) < count:
            port = random.randrange(20_000 + _runner(), 32_000, _RUNNERS)
            try:
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    return ports


def _runner() -> int:
    """Which of the runners of this test run we are (pytest-xdist calls its own gw0, gw1, ...)."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _RUNNERS


def free_addresses() -> dict[str, str]:
    """A free address for everything in a stack that listens, by the name of its setting."""
    ports = free_ports(len(DEFAULTS))
    return {setting: f"127.0.0.1:{port}" for setting, port in zip(DEFAULTS, ports, strict=True)}


def run_apart(make: Callable[[], Coroutine[object, object, T]]) -> T:
    """Runs a coroutine in an event loop of its own in a thread, so that the loop of the tests stays as it is."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(make()))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


@contextlib.contextmanager
def running(launcher: Launcher, spec: ProcessSpec, log_file: Path, *, seconds: float = 60) -> Generator[None]:
    """The process while it runs, entered when it is ready."""
    process = launcher.start(spec, log_file)
    try:
        deadline = time.monotonic() + seconds
        while spec.ready is not None and not run_apart(_asking(spec.ready)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{spec.name} did not become ready:\n{last_lines(log_file, 30)}")
            time.sleep(0.02)
        yield
    finally:
        launcher.stop(process, spec)


class TestPostgres:
    """Fresh databases on one cluster; a role owns them all, so tests connect with what a service would."""

    __test__ = False

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._password = new_password()
        self._templates: dict[str, str] = {}
        self._count = 0
        self._disposable: dict[int, str] = {}
        run_apart(lambda: provision(cluster.superuser_url(), {_ROLE: self._password}))

    @property
    def cluster(self) -> Cluster:
        """The cluster itself, for what its owner alone may do."""
        return self._cluster

    def empty(self, name: str) -> str:
        """The URL of a new empty database."""
        return self._create(name, template="template1")

    def migrated(self, service: str) -> str:
        """The URL of a new database with the current schema of `service` (identity, matching, ...)."""
        template = self._templates.get(service)
        if template is None:
            url = self.empty(f"template_{service}")
            migrate(f"{service}_service", url)
            template = self._templates[service] = url.rsplit("/", 1)[1]
            del self._disposable[self._count]
        return self._create(service, template=template)

    @property
    def made(self) -> int:
        """How many databases were made so far."""
        return self._count

    def drop_since(self, made: int) -> None:
        """Drop the databases that were made after so many, whoever still uses them; not those to copy from."""
        names = [self._disposable.pop(number) for number in list(self._disposable) if number > made]

        async def drop() -> None:
            connection = await asyncpg.connect(self._cluster.superuser_url())
            try:
                for name in names:
                    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            finally:
                await connection.close()

        if names:
            run_apart(drop)

    @contextlib.asynccontextmanager
    async def emptying(self, url: str) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
        """Lend what empties a migrated database, so that tests that each want one with nothing in it can share it.

        What migrations wrote stays, and so do tables, which these tests leave as they are. It is done as the owner of
        the cluster, of whom no trigger is asked, that of an append-only table neither.
        """
        connection = await asyncpg.connect(self._cluster.superuser_url(url.rsplit("/", 1)[1]))
        try:
            # Who keeps a table locked has not ended what it began: that is told, and not waited for.
            await connection.execute("SET session_replication_role = replica; SET lock_timeout = '30s'")
            tables = [row["name"] for row in await connection.fetch(_TABLES)]
            # Names out of the catalog, quoted by it.
            asked = " UNION ALL ".join(f"SELECT '{name}' WHERE NOT EXISTS (SELECT FROM {name})" for name in tables)  # noqa: S608
            empty_ones = [row[0] for row in await connection.fetch(asked)]
            deletes = ";".join(f"DELETE FROM {name}" for name in empty_ones)  # noqa: S608

            async def empty() -> None:
                await connection.execute(deletes)

            yield empty
        finally:
            await connection.close()

    def _create(self, name: str, *, template: str) -> str:
        self._count += 1
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower())[:40]
        database = f"t{self._count}_{plain}"

        async def create() -> None:
            connection = await asyncpg.connect(self._cluster.superuser_url())
            try:
                await create_database(connection, database, owner=_ROLE, template=template)
            finally:
                await connection.close()

        run_apart(create)
        self._disposable[self._count] = database
        return self._cluster.url(_ROLE, self._password, database)


@contextlib.contextmanager
def embedded_postgres() -> Generator[TestPostgres]:
    """A running cluster in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        Path(place).chmod(0o711)  # where we are root, PostgreSQL runs as somebody else
        cluster = Cluster(Path(place) / "postgres", "127.0.0.1", free_port(), new_password(), _QUICK)
        cluster.create()
        try:
            with running(launcher, cluster.spec(), Path(place) / "postgres.log"):
                yield TestPostgres(cluster)
        finally:
            cluster.erase()


@contextlib.contextmanager
def embedded_redis() -> Generator[EmbeddedRedis]:
    """A running Redis in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        server = EmbeddedRedis(Path(place) / "redis", "127.0.0.1", free_port(), new_password())
        server.create()
        with running(launcher, server.spec(), Path(place) / "redis.log"):
            yield server


def _asking(url: str) -> Callable[[], Coroutine[object, object, bool]]:
    return lambda: answers(url)
