"""What a server library does not offer: leaving a client without an answer, and resetting its connection."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Collection, Generator

from starlette.requests import Request
from starlette.responses import Response

from jitney.sandbox.faults import FaultRule

_LINGER_NOT = struct.pack("ii", 1, 0)
_DISCONNECT_SECONDS = 5.0


class Silences:
    """The clients left waiting. They are let go when their fault is taken back, or the process is asked to stop."""

    def __init__(self) -> None:
        self._has_ended = False
        self._waits: dict[asyncio.Event, FaultRule] = {}

    def end(self) -> None:
        """Let everybody go, now and from now on."""
        self._has_ended = True
        for over in self._waits:
            over.set()

    async def let_go(self, faults: Collection[FaultRule]) -> None:
        """Let those go who wait because of these very faults; returns when their work, if any, is with the store."""
        for over, fault in self._waits.items():
            if any(fault is each for each in faults):
                over.set()
        while any(over.is_set() for over in self._waits):  # noqa: ASYNC110 (a few turns, in which they wake)
            await asyncio.sleep(0)

    async def hang(self, request: Request, fault: FaultRule) -> Response:
        """Say nothing for as long as the fault says (or until the client gives up), then reset the connection."""
        gone = asyncio.ensure_future(_disconnected(request))
        with self._waiting(fault) as over:
            ended = asyncio.ensure_future(over.wait())
            await asyncio.wait({gone, ended}, timeout=fault.seconds, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
        if gone.done():
            return _nobody_reads()
        gone.cancel()
        return await self.reset(request)

    async def reset(self, request: Request) -> Response:
        """Close the connection with a TCP reset, so the client sees `ECONNRESET`."""
        reset_peer(request)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_disconnected(request), _DISCONNECT_SECONDS)
        return _nobody_reads()

    async def hold(self, fault: FaultRule) -> None:
        """Wait before the work begins; the work is done whether or not the client still waits."""
        with self._waiting(fault) as over, contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), fault.seconds)

    @contextlib.contextmanager
    def _waiting(self, fault: FaultRule) -> Generator[asyncio.Event]:
        over = asyncio.Event()
        if self._has_ended:
            over.set()
        self._waits[over] = fault
        try:
            yield over
        finally:
            del self._waits[over]


def reset_peer(request: Request) -> None:
    """Find the socket whose other end is this client, and end its reading side.

    The server then closes it, and with SO_LINGER at zero that is a reset, not a farewell. The server library keeps its
    sockets to itself, so they are looked up among the process's own descriptors; the address and port of the peer are
    unique among them.
    """
    if request.client is None:
        return
    peer = (request.client.host, int(request.client.port))
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # gone since it was listed, or a socket that has no peer
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as candidate:
                if candidate.family in {socket.AF_INET, socket.AF_INET6} and candidate.getpeername()[:2] == peer:
                    candidate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                    candidate.shutdown(socket.SHUT_RD)
                    return


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _nobody_reads() -> Response:
    return Response(status_code=500)
