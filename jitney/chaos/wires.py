"""The wires between the processes of a stack: small TCP relays that can be slow, silent or cut.

Each service that is called by others, and the providers, is reached over a relay of ours, which the stack is told as
its address. They run on a thread and a loop of their own, since the stack is started while they work already.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from jitney.stack.environment import StackSettings
from jitney.stack.own_stack import OwnStack, free_ports

CALLED: Final = ("identity", "matching", "payment", "notification")
PROVIDERS: Final = "providers"
_PIECE_BYTES = 65_536
_CONNECT_SECONDS = 10.0


@dataclass
class Wire:
    """One relay.

    Args:
        host: where what is called listens.
        port: of it.
        delay_seconds: how long each piece is held up, in either direction.
        passes: cleared while nothing passes, of which nobody is told; used on the relay's loop alone.
    """

    host: str
    port: int
    delay_seconds: float = 0.0
    passes: asyncio.Event = field(default_factory=asyncio.Event)
    passed: int = 0
    """Pieces that came through."""
    _ends: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def __post_init__(self) -> None:
        self.passes.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until either end closes it."""
        self._ends.add(writer)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                there, back = await asyncio.open_connection(self.host, self.port)
        except (OSError, TimeoutError):
            self._close(writer)
            return
        self._ends.add(back)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, back))
                both.create_task(self._pump(there, writer))
        finally:
            self._close(writer)
            self._close(back)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self.passes.wait()
                sink.write(piece)
                await sink.drain()
                self.passed += 1
        # The other direction ends as well: half-open connections are nobody's habit here.
        self._close(sink)

    def cut(self) -> int:
        """Cut every connection in the middle of whatever it carries; returns how many."""
        ends = list(self._ends)
        for end in ends:
            end.transport.abort()
        return len(ends) // 2

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._ends.discard(writer)
        writer.close()


class Wires:
    """All wires of a stack, by whom they lead to."""

    def __init__(self, wires: Mapping[str, Wire], loop: asyncio.AbstractEventLoop) -> None:
        self._wires = wires
        self._loop = loop

    def delay(self, name: str, seconds: float) -> None:
        """Hold up each piece on the wire to a process so long; zero takes it back."""
        self._wires[name].delay_seconds = seconds

    def silence(self, name: str, *, silent: bool) -> None:
        """Let nothing pass, or everything again."""
        passes = self._wires[name].passes
        self._loop.call_soon_threadsafe(passes.clear if silent else passes.set)

    async def cut(self, name: str) -> None:
        """Cut every connection to a process; LookupError where there is none."""
        cutting = asyncio.run_coroutine_threadsafe(_cut(self._wires[name]), self._loop)
        if not await asyncio.wrap_future(cutting):
            raise LookupError(f"nobody is connected to {name}")

    def heal(self) -> None:
        """Take all of it back."""
        for name in self._wires:
            self.delay(name, 0.0)
            self.silence(name, silent=False)

    def passed(self) -> dict[str, int]:
        """Return how many pieces came through to whom and back."""
        return {name: wire.passed for name, wire in self._wires.items()}


async def _cut(wire: Wire) -> int:
    return wire.cut()


@contextmanager
def wires_of(stack: OwnStack, called: Sequence[str] = CALLED) -> Generator[Wires]:
    """Lay wires to a stack that has not been started, and tell it their addresses; gone at the end.

    To the services that are named, and to the providers.
    """
    ends = {name: _address(stack, name) for name in called}
    ends[PROVIDERS] = _address(stack, "sandbox")
    wanted = StackSettings.read(stack.environment, stack.data.path).listening().values()
    free = free_ports(len(ends), apart_from={address.port for address in wanted})
    ports = dict(zip(ends, free, strict=True))
    wires = {name: Wire(host, port) for name, (host, port) in ends.items()}
    for name in called:
        stack.environment[f"JITNEY_{name.upper()}_TARGET"] = f"127.0.0.1:{ports[name]}"
    providers = f"http://127.0.0.1:{ports[PROVIDERS]}"
    stack.environment |= {
        "JITNEY_PAYMENT_PSP_URL": f"{providers}/psp",
        "JITNEY_NOTIFICATION_SMS_URL": f"{providers}/sms",
    }
    loop = asyncio.new_event_loop()
    laid, stopping = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with contextlib.AsyncExitStack() as servers:
            for name, wire in wires.items():
                await servers.enter_async_context(await asyncio.start_server(wire.serve, "127.0.0.1", ports[name]))
            laid.set()
            await stopping.wait()
            for wire in wires.values():
                wire.passes.set()
                wire.cut()
            # They end by themselves, as whoever they connect is gone.
            relays = asyncio.all_tasks() - {asyncio.current_task()}
            if relays:
                await asyncio.wait(relays, timeout=_CONNECT_SECONDS)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="wires", daemon=True)
    thread.start()
    laid.wait(_CONNECT_SECONDS)
    try:
        yield Wires(wires, loop)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        loop.close()


def _address(stack: OwnStack, name: str) -> tuple[str, int]:
    host, _, port = stack.environment[f"JITNEY_{name.upper()}_LISTEN"].rpartition(":")
    return host, int(port)
