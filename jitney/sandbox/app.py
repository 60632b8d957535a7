"""The sandbox's composition root: the only file that puts its parts together."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chassis.runtime import Workers
from jitney.sandbox.acts import Acts
from jitney.sandbox.clock import SandboxClock
from jitney.sandbox.connections import Silences
from jitney.sandbox.deliveries import Deliveries, Secrets
from jitney.sandbox.faults import FaultBook
from jitney.sandbox.handed_over import HandedOver
from jitney.sandbox.housekeeping import keep_house, run_tasks
from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.page import Page
from jitney.sandbox.psp import bank_settlement
from jitney.sandbox.psp.api import Processor
from jitney.sandbox.psp.errors import internal_error
from jitney.sandbox.push import PushProviders
from jitney.sandbox.settings import SandboxSettings
from jitney.sandbox.simulation import Simulation
from jitney.sandbox.sms import SmsProvider
from jitney.sandbox.smtp import MailServer
from jitney.sandbox.store import Store
from jitney.sandbox.voice import VoiceProvider
from jitney.sandbox.world import World
from shared_kernel.clock import SystemClock

_log = logging.getLogger(__name__)

# A page of another site can point its own name at loopback; then the name in its requests gives it away.
_HOSTS = ["127.0.0.1", "localhost", "[::1]"]


def build_world(settings: SandboxSettings) -> World:
    """Open the store and put the world together as it was left."""
    machine, store = SystemClock(), Store(settings.sandbox_data)
    clock = SandboxClock(machine)
    signing = Secrets(
        webhook=settings.signing_secret,
        sms_token=settings.notification_sms_token.get_secret_value(),
    )
    world = World(
        store=store,
        clock=clock,
        faults=FaultBook(store, lambda: clock.now().timestamp()),
        deliveries=Deliveries(store, lambda: clock.now().timestamp(), machine, signing),
        policy=settings.policy,
        identifiers=Identifiers(),
        webhook_url=settings.sandbox_webhook_url,
        webhook_events=settings.webhook_events,
    )
    store.run_here(world.restore)
    store.run_here(lambda connection: bank_settlement.begin(world.call(connection, world.now())))
    return world


def build_app(settings: SandboxSettings, world: World, silences: Silences) -> Starlette:
    """Put the application together. Its lifespan runs the deliveries and the housekeeping."""
    workers = Workers()
    workers.add("deliveries", world.deliveries.run)
    workers.add("tasks", lambda: run_tasks(world))
    mail = MailServer(world)
    if (smtp_listen := settings.smtp_listen) is not None:
        workers.add("mail", lambda: mail.serve(smtp_listen))
    workers.add("housekeeping", lambda: keep_house(world))

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        workers.start()
        yield
        await workers.stop()
        world.store.close()

    # One account for both, as at Twilio.
    account, token = settings.notification_sms_account, settings.notification_sms_token.get_secret_value()
    return Starlette(
        routes=[
            Route("/healthz", _healthy, methods=["GET"]),
            *Processor(world, silences).routes(),
            *SmsProvider(world, silences, account, token).routes(),
            *VoiceProvider(world, silences, account, token).routes(),
            *PushProviders(world, silences, settings.notification_providers_file).routes(),
            *Simulation(world, silences).routes(),
            *HandedOver(world).routes(),
            *Acts(world).routes(),
            *Page(world).routes(),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[*_HOSTS, *settings.network_names], www_redirect=False)
        ],
        exception_handlers={Exception: _failed},
        lifespan=lifespan,
    )


async def _healthy(request: Request) -> Response:
    del request
    return PlainTextResponse("ok\n")


async def _failed(request: Request, error: Exception) -> Response:
    """Log a fault of the sandbox's own; the processor's clients read it as the processor's."""
    _log.error("a request failed", exc_info=error, extra={"method": request.method, "path": request.url.path})
    return JSONResponse(internal_error().body(), 500)
