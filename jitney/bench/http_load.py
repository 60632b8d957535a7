"""Requests over connections that are kept, as light as asyncio allows: the server is to be measured, not the client."""

import asyncio
import time
from dataclasses import dataclass

_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Load:
    """What a round came to."""

    rate: float
    """Answers a second."""
    refused: int
    """Answers other than 2xx."""


def request_bytes(method: str, path: str, token: str, body: bytes = b"", key: str = "") -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if key:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def load(host: str, port: int, request: bytes, count: int, connections: int) -> Load:
    """Sends the same request so many times, over so many connections at a time.

    Raises:
        OSError, TimeoutError: the server does not answer.
    """
    left = count
    refused = 0

    async def worker() -> None:
        nonlocal left, refused
        reader, writer = await asyncio.open_connection(host, port)
        try:
            while left > 0:
                left -= 1
                writer.write(request)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    refused += not await _read_answer(reader)
        finally:
            writer.close()

    began = time.monotonic()
    await asyncio.gather(*(worker() for _ in range(connections)))
    return Load(count / (time.monotonic() - began), refused)


async def _read_answer(reader: asyncio.StreamReader) -> bool:
    """Reads an answer; True for 2xx."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return head.split(b" ", 2)[1].startswith(b"2")
