"""What stands around the streams' application: streams are served outside of it, and none crashes unheard."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

import pytest
from starlette.types import Message, Receive, Scope, Send

from rider_api.stream.connection import HELD, EventStream
from rider_api.stream.envelope import Envelope


class Broken:
    """A stream that breaks once it was begun."""

    async def serve(self, receive: Receive, send: Send) -> None:
        raise ValueError("a defect")


async def test_a_stream_that_crashes_was_begun_and_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][HELD] = cast("EventStream", Broken())

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nobody reads the request")

    scope: dict[str, Any] = {"type": "http", "headers": [], "path": "/v1/me/stream"}
    await Envelope(app, {"X-Content-Type-Options": "nosniff"}, (), uuid4)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    assert [record.message for record in caplog.records] == ["a stream crashed"]
    assert scope == {}
