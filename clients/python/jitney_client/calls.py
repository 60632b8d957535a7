"""What all operations stand on: one call with its key and token, and pages as an iterator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

from jitney_client.errors import ApiError
from jitney_client.tokens import FixedToken, TokenSource
from jitney_client.transport import Query, Transport

_SIGN_IN_AGAIN = 401


class Caller:
    """Calls the interface on somebody's behalf."""

    def __init__(self, transport: Transport, tokens: TokenSource | None = None) -> None:
        """Make one; without tokens only open operations succeed."""
        self.transport = transport
        self.tokens: TokenSource = tokens or FixedToken("")

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        key: str = "",
        is_document: bool = False,
        is_open: bool = False,
    ) -> Any:
        """Call any path: the JSON of the answer, its bytes for a document, None where there is no body.

        What is no GET carries a key; it is made here where none is given. A token that is refused is renewed once.

        Raises:
            ApiError: the request was refused for good.
            Unreachable: there was no answer.
        """
        key = key if key or method == "GET" else str(uuid4())
        token = "" if is_open else await self.tokens.token()
        try:
            answer = await self.transport.send(method, path, token=token, key=key, query=query, body=body)
        except ApiError as error:
            another = await self.tokens.renewed(token) if error.status == _SIGN_IN_AGAIN and token else token
            if another == token:
                raise
            answer = await self.transport.send(method, path, token=another, key=key, query=query, body=body)
        if is_document:
            return answer.content
        return answer.json() if answer.content else None


async def page_items(read: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Any]:
    """Yield the items of all pages; `read` reads the page of a cursor, the empty one is the first."""
    cursor = ""
    while True:
        page = cast("Mapping[str, Any]", await read(cursor))
        for item in page["items"]:
            yield item
        cursor = page["next_cursor"]
        if not cursor:
            return


def path_part(value: object) -> str:
    """Write a value as one part of a path."""
    return quote(str(value), safe="")
