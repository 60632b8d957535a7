"""payment_service alone: with its PostgreSQL, its Redis and the sandbox as its PSP, in a folder of its own."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.addresses import DEFAULTS
from jitney.stack.checks import answers
from jitney.stack.credentials import Credentials
from jitney.stack.databases import database_of
from jitney.stack.environment import StackSettings, compose, owner_setting
from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import tail
from jitney.stack.own_stack import free_ports, own_environment, scratch_folder
from jitney.stack.problems import StackError
from jitney.stack.processes import ProcessFactory
from jitney.stack.roles import provision_services
from jitney.stack.specs import ProcessSpec

_READY_SECONDS = 90.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class PaymentAlone:
    """A payment_service that serves.

    Args:
        target: where, `host:port`.
        keys: folder of the signing keys.
        superuser_url: of its database, as the owner of the cluster.
        environment: what its process was given.
        postgres_log: what PostgreSQL writes.
        service: its process.
        postgres: the process of the database.
    """

    target: str
    keys: Path
    superuser_url: str
    environment: Mapping[str, str]
    postgres_log: Path
    service: subprocess.Popen[bytes]
    postgres: subprocess.Popen[bytes]

    @contextmanager
    def asleep(self) -> Generator[None]:
        """The service stopped in its tracks, so that it takes nothing from whoever is measured meanwhile."""
        self.service.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.service.send_signal(signal.SIGCONT)


@contextmanager
def payment_alone(callers: int) -> Generator[PaymentAlone]:
    """Starts it, with room for so many callers; all is stopped and erased at the end, also when we are killed."""
    from chassis.migrations import migrate

    with scratch_folder() as folder, Launcher() as launcher, ExitStack() as stack:
        environment = own_environment(os.environ, free_ports(len(DEFAULTS)))
        # Health and whoever else asks besides; the usual bound would refuse what is to be measured.
        environment["JITNEY_CALLS_IN_FLIGHT_MAX"] = str(2 * callers)
        settings = StackSettings.read(environment, folder / "data")
        settings.data.prepare()
        credentials = Credentials.load_or_make(settings.data.secrets)
        make_signing_keys(settings.data.keys)
        whole = compose(settings, credentials)
        factory = ProcessFactory(settings, whole, environment)
        cluster, redis = settings.cluster(credentials), settings.redis(credentials)
        stack.callback(cluster.erase)
        cluster.create()
        redis.create()

        def start(spec: ProcessSpec) -> subprocess.Popen[bytes]:
            log = folder / f"{spec.name}.log"
            process = launcher.start(spec, log)
            stack.callback(launcher.stop, process, spec)
            _await_ready(process, spec, log)
            return process

        postgres = start(cluster.spec())
        start(redis.spec())
        start(factory.sandbox())
        name = database_of("payment")
        asyncio.run(provision_services(cluster, credentials))
        migrate("payment_service", whole[owner_setting("payment")], service_role=name)
        (spec,) = (each for each in factory.services() if each.name == "payment")
        yield PaymentAlone(
            target=whole["JITNEY_PAYMENT_TARGET"],
            keys=settings.data.keys,
            superuser_url=cluster.superuser_url(name),
            environment=spec.environment,
            postgres_log=folder / "postgres.log",
            service=start(spec),
            postgres=postgres,
        )


def _await_ready(process: subprocess.Popen[bytes], spec: ProcessSpec, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while spec.ready is not None and not asyncio.run(answers(spec.ready)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"{spec.name} did not become ready:\n" + "\n".join(tail(log, 20)))
        time.sleep(_POLL_SECONDS)
