"""The ways out of notification_service, each beside its fake: SMS against the sandbox's process, streams on Redis."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from chassis.redis_client import open_redis_for_batches
from notification_service.adapters.provider_file import Providers, read_providers
from notification_service.adapters.providers import open_providers
from notification_service.adapters.sms import SmsSender
from notification_service.adapters.voice import VoiceSender
from notification_service.domain.channels import Channel
from notification_service.domain.sending import Target
from shared_kernel.clock import SystemClock
from tests.contracts.notification.worlds import (
    CALLER,
    CONNECTING_IMPATIENCE_SECONDS,
    IMPATIENCE_SECONDS,
    PATIENCE_SECONDS,
    SENDER,
    FakeWorld,
    PostWorld,
    RedisWorld,
    SmsWorld,
    VoiceWorld,
    World,
    device,
    mailbox,
    sms_content,
    sms_message,
    stream_content,
    stream_message,
)
from tests.fakes.notification_senders import FakeSender
from tests.fakes.plain_http import NO_AUTHORITIES
from tests.integration.conftest import redis_server, redis_url, sandbox_providers, sandbox_url

__all__ = ["redis_server", "redis_url", "sandbox_providers", "sandbox_url"]

ACCOUNT, TOKEN = "AC_sandbox", "sandbox_token"


def client_of(url: str, token: str, timeout_seconds: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, auth=(ACCOUNT, token), timeout=timeout_seconds, verify=NO_AUTHORITIES)


@asynccontextmanager
async def controls_of(url: str) -> AsyncGenerator[httpx.AsyncClient]:
    """The sandbox's controls; no fault stays."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, verify=NO_AUTHORITIES) as controls:
        try:
            yield controls
        finally:
            (await controls.delete("/_sim/faults")).raise_for_status()


@asynccontextmanager
async def sms_at_sandbox(url: str, token: str = TOKEN) -> AsyncGenerator[SmsWorld]:
    async with (
        client_of(f"{url}/sms", token, PATIENCE_SECONDS) as patient,
        client_of(f"{url}/sms", token, IMPATIENCE_SECONDS) as impatient,
        controls_of(url) as controls,
    ):
        yield SmsWorld(SmsSender(patient, ACCOUNT, SENDER), SmsSender(impatient, ACCOUNT, SENDER), controls)


@asynccontextmanager
async def voice_at_sandbox(url: str, token: str = TOKEN) -> AsyncGenerator[VoiceWorld]:
    async with (
        client_of(f"{url}/voice", token, PATIENCE_SECONDS) as patient,
        client_of(f"{url}/voice", token, IMPATIENCE_SECONDS) as impatient,
        controls_of(url) as controls,
    ):
        yield VoiceWorld(VoiceSender(patient, ACCOUNT, CALLER), VoiceSender(impatient, ACCOUNT, CALLER), controls)


_POSTS: dict[str, tuple[str, Channel, Callable[[], Target]]] = {
    "fcm": ("fcm", Channel.PUSH, lambda: device("android")),
    "apns": ("apns", Channel.PUSH, lambda: device("ios")),
    "smtp": ("smtp", Channel.EMAIL, mailbox),
}


@asynccontextmanager
async def posts_at_sandbox(url: str, providers_file: Path, name: str) -> AsyncGenerator[PostWorld]:
    """The sender of a name in the file of providers, patient and impatient, and the sandbox."""
    [known] = [each for each in read_providers(providers_file).providers if each.name == name]
    impatience_seconds = CONNECTING_IMPATIENCE_SECONDS if name == "smtp" else IMPATIENCE_SECONDS
    patient, impatient = (
        open_providers(Providers(providers=(known.model_copy(update={"timeout_seconds": seconds}),)), SystemClock())
        for seconds in (PATIENCE_SECONDS, impatience_seconds)
    )
    target, channel, make_target = _POSTS[name]
    async with controls_of(url) as controls:
        try:
            senders = [opened.senders[channel][0] for opened in (patient, impatient)]
            yield PostWorld(senders[0], senders[1], controls, target, make_target)
        finally:
            for close in (*patient.closers, *impatient.closers):
                await close()


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
            open_redis_for_batches(url),
            open_redis_for_batches(f"redis://127.0.0.1:{unused_port()}", timeout_seconds=0.2),
            open_redis_for_batches(f"redis://127.0.0.1:{port}", timeout_seconds=0.2),
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


@pytest.fixture(params=["fake sms", "sms", "voice", "fcm", "apns", "smtp", "fake stream", "redis"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[World]:
    """Every way out, and its fake."""
    match request.param:
        case "fake sms":
            yield fake_sms()
        case "sms":
            async with sms_at_sandbox(request.getfixturevalue("sandbox_url")) as made:
                yield made
        case "voice":
            async with voice_at_sandbox(request.getfixturevalue("sandbox_url")) as made:
                yield made
        case "fcm" | "apns" | "smtp":
            url, file = request.getfixturevalue("sandbox_url"), request.getfixturevalue("sandbox_providers")
            async with posts_at_sandbox(url, file, request.param) as made:
                yield made
        case "fake stream":
            yield fake_stream()
        case _:
            async with redis_world(request.getfixturevalue("redis_url")) as made:
                yield made


@pytest.fixture(params=["fake sms", "sms", "voice", "fcm", "apns", "smtp"])
async def outside_world(request: pytest.FixtureRequest) -> AsyncGenerator[World]:
    """Those that a provider outside the house serves, and a fake."""
    match request.param:
        case "fake sms":
            yield fake_sms()
        case "sms":
            async with sms_at_sandbox(request.getfixturevalue("sandbox_url")) as made:
                yield made
        case "voice":
            async with voice_at_sandbox(request.getfixturevalue("sandbox_url")) as made:
                yield made
        case _:
            url, file = request.getfixturevalue("sandbox_url"), request.getfixturevalue("sandbox_providers")
            async with posts_at_sandbox(url, file, request.param) as made:
                yield made
