"""Request bodies, read with a bound."""

from __future__ import annotations

from starlette.requests import Request


class BodyTooLong(Exception):
    """The body has more bytes than are read."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read a whole body.

    Raises:
        BodyTooLong: at the first byte too many; the rest is not read.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLong
    return bytes(body)
