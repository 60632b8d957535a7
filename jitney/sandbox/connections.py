"""What a server library does not offer: leaving a client without an answer, and resetting its connection."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct

from starlette.requests import Request
from starlette.responses import Response

_LINGER_NOT = struct.pack("ii", 1, 0)
_DISCONNECT_SECONDS = 5.0


class Silences:
    """The clients left waiting. When the process is asked to stop, they are let go."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let everybody go, now and from now on."""
        self._ended.set()

    async def hang(self, request: Request, seconds: float) -> Response:
        """Say nothing for so long (or until the client gives up), then reset the connection."""
        gone = asyncio.ensure_future(_disconnected(request))
        ended = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait({gone, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
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

    async def hold(self, seconds: float) -> None:
        """Wait before the work begins; the work is done whether or not the client still waits."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)


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
