"""What stands around the streams' application: what every answer has, and who serves the answers that are streams."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rider_api.headers import REQUEST_ID, request_id_of
from rider_api.problems import INTERNAL, Problem
from rider_api.stream.connection import HELD, STREAM_START, EventStream

_log = logging.getLogger(__name__)


class Envelope:
    """Gives every answer its request id and security headers, lets pages of named origins read it, and tells a crash
    as a problem."""

    def __init__(
        self, app: ASGIApp, headers: dict[str, str], origins: Collection[str], new_id: Callable[[], UUID]
    ) -> None:
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stream = await self._answer(scope, receive, send)
        if stream is not None:
            # What came with the request is not needed any more, and a stream lasts.
            scope.clear()
            try:
                await stream.serve(receive, send)
            except Exception:
                # The server tells nobody: its own lines are no JSON, and are silenced.
                _log.exception("a stream crashed")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> EventStream | None:
        """Answer a request; where the answer is a stream, begin it and return it."""
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = request_id_of(given.decode("latin-1"), self._new_id)
        scope.setdefault("state", {})["request_id"] = request_id
        extra = [*self._headers, (REQUEST_ID.lower().encode(), request_id.encode()), *self._allowed(scope)]
        started = False

        async def send_enveloped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        try:
            await self._app(scope, receive, send_enveloped)
            stream = cast("EventStream | None", scope["state"].get(HELD))
            if stream is not None:
                await send_enveloped(STREAM_START)
        except Exception:
            _log.exception("a request crashed", extra={"request_id": request_id})
            if not started:
                await problem_response(Request(scope), INTERNAL)(scope, receive, send_enveloped)
            return None
        return stream

    def _allowed(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers of CORS; never with the credentials of a browser: tickets and tokens are sent by hand."""
        if not self._origins:
            return []
        origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
        allowed = [(b"access-control-allow-origin", origin)] if origin in self._origins else []
        return [(b"vary", b"Origin"), *allowed]


def problem_response(request: Request, problem: Problem) -> Response:
    """Answer with a problem, which names the request; no cache keeps it."""
    body = problem.body(instance=request.url.path, request_id=request.state.request_id)
    return Response(body, problem.status, headers={**problem.all_headers(), "Cache-Control": "no-store"})
