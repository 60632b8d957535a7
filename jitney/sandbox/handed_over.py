"""What the providers were handed, and what they owe to others, page by page.

GET /_sim/messages?to=&since=&before=&limit=
GET /_sim/calls?to=&before=&limit=
GET /_sim/posts?to=&before=&limit=              pushes (to a token) and mails
GET /_sim/deliveries?after=&limit=              webhooks and states of SMS that were not taken yet
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.controls import Body, guarded, moment_text, read_query
from jitney.sandbox.deliveries import read_deliveries
from jitney.sandbox.messages import MAX_PAGE, read_calls, read_messages
from jitney.sandbox.posts import read_posts
from jitney.sandbox.world import World


class MessagesQuery(Body):
    """Which messages."""

    to: str | None = None
    since: AwareDatetime | None = None
    before: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class PostsQuery(Body):
    """Which calls, or which pushes and mails."""

    to: str | None = None
    before: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class DeliveriesQuery(Body):
    """Which deliveries."""

    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class HandedOver:
    """Serves it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/_sim/messages", guarded(self._show_messages), methods=["GET"]),
            Route("/_sim/calls", guarded(self._show_calls), methods=["GET"]),
            Route("/_sim/posts", guarded(self._show_posts), methods=["GET"]),
            Route("/_sim/deliveries", guarded(self._show_deliveries), methods=["GET"]),
        ]

    async def _show_messages(self, request: Request) -> Response:
        query = read_query(request, MessagesQuery)
        recipient = _number(query.to)
        messages = await self._world.store.run(
            lambda connection: read_messages(
                connection, recipient=recipient, since=query.since, before=query.before, limit=query.limit
            )
        )
        return JSONResponse(
            {
                "messages": [
                    {
                        "sid": message.sid,
                        "to": message.recipient,
                        "from": message.sender,
                        "body": message.text,
                        "code": message.code,
                        "created_at": moment_text(message.created_at),
                    }
                    for message in messages
                ],
                "next_before": messages[-1].cursor if len(messages) == query.limit else None,
            }
        )

    async def _show_calls(self, request: Request) -> Response:
        query = read_query(request, PostsQuery)
        recipient = _number(query.to)
        calls = await self._world.store.run(
            lambda connection: read_calls(connection, recipient=recipient, before=query.before, limit=query.limit)
        )
        return JSONResponse(
            {
                "calls": [
                    {
                        "sid": each.sid,
                        "to": each.recipient,
                        "from": each.sender,
                        "language": each.language,
                        "said": each.text,
                        "code": each.code,
                        "status": each.status,
                        "created_at": moment_text(each.created_at),
                    }
                    for each in calls
                ],
                "next_before": calls[-1].cursor if len(calls) == query.limit else None,
            }
        )

    async def _show_posts(self, request: Request) -> Response:
        query = read_query(request, PostsQuery)
        found = await self._world.store.run(
            lambda connection: read_posts(connection, recipient=query.to, before=query.before, limit=query.limit)
        )
        return JSONResponse(
            {
                "posts": [
                    {
                        "id": post.id,
                        "provider": post.provider,
                        "to": post.recipient,
                        "title": post.title,
                        "text": post.text,
                        **post.details,
                        "created_at": moment_text(post.created_at),
                    }
                    for post in found
                ],
                "next_before": found[-1].cursor if len(found) == query.limit else None,
            }
        )

    async def _show_deliveries(self, request: Request) -> Response:
        query = read_query(request, DeliveriesQuery)
        owed = await self._world.store.run(
            lambda connection: read_deliveries(connection, after=query.after, limit=query.limit)
        )
        return JSONResponse({"deliveries": owed, "next_after": owed[-1]["seq"] if len(owed) == query.limit else None})


def _number(to: str | None) -> str | None:
    """Return a number as it was meant: a plus sign that nobody encoded arrives as a space (?to=+14155550100)."""
    return "+" + to[1:] if to and to.startswith(" ") else to
