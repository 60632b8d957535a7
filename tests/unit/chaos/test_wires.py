"""The relays of an attack: what they carry comes through whole, and the harm that they do is the harm that is meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from jitney.chaos.wires import Wire


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1000):
        writer.write(piece)
    writer.close()


@asynccontextmanager
async def wired() -> AsyncGenerator[tuple[Wire, asyncio.StreamReader, asyncio.StreamWriter]]:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as called:
        wire = Wire("127.0.0.1", called.sockets[0].getsockname()[1])
        async with await asyncio.start_server(wire.serve, "127.0.0.1", 0) as relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.sockets[0].getsockname()[1])
            yield wire, reader, writer
            writer.close()
            wire.cut()


async def test_what_is_carried_comes_through_whole_and_in_order() -> None:
    async with wired() as (wire, reader, writer):
        sent = b"".join(b"%d," % number for number in range(50_000))
        writer.write(sent)
        assert await asyncio.wait_for(reader.readexactly(len(sent)), 10) == sent
        wire.delay_seconds = 0.01
        writer.write(b"late")
        assert await asyncio.wait_for(reader.readexactly(4), 10) == b"late"
        assert wire.passed > 2


async def test_silent_wire_keeps_what_was_sent_and_tells_nobody() -> None:
    async with wired() as (wire, reader, writer):
        wire.passes.clear()
        writer.write(b"kept")
        waiting = asyncio.ensure_future(reader.readexactly(4))
        await asyncio.wait({waiting}, timeout=0.1)
        assert not waiting.done()
        wire.passes.set()
        assert await asyncio.wait_for(waiting, 10) == b"kept"


async def test_cut_ends_the_connection_at_both_ends() -> None:
    async with wired() as (wire, reader, writer):
        writer.write(b"one")
        assert await asyncio.wait_for(reader.readexactly(3), 10) == b"one"
        assert wire.cut() == 1
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 10)


async def test_caller_of_somebody_who_is_away_is_hung_up_on() -> None:
    wire = Wire("127.0.0.1", 1)
    async with await asyncio.start_server(wire.serve, "127.0.0.1", 0) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.sockets[0].getsockname()[1])
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
