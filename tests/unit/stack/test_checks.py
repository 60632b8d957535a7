"""The questions that tell whether a process is ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chassis import tls
from jitney.stack.checks import answers

_NO_TLS = b"N"
_WELCOME = b"R\0\0\0\x08\0\0\0\0" + b"S\0\0\0\x18server_version\0" + b"18.4\0" + b"Z\0\0\0\x05I"
"""AuthenticationOk, ParameterStatus and ReadyForQuery, as PostgreSQL's protocol writes them."""


async def test_a_postgres_that_answers_and_is_slow_to_say_good_bye_is_ready() -> None:
    stays = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client asks for TLS first, in a message of eight bytes, and then introduces itself.
        await reader.readexactly(8)
        writer.write(_NO_TLS)
        await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
        writer.write(_WELCOME)
        await stays.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            assert await answers(f"postgresql://somebody@127.0.0.1:{port}/nothing")
        finally:
            stays.set()


async def test_what_nobody_listens_at_is_not_ready() -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    for kind in ("postgresql", "grpc", "http", "redis"):
        assert not await answers(f"{kind}://127.0.0.1:{port}")


async def test_a_certificate_in_the_middle_of_its_renewal_is_no_error_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in tls.SETTINGS:
        monkeypatch.setenv(name, str(tmp_path / "not written yet"))
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        assert not await answers(f"grpc://127.0.0.1:{server.sockets[0].getsockname()[1]}")
