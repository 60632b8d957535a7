"""The ways out of notification_service, each beside its fake: SMS against the sandbox's process, streams on Redis."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from chassis.redis_client import awaited, open_redis
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.adapters.sms import SmsSender
from notification_service.domain.delivery import DueDelivery
from notification_service.domain.messages import Channel, Priority
from notification_service.use_cases.ports import ChannelSender
from tests.fakes.notification_senders import FakeSender, Fault
from tests.integration.conftest import redis_server, redis_url, sandbox_url

__all__ = ["redis_server", "redis_url", "sandbox_url"]

ACCOUNT, TOKEN, SENDER = "AC_sandbox", "sandbox_token", "Jitney"
NEVER_ANSWERED_SECONDS = 10
"""Longer than the patience of any sender here."""
_numbers = iter(range(100, 1_000_000))

_SANDBOX_FAULTS = {
    Fault.UNAVAILABLE: "unavailable",
    Fault.THROTTLED: "rate_limited",
    Fault.HANGS: "timeout_before_effect",
    Fault.LOST_ANSWER: "timeout_after_effect",
}


@dataclass(frozen=True)
class Arrived:
    """A message at its receiver: an SMS's text, or an entry of a live stream."""

    content: tuple[str, ...]


class World(Protocol):
    """A sender and a look at its receivers."""

    @property
    def sender(self) -> ChannelSender: ...

    def message(self) -> DueDelivery:
        """Make a message to somebody who was sent nothing yet."""
        ...

    def content(self, delivery: DueDelivery) -> Arrived:
        """Return what the receiver of a delivery is to see."""
        ...

    async def fail(self, fault: Fault) -> None:
        """Let the next message go wrong."""
        ...

    async def arrived(self, delivery: DueDelivery) -> Sequence[Arrived]:
        """Return what the receiver of a delivery was sent, oldest first."""
        ...


def a_delivery(channel: Channel, target: str) -> DueDelivery:
    return DueDelivery(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        channel=channel,
        target=target,
        priority=Priority.SECURITY,
        attempts=1,
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
        live_type="ride_updated" if channel is Channel.STREAM else "",
        live_data='{"version":1,"reason":"¿qué?"}' if channel is Channel.STREAM else "",
        body="Tu código de Jitney es 482913" if channel is Channel.SMS else "",
    )


def sms_message() -> DueDelivery:
    return a_delivery(Channel.SMS, f"+1415555{next(_numbers):04d}")


def sms_content(delivery: DueDelivery) -> Arrived:
    return Arrived((delivery.target, SENDER, delivery.body))


def stream_message() -> DueDelivery:
    return a_delivery(Channel.STREAM, str(uuid4()))


def stream_content(delivery: DueDelivery) -> Arrived:
    return Arrived(
        (str(delivery.notification_id), delivery.live_type, delivery.live_data, delivery.expires_at.isoformat())
    )


class FakeWorld:
    """A fake."""

    def __init__(
        self, fake: FakeSender, message: Callable[[], DueDelivery], content: Callable[[DueDelivery], Arrived]
    ) -> None:
        self.sender = fake
        self._message = message
        self._content = content

    def message(self) -> DueDelivery:
        return self._message()

    def content(self, delivery: DueDelivery) -> Arrived:
        return self._content(delivery)

    async def fail(self, fault: Fault) -> None:
        self.sender.fail(fault)

    async def arrived(self, delivery: DueDelivery) -> Sequence[Arrived]:
        return [self._content(sent) for sent in self.sender.sent if sent.target == delivery.target]


class SandboxWorld:
    """The real sender of SMS and the sandbox."""

    def __init__(self, client: httpx.AsyncClient, controls: httpx.AsyncClient) -> None:
        self._real = SmsSender(client, ACCOUNT, SENDER)
        self._controls = controls
        self._refuse_next = False

    @property
    def sender(self) -> ChannelSender:
        return self

    def message(self) -> DueDelivery:
        return sms_message()

    def content(self, delivery: DueDelivery) -> Arrived:
        return sms_content(delivery)

    async def send(self, delivery: DueDelivery) -> None:
        """Send; a number that is none is what the provider refuses for good."""
        refused, self._refuse_next = self._refuse_next, False
        await self._real.send(replace(delivery, target="not a number") if refused else delivery)

    async def fail(self, fault: Fault) -> None:
        if fault is Fault.REFUSED:
            self._refuse_next = True
            return
        rule = {"target": "sms", "kind": _SANDBOX_FAULTS[fault], "seconds": NEVER_ANSWERED_SECONDS}
        (await self._controls.post("/_sim/faults", json=rule)).raise_for_status()

    async def arrived(self, delivery: DueDelivery) -> Sequence[Arrived]:
        answer = await self._controls.get("/_sim/messages", params={"to": delivery.target})
        newest_first = cast("list[dict[str, Any]]", answer.raise_for_status().json()["messages"])
        return [Arrived((sms["to"], sms["from"], sms["body"])) for sms in reversed(newest_first)]


class RedisWorld:
    """The real sender of live streams and Redis; a fault is another Redis, which is not there or does not answer."""

    def __init__(self, redis: Redis, absent: Redis, silent: Redis) -> None:
        self._redis = redis
        self._faulty = {Fault.UNAVAILABLE: LiveStreamSender(absent), Fault.HANGS: LiveStreamSender(silent)}
        self._real = LiveStreamSender(redis)
        self._next: LiveStreamSender | None = None

    @property
    def sender(self) -> ChannelSender:
        return self

    def message(self) -> DueDelivery:
        return stream_message()

    def content(self, delivery: DueDelivery) -> Arrived:
        return stream_content(delivery)

    async def send(self, delivery: DueDelivery) -> None:
        """Send, to the faulty one if the next message is to go wrong."""
        sender, self._next = self._next or self._real, None
        await sender.send(delivery)

    async def fail(self, fault: Fault) -> None:
        self._next = self._faulty[fault]

    async def arrived(self, delivery: DueDelivery) -> Sequence[Arrived]:
        entries = await awaited(self._redis.xrange(f"live:{delivery.target}"))
        return [
            Arrived(tuple(fields[name].decode() for name in (b"id", b"type", b"data", b"expires_at")))
            for _, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", entries)
        ]


@asynccontextmanager
async def sandbox_world(url: str, token: str = TOKEN) -> AsyncGenerator[SandboxWorld]:
    async with (
        httpx.AsyncClient(base_url=f"{url}/sms", auth=(ACCOUNT, token), timeout=1) as client,
        httpx.AsyncClient(base_url=url) as controls,
    ):
        try:
            yield SandboxWorld(client, controls)
        finally:
            (await controls.delete("/_sim/faults")).raise_for_status()


@asynccontextmanager
async def silent_server() -> AsyncGenerator[int]:
    """A listener that takes connections and never says a word; yields its port."""
    over = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        over.set()
        server.close()


@asynccontextmanager
async def redis_world(url: str) -> AsyncGenerator[RedisWorld]:
    async with silent_server() as port:
        clients = [
            open_redis(url),
            open_redis(f"redis://127.0.0.1:{unused_port()}", timeout_seconds=0.2),
            open_redis(f"redis://127.0.0.1:{port}", timeout_seconds=0.2),
        ]
        try:
            yield RedisWorld(*clients)
        finally:
            for client in clients:
                await client.aclose()


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def fake_sms() -> FakeWorld:
    return FakeWorld(FakeSender("sms", retry_after_seconds=1), sms_message, sms_content)


def fake_stream() -> FakeWorld:
    return FakeWorld(FakeSender("redis"), stream_message, stream_content)


@pytest.fixture(params=["fake sms", "sandbox", "fake stream", "redis"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[World]:
    """Every way out, and its fake."""
    match request.param:
        case "fake sms":
            yield fake_sms()
        case "sandbox":
            async with sandbox_world(request.getfixturevalue("sandbox_url")) as made:
                yield made
        case "fake stream":
            yield fake_stream()
        case _:
            async with redis_world(request.getfixturevalue("redis_url")) as made:
                yield made


@pytest.fixture(params=["fake sms", "sandbox"])
async def sms_world(request: pytest.FixtureRequest) -> AsyncGenerator[World]:
    """SMS, and its fake."""
    if request.param == "fake sms":
        yield fake_sms()
    else:
        async with sandbox_world(request.getfixturevalue("sandbox_url")) as made:
            yield made
