"""`jitney up`: everything from nothing to healthy, side by side wherever one thing does not need the other.

redis ─────────────────────────────┐
postgres ── databases ─┐           ├── services ── city
loading of migrations ─┴─ migrate ─┘
sandbox, edge (they find the services once those are there)
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping

from jitney.stack.checks import answers
from jitney.stack.credentials import Credentials
from jitney.stack.databases import SERVICES
from jitney.stack.environment import StackSettings, compose
from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.leftovers import end_leftovers
from jitney.stack.logview import Follower
from jitney.stack.ports import require_free
from jitney.stack.problems import StackError
from jitney.stack.processes import ProcessFactory, Stage
from jitney.stack.providers import PROVIDERS_NAME, make_providers_file
from jitney.stack.roles import provision_services
from jitney.stack.schemas import is_current
from jitney.stack.supervisor import Supervisor

_EXTERNAL_SECONDS = 10.0
_CITY_SECONDS = 0.5


async def run_stack(
    settings: StackSettings,
    inherited: Mapping[str, str],
    *,
    with_city: bool,
    matchers: int = 1,
    say: Callable[[str], None],
    when_healthy: Callable[[float], None],
) -> None:
    """Runs the stack until SIGINT, SIGTERM or SIGHUP; a second one hurries the end.

    Args:
        settings: how the stack looks.
        inherited: the environment to hand on.
        with_city: also let riders and drivers of its own live in it.
        matchers: how many processes dispatch, that of matching_service included.
        say: tells one plain line.
        when_healthy: called once with the seconds that the start took.

    Raises:
        StackError: something stands in the way that the person can put right.
    """
    began = time.monotonic()
    folder = settings.data
    folder.prepare()
    with folder.locked():
        count = await asyncio.to_thread(end_leftovers, folder)
        if count:
            say(f"Ended {count} processes that an earlier run left behind.")
        require_free(settings.listening())
        plan = _Plan(settings, inherited, matchers)
        with Launcher() as launcher:
            async with Supervisor(folder, launcher, say) as supervisor:
                stop = _stop_event(supervisor)
                stopping = asyncio.create_task(stop.wait())
                start = asyncio.create_task(_start(plan, supervisor))
                await asyncio.wait((start, stopping), return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set():
                    start.cancel()
                    await asyncio.gather(start, return_exceptions=True)
                    return
                start.result()  # an error of the start ends it all, in order
                supervisor.all_started()
                when_healthy(time.monotonic() - began)
                if with_city:
                    follower = Follower({"city": folder.log_of("city")})
                    await supervisor.start(plan.factory.city(), Stage.CITY)
                    telling = asyncio.create_task(_tell(follower, say))
                    stopping.add_done_callback(lambda _: telling.cancel())
                if plan.is_first:
                    # What initdb wrote is handed to the disk only now, when nobody waits for it.
                    await asyncio.to_thread(os.sync)
                await stopping


async def _tell(follower: Follower, say: Callable[[str], None]) -> None:
    """Passes on what is written to a log."""
    while True:
        for line in follower.news():
            say(line.message)
        await asyncio.sleep(_CITY_SECONDS)


class _Plan:
    """What the steps of a start share."""

    def __init__(self, settings: StackSettings, inherited: Mapping[str, str], matchers: int) -> None:
        self.settings = settings
        self.matchers = matchers
        self.credentials = Credentials.load_or_make(settings.data.secrets)
        make_signing_keys(settings.data.keys)
        if "JITNEY_NOTIFICATION_PROVIDERS_FILE" not in settings.given:
            _write_providers(settings)
        self.whole = compose(settings, self.credentials)
        self.is_first = settings.embeds_postgres and not settings.cluster(self.credentials).exists
        self.factory = ProcessFactory(settings, self.whole, inherited)


def _write_providers(settings: StackSettings) -> None:
    given, addresses = settings.given, settings.addresses
    callbacks = f"http://{addresses['JITNEY_REST_LISTEN'].local}/v1/callbacks/notifications"
    make_providers_file(
        settings.data.keys / PROVIDERS_NAME,
        addresses["JITNEY_SANDBOX_LISTEN"],
        addresses["JITNEY_SANDBOX_SMTP_LISTEN"],
        given.get("JITNEY_NOTIFICATION_SMS_ACCOUNT", "AC_sandbox"),
        given.get("JITNEY_NOTIFICATION_SMS_TOKEN", "sandbox_token"),
        sms_url=given.get("JITNEY_NOTIFICATION_SMS_URL", ""),
        sms_status_url=f"{callbacks}/sms",
        voice_status_url=f"{callbacks}/voice",
    )


async def _start(plan: _Plan, supervisor: Supervisor) -> None:
    factory = plan.factory
    try:
        async with asyncio.TaskGroup() as group:
            redis = group.create_task(_redis(plan, supervisor))
            schemas = group.create_task(_schemas(plan, supervisor))
            group.create_task(supervisor.start(factory.sandbox(), Stage.OUTSIDE))
            services_run = asyncio.Event()
            for spec in factory.edge():
                group.create_task(supervisor.start(spec, Stage.EDGE, needs=services_run))
            await asyncio.gather(redis, schemas)
            specs = [*factory.services(), *factory.matchers(plan.matchers)]
            await asyncio.gather(*(group.create_task(supervisor.start(spec, Stage.SERVICES)) for spec in specs))
            services_run.set()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _redis(plan: _Plan, supervisor: Supervisor) -> None:
    if not plan.settings.embeds_redis:
        await _await_external("JITNEY_REDIS_URL", plan.whole["JITNEY_REDIS_URL"])
        return
    server = plan.settings.redis(plan.credentials)
    server.create()
    await supervisor.start(server.spec(), Stage.STORES)


async def _schemas(plan: _Plan, supervisor: Supervisor) -> None:
    """PostgreSQL with up-to-date schemas."""
    migrator = plan.factory.migrator()
    if plan.is_first:
        # The tools are loaded while the cluster is being made.
        await asyncio.gather(_postgres(plan, supervisor), supervisor.run_once(migrator, Stage.SERVICES))
        return
    await _postgres(plan, supervisor)
    urls = {service: plan.whole[f"JITNEY_{service.upper()}_DATABASE_URL"] for service in SERVICES}
    if not all(await asyncio.gather(*(is_current(service, url) for service, url in urls.items()))):
        await supervisor.run_once(migrator, Stage.SERVICES)


async def _postgres(plan: _Plan, supervisor: Supervisor) -> None:
    if not plan.settings.embeds_postgres:
        for service in SERVICES:
            setting = f"JITNEY_{service.upper()}_DATABASE_URL"
            await _await_external(setting, plan.whole[setting])
        return
    cluster = plan.settings.cluster(plan.credentials)
    await asyncio.to_thread(cluster.create)
    await supervisor.start(cluster.spec(), Stage.STORES)
    await provision_services(cluster, plan.credentials)


async def _await_external(setting: str, url: str) -> None:
    deadline = time.monotonic() + _EXTERNAL_SECONDS
    while not await answers(url):
        if time.monotonic() > deadline:
            raise StackError(f"What {setting} names does not answer, or does not let us in.")
        await asyncio.sleep(0.1)


def _stop_event(supervisor: Supervisor) -> asyncio.Event:
    """Set by the first signal to end; the next one hurries."""
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            supervisor.force()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked)
    return stop
