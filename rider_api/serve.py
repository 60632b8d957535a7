"""Runs granian: one light main process that holds the socket, one worker that serves.

The main process imports neither the applications nor the settings: what it imports counts twice. The worker reads the
settings after the fork and, if they are wrong, says so and ends with status 2, which the main process passes on.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

DRAIN_SECONDS = 25
"""For what is in flight at SIGTERM: longer than any request takes. A worker that is not done by then is killed."""
_BUFFER_BYTES = 64 * 1024


def serve(
    interface: Interfaces,
    load: Callable[[], Any],
    listen: str,
    *,
    connections: int,
    threads: int = 1,
) -> int:
    """Serve an application until SIGTERM or SIGINT; returns the exit status.

    Args:
        interface: RSGI (REST, behind its intake), ASGI (streams), or WSGI (what REST is measured beside).
        load: makes the application; called in the worker alone.
        listen: `host:port`.
        connections: that are held at a time; the next ones wait until one ends.
        threads: that answer requests, for WSGI.
    """
    host, _, port = listen.rpartition(":")
    status_of_load, tell_status = os.pipe()
    end_of_main, held_by_main = os.pipe()

    def load_in_worker() -> Any:
        os.close(held_by_main)
        _leave_at_end_of(end_of_main)
        _allow_many_files()
        try:
            return load()
        except SystemExit as error:
            os.write(tell_status, bytes([error.code if isinstance(error.code, int) else 1]))
            raise

    server = Server(
        "rider_api",
        address=host.removeprefix("[").removesuffix("]"),
        port=int(port),
        interface=interface,
        # A connection that may turn out to be HTTP/2 takes 12 kB more while it is held; for that there are proxies.
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=threads,
        # uvloop serves the streams; the intake gains too little by it to be worth its memory.
        loop=Loops.uvloop if interface is Interfaces.ASGI else Loops.asyncio,
        backlog=2048,
        backpressure=connections,
        # What a head that does not end may make a connection hold.
        http1_settings=HTTP1Settings(max_buffer_size=_BUFFER_BYTES),
        websockets=False,
        log_enabled=False,
        log_dictconfig=_silent_logging(),
        workers_kill_timeout=DRAIN_SECONDS,
    )
    status = 0
    try:
        server.serve(target_loader=load_in_worker, wrap_loader=False)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    os.set_blocking(status_of_load, False)
    try:
        told = os.read(status_of_load, 1)
    except BlockingIOError:
        told = b""
    return told[0] if told else status


def _silent_logging() -> dict[str, Any]:
    # Granian's own lines are no JSON; what matters is logged by the applications.
    silent = {"handlers": [], "propagate": False}
    return {"handlers": {}, "loggers": {"_granian": dict(silent), "granian.access": dict(silent)}}


def _allow_many_files() -> None:
    # A connection is a file; shells allow a process 1,024 of them unless it asks for more.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _leave_at_end_of(pipe: int) -> None:
    """End the worker when the main process is gone, however it went: nobody else would tell it to stop.

    The main process holds the other end of the pipe and never writes: reading returns when it is gone.
    """

    def watch() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="main process watch", daemon=True).start()


def listening_address(variable: str, default: str) -> str:
    """Read where to listen, the one setting that the main process needs; exits with 2 if it is no address."""
    text = os.environ.get(variable) or default
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) <= 65535:
        sys.stderr.write(f"{variable}: must be an address of the form host:port\n")
        sys.exit(2)
    return text
