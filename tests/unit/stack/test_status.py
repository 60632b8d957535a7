"""What `jitney status` asks of a stack, and in which order."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from jitney.stack import status
from jitney.stack.state import ProcessRecord, StackRecord, created_time
from jitney.stack.status import read_status

_OK = b"HTTP/1.1 200 OK\r\n\r\n"
_LOADED_TO_ASK = """
import sys
from jitney.stack.checks import prepare_to_ask
prepare_to_ask(sys.argv[1:])
print(*sorted({"asyncpg", "grpc", "redis"} & set(sys.modules)))
"""


async def test_memory_is_looked_at_only_when_all_have_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    # It holds up the loop that waits for the others, who would be told as unhealthy.
    order: list[str] = []
    first_was_heard = asyncio.Event()

    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_OK)
        await reader.read()
        first_was_heard.set()
        writer.close()

    async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await first_was_heard.wait()
        order.append("second answers")
        writer.write(_OK)
        writer.close()

    def look(family: object) -> tuple[int, int]:
        order.append("memory")
        return 0, 0

    monkeypatch.setattr(status, "_memory", look)
    pid = os.getpid()
    async with (
        await asyncio.start_server(first, "127.0.0.1", 0) as one,
        await asyncio.start_server(second, "127.0.0.1", 0) as other,
    ):
        urls = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in (one, other)]
        processes = tuple(ProcessRecord(url, pid, created_time(pid), "healthy", ready=url) for url in urls)
        told = await read_status(StackRecord(pid, created_time(pid), "healthy", processes))
    assert told.healthy
    assert order == ["second answers", *["memory"] * 3]


@pytest.mark.parametrize(
    ("urls", "loaded"),
    [
        ([], ""),
        (["http://127.0.0.1:1", "redis://127.0.0.1:1"], ""),
        (["grpc://127.0.0.1:1", "postgresql://127.0.0.1/one"], "asyncpg grpc"),
        (["redis+cluster://127.0.0.1:1"], "redis"),
    ],
)
def test_what_questions_need_is_loaded_before_they_are_asked_and_nothing_else(urls: list[str], loaded: str) -> None:
    asked = [sys.executable, "-c", _LOADED_TO_ASK, *urls]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == loaded
