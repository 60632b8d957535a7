"""PostgreSQL and Redis alone, for benchmarks that put a service's use cases on them; erased at the end."""

import asyncio
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jitney.stack.checks import answers
from jitney.stack.databases import create_database, provision
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import tail
from jitney.stack.own_stack import free_ports, scratch_folder
from jitney.stack.postgres import Cluster, new_password
from jitney.stack.problems import StackError
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.specs import ProcessSpec

_ROLE = "jitney_bench"
_READY_SECONDS = 90.0
_POLL_SECONDS = 0.02
# What is measured here is what was decided, not the disk: a lost run is run again.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Stores:
    """Both, while they run."""

    cluster: Cluster
    password: str = field(repr=False)
    redis_url: str
    postgres_log: Path
    postgres_pid: int
    _templates: dict[str, str] = field(default_factory=dict[str, str])
    _made: int = 0

    def database(self, service: str) -> str:
        """The URL of a new database with the schema of a service (matching, for example)."""
        from chassis.migrations import migrate

        if service not in self._templates:
            self._templates[service] = f"template_{service}"
            migrate(f"{service}_service", self._create(self._templates[service], "template1"))
        self._made += 1
        return self._create(f"bench_{self._made}", self._templates[service])

    def _create(self, name: str, template: str) -> str:
        async def create() -> None:
            import asyncpg

            connection = await asyncpg.connect(self.cluster.superuser_url())
            try:
                await create_database(connection, name, owner=_ROLE, template=template)
            finally:
                await connection.close()

        asyncio.run(create())
        return self.cluster.url(_ROLE, self.password, name)


@contextmanager
def stores_alone(*, durable: bool = False) -> Generator[Stores]:
    """Starts both in a folder of their own; `durable` has PostgreSQL write to the disk as it does in a stack."""
    with scratch_folder() as folder, Launcher() as launcher:
        postgres_port, redis_port = free_ports(2)
        password = new_password()
        cluster = Cluster(folder / "postgres", "127.0.0.1", postgres_port, new_password(), {} if durable else _QUICK)
        redis = EmbeddedRedis(folder / "redis", "127.0.0.1", redis_port, new_password())
        cluster.create()
        redis.create()
        started: list[tuple[ProcessSpec, subprocess.Popen[bytes]]] = []
        try:
            for spec in (cluster.spec(), redis.spec()):
                process = launcher.start(spec, folder / f"{spec.name}.log")
                started.append((spec, process))
                await_ready(spec, folder / f"{spec.name}.log")
            asyncio.run(provision(cluster.superuser_url(), {_ROLE: password}))
            pid = started[0][1].pid
            yield Stores(cluster, password, redis.url(), folder / f"{cluster.spec().name}.log", pid)
        finally:
            for spec, process in reversed(started):
                launcher.stop(process, spec)
            cluster.erase()


def await_ready(spec: ProcessSpec, log: Path) -> None:
    """Waits until a process answers; StackError with its last words if it does not."""
    deadline = time.monotonic() + _READY_SECONDS
    while spec.ready is not None and not asyncio.run(answers(spec.ready)):
        if time.monotonic() > deadline:
            raise StackError(f"{spec.name} did not become ready:\n" + "\n".join(tail(log, 20)))
        time.sleep(_POLL_SECONDS)
