"""A way out of notification_service, and a look at those it reaches."""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import uuid4

import httpx
from redis.asyncio import Redis

from chassis.live_entries import stream_key
from chassis.redis_client import awaited
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.sending import Accepted, Content, Outgoing, SendResult, Target
from notification_service.use_cases.outside_ports import Sender
from tests.fakes.notification_senders import FakeSender, Fault

SENDER = "Jitney"
CALLER = "+14155550100"
PATIENCE_SECONDS = 25.0
"""What is slow, on a machine with much else to do, is not taken for what is never answered."""
IMPATIENCE_SECONDS = 1.0
"""Of the sender of a message that is never answered, on a connection that is there already."""
CONNECTING_IMPATIENCE_SECONDS = 3.0
"""Of one that connects for each message; where that takes longer, the message was surely not taken."""
NEVER_ANSWERED_SECONDS = 10
"""Longer than the impatient wait."""
_numbers = itertools.count(100)

SANDBOX_FAULTS = {
    Fault.UNAVAILABLE: "unavailable",
    Fault.THROTTLED: "rate_limited",
    Fault.HANGS: "timeout_before_effect",
    Fault.LOST_ANSWER: "timeout_after_effect",
    Fault.REFUSED: "refused",
    Fault.UNREGISTERED: "unregistered",
}


@dataclass(frozen=True)
class Posted:
    """A message and where it goes."""

    message: Outgoing
    target: Target


@dataclass(frozen=True)
class Arrived:
    """A message at its receiver: the words of an SMS, a push or a mail, or an entry of a live stream."""

    content: tuple[str, ...]


class World(Protocol):
    """A sender and a look at its receivers."""

    @property
    def sender(self) -> Sender: ...

    def message(self) -> Posted:
        """Make a message to somebody who was sent nothing yet."""
        ...

    def content(self, posted: Posted) -> Arrived:
        """Return what the receiver is to see."""
        ...

    async def fail(self, fault: Fault) -> None:
        """Let the next message go wrong."""
        ...

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        """Return what the receiver was sent, oldest first."""
        ...


def an_outgoing(channel: Channel, content: Content, live_type: str = "", live_data: str = "") -> Outgoing:
    return Outgoing(
        notification_id=uuid4(),
        channel=channel,
        topic="ride_assigned",
        priority=Priority.TRIP_CRITICAL,
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
        content=content,
        live_type=live_type,
        live_data=live_data,
        owed_at=datetime.now(UTC),
    )


def sms_message() -> Posted:
    words = Content(body="Tu código de Jitney es 482913")
    return Posted(an_outgoing(Channel.SMS, words), Target(f"+1415555{next(_numbers):04d}"))


def sms_content(posted: Posted) -> Arrived:
    return Arrived((posted.target.address, SENDER, posted.message.content.body))


def stream_message() -> Posted:
    message = an_outgoing(Channel.STREAM, Content(), "ride_updated", '{"version":1,"reason":"¿qué?"}')
    return Posted(message, Target(str(uuid4())))


def stream_content(posted: Posted) -> Arrived:
    message = posted.message
    return Arrived((str(message.notification_id), message.live_type, message.live_data, message.expires_at.isoformat()))


class FakeWorld:
    """A fake."""

    def __init__(self, fake: FakeSender, message: Callable[[], Posted], content: Callable[[Posted], Arrived]) -> None:
        self.sender = fake
        self._message = message
        self._content = content

    def message(self) -> Posted:
        return self._message()

    def content(self, posted: Posted) -> Arrived:
        return self._content(posted)

    async def fail(self, fault: Fault) -> None:
        self.sender.fail(fault)

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        return [self._content(Posted(*sent)) for sent in self.sender.sent if sent[1] == posted.target]


class Turns:
    """A sender, and for one message in its place another one."""

    def __init__(self, usual: Sender) -> None:
        self._usual = usual
        self._next: Sender | None = None

    @property
    def provider(self) -> str:
        return self._usual.provider

    def takes(self, target: Target) -> bool:
        return self._usual.takes(target)

    def next_by(self, other: Sender) -> None:
        """Let the next message be the other one's."""
        self._next = other

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Send by whose turn it is."""
        sender, self._next = self._next or self._usual, None
        return await sender.send(message, target)


class SandboxWorld(ABC):
    """A real sender and the sandbox; a message that is never answered is sent by one that is impatient."""

    def __init__(self, patient: Sender, impatient: Sender, controls: httpx.AsyncClient, target: str) -> None:
        self.sender = Turns(patient)
        self._impatient = impatient
        self._controls = controls
        self._target = target

    @abstractmethod
    def message(self) -> Posted:
        """Make a message to somebody who was sent nothing yet."""

    async def fail(self, fault: Fault) -> None:
        """Let the sandbox do the next call to the provider wrong."""
        if fault in {Fault.HANGS, Fault.LOST_ANSWER}:
            await self._connect_impatient()
            self.sender.next_by(self._impatient)
        rule = {"target": self._target, "kind": SANDBOX_FAULTS[fault], "seconds": NEVER_ANSWERED_SECONDS}
        (await self._controls.post("/_sim/faults", json=rule)).raise_for_status()

    async def _connect_impatient(self) -> None:
        """Let it have its connection and its token before its patience is tried."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            posted = self.message()
            while not isinstance(await self._impatient.send(posted.message, posted.target), Accepted):
                posted = self.message()


class SmsWorld(SandboxWorld):
    """The real sender of SMS and the sandbox."""

    def __init__(self, patient: Sender, impatient: Sender, controls: httpx.AsyncClient) -> None:
        super().__init__(patient, impatient, controls, "sms")

    def message(self) -> Posted:
        return sms_message()

    def content(self, posted: Posted) -> Arrived:
        return sms_content(posted)

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        answer = await self._controls.get("/_sim/messages", params={"to": posted.target.address})
        newest_first = cast("list[dict[str, Any]]", answer.raise_for_status().json()["messages"])
        return [Arrived((sms["to"], sms["from"], sms["body"])) for sms in reversed(newest_first)]


def voice_message() -> Posted:
    words = Content(body="Tu código de <Jitney> es 4, 8, 2, 9, 1, 3 & ya")
    return Posted(replace(an_outgoing(Channel.VOICE, words), locale="es"), Target(f"+1415555{next(_numbers):04d}"))


class VoiceWorld(SandboxWorld):
    """The real sender of calls and the sandbox."""

    def __init__(self, patient: Sender, impatient: Sender, controls: httpx.AsyncClient) -> None:
        super().__init__(patient, impatient, controls, "voice")

    def message(self) -> Posted:
        return voice_message()

    def content(self, posted: Posted) -> Arrived:
        return Arrived((posted.target.address, CALLER, "es-MX", posted.message.content.body))

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        answer = await self._controls.get("/_sim/calls", params={"to": posted.target.address})
        newest_first = cast("list[dict[str, Any]]", answer.raise_for_status().json()["calls"])
        return [Arrived((call["to"], call["from"], call["language"], call["said"])) for call in reversed(newest_first)]


class PostWorld(SandboxWorld):
    """The real sender of pushes or mails and the sandbox."""

    def __init__(
        self,
        patient: Sender,
        impatient: Sender,
        controls: httpx.AsyncClient,
        target: str,
        make_target: Callable[[], Target],
    ) -> None:
        super().__init__(patient, impatient, controls, target)
        self._make_target = make_target

    def message(self) -> Posted:
        """Make a message that is hard to write down."""
        channel = Channel.EMAIL if self._target == "smtp" else Channel.PUSH
        words = Content("Ana está en camino ✓", "Línea uno.\n\nLa .segunda: “¿qué?”", "<p>Hola</p>" * 40)
        return Posted(an_outgoing(channel, words, "ride_updated", '{"version":1}'), self._make_target())

    def content(self, posted: Posted) -> Arrived:
        words = posted.message.content
        return Arrived((self._target, posted.target.address, words.title, words.body))

    async def posts(self, posted: Posted) -> Sequence[dict[str, Any]]:
        """Return all that the sandbox knows of them, newest first."""
        answer = await self._controls.get("/_sim/posts", params={"to": posted.target.address})
        return cast("list[dict[str, Any]]", answer.raise_for_status().json()["posts"])

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        posts = await self.posts(posted)
        return [Arrived((post["provider"], post["to"], post["title"], post["text"])) for post in reversed(posts)]


def device(platform: str) -> Target:
    return Target(uuid4().hex, platform)


def mailbox() -> Target:
    return Target(f"ada.{next(_numbers)}@example.org")


class RedisWorld:
    """The real sender of live streams and Redis; a fault is another Redis, which is not there or does not answer."""

    def __init__(self, redis: Redis, absent: Redis, silent: Redis) -> None:
        self._redis = redis
        self._faulty = {Fault.UNAVAILABLE: LiveStreamSender(absent), Fault.HANGS: LiveStreamSender(silent, 0.2)}
        self.sender = Turns(LiveStreamSender(redis, PATIENCE_SECONDS))

    def message(self) -> Posted:
        return stream_message()

    def content(self, posted: Posted) -> Arrived:
        return stream_content(posted)

    async def fail(self, fault: Fault) -> None:
        self.sender.next_by(self._faulty[fault])

    async def arrived(self, posted: Posted) -> Sequence[Arrived]:
        entries = await awaited(self._redis.xrange(stream_key(str(posted.target.address))))
        return [
            Arrived(tuple(fields[name].decode() for name in (b"id", b"type", b"data", b"expires_at")))
            for _, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", entries)
        ]
