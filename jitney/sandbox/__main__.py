"""`python -m jitney.sandbox`: serve until SIGTERM or SIGINT, in one process."""

from __future__ import annotations

import asyncio
import logging
import signal

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from chassis.logs import configure_logging
from chassis.runtime import run
from chassis.settings import load_settings
from jitney.sandbox.app import build_app, build_world
from jitney.sandbox.connections import Silences
from jitney.sandbox.settings import SandboxSettings

_MAX_CONCURRENT_REQUESTS = 1024

_log = logging.getLogger(__name__)


def main() -> None:
    """Read the settings and serve; a wrong setting is named and ends the process with status 2."""
    settings = load_settings(SandboxSettings)
    configure_logging("sandbox", settings.log_level)
    run(_serve(settings))


async def _serve(settings: SandboxSettings) -> None:
    # Granian's server for an existing event loop: one process, and no parent of a worker to outlive it.
    silences = Silences()
    app = build_app(settings, build_world(settings), silences)
    server = Server(
        app,
        address=settings.listen.host,
        port=settings.listen.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        # A client that is left waiting on purpose takes a place, so there are many.
        backlog=_MAX_CONCURRENT_REQUESTS,
        backpressure=_MAX_CONCURRENT_REQUESTS,
        log_enabled=False,
    )

    def stop() -> None:
        silences.end()
        server.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _log.info("the sandbox listens", extra={"address": str(settings.listen)})
    await server.serve()


if __name__ == "__main__":
    main()
