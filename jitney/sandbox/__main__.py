"""`jitney sandbox`, or `python -m jitney.sandbox`: serve until SIGTERM or SIGINT, in one process."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from chassis.logs import configure_logging
from chassis.runtime import run
from chassis.settings import ENV_PREFIX, Address, load_settings
from jitney.sandbox.app import build_app, build_world
from jitney.sandbox.connections import Silences
from jitney.sandbox.settings import SandboxSettings
from jitney.sandbox.store import StoreUnusable
from jitney.sandbox.world import World

_MAX_CONCURRENT_REQUESTS = 1024
_ARGUMENTS = {
    "listen": "address, on loopback (127.0.0.1:8090)",
    "smtp-listen": "address of the mail server, on loopback (nowhere)",
    "data": "folder of its durable state (.jitney/sandbox)",
    "webhook-url": "where the processor's events are posted (nowhere)",
    "settlement": "daily or manual: when the platform's balance goes to its bank (daily)",
    "available-seconds": "from a capture until its money may be spent (172800)",
    "payout-seconds": "from a payout until it is in the bank (172800)",
    "later-seconds": 'what happens "some time later" happens after so long (10)',
}

_log = logging.getLogger(__name__)


def main() -> None:
    """Read the settings and serve; a wrong setting is named and ends the process with status 2."""
    _read_arguments()
    settings = load_settings(SandboxSettings)
    configure_logging("sandbox", settings.log_level)
    try:
        _refuse_used(settings.listen)
        if settings.smtp_listen is not None:
            _refuse_used(settings.smtp_listen)
        world = build_world(settings)
    except (OSError, StoreUnusable) as error:
        _log.error("the sandbox cannot start: %s", error)
        sys.exit(1)
    run(_serve(settings, world))


def _read_arguments() -> None:
    """Let the command line say what the environment would: an argument is another way to write its variable."""
    parser = argparse.ArgumentParser(
        prog="jitney sandbox",
        description="The outside world, imitated: a card processor that speaks Stripe's API (under /psp) and an SMS "
        "provider that speaks Twilio's (under /sms). It listens on loopback only and never runs in production. Its "
        "page is at /, its reference at /reference.",
        epilog="Every setting is an environment variable too: the argument's name in capitals after JITNEY_SANDBOX_. "
        "See docs/sandbox.md.",
    )
    for name, words in _ARGUMENTS.items():
        parser.add_argument(f"--{name}", help=words)
    for name, value in vars(parser.parse_args()).items():
        if value is not None:
            os.environ[f"{ENV_PREFIX}SANDBOX_{name.upper()}"] = value


def _refuse_used(address: Address) -> None:
    """Raise an OSError if somebody listens there: the server library would share the port, and the calls, with them."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


async def _serve(settings: SandboxSettings, world: World) -> None:
    # Granian's server for an existing event loop: one process, and no parent of a worker to outlive it.
    silences = Silences()
    app = build_app(settings, world, silences)
    server = Server(
        app,
        address=settings.listen.host,
        port=settings.listen.port,
        interface=Interfaces.ASGI,
        # APNs takes nothing but HTTP/2, without TLS here as everything of the sandbox.
        http=HTTPModes.auto,
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
