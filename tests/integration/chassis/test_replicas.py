"""Several replicas of a service behind balancing by its clients."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel, open_sync_channel
from chassis.server import ServiceServer
from chassis.settings import Address
from jitney.stack.addresses import Address as StackAddress
from jitney.stack.replicas import target_of
from tests.integration.chassis.conftest import settings_for
from tests.integration.chassis.echo import SERVICE, Echo, EchoServicer, EchoStub, register


class Replicas:
    """Three servers in this process, and who answered how often."""

    def __init__(self, jwks_file: Path) -> None:
        self._jwks_file = jwks_file
        self.answers = Counter[int]()
        self.servers: list[ServiceServer] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.addresses: list[StackAddress] = []

    async def start(self) -> None:
        """Start one more."""
        number, servicer = len(self.servers), EchoServicer()

        async def answer(request: Any, context: Any) -> Any:
            self.answers[number] += 1
            return await servicer.repeat(request, context)

        servicer.answer = answer
        server = ServiceServer(settings_for(self._jwks_file), TokenVerifier.from_file(self._jwks_file))
        server.add(register, servicer, SERVICE)
        self.servers.append(server)
        self.tasks.append(asyncio.create_task(server.run(Address("127.0.0.1", 0))))
        self.addresses.append(StackAddress(*await server.started()))

    async def stop(self, number: int) -> None:
        """Stop one for good."""
        self.servers[number].stop()
        await asyncio.wait_for(asyncio.shield(self.tasks[number]), 60)


@pytest.fixture
async def three(jwks_file: Path) -> AsyncIterator[Replicas]:
    replicas = Replicas(jwks_file)
    for _ in range(3):
        await replicas.start()
    yield replicas
    for number in range(3):
        await replicas.stop(number)


async def test_calls_are_spread_and_go_on_without_the_one_that_is_gone(three: Replicas, signing_keys: Path) -> None:
    channel = open_channel(target_of(three.addresses), TokenSigner.from_dir(signing_keys, "matching"))
    stub = EchoStub(channel)
    async with asyncio.timeout(60):
        while set(three.answers) != {0, 1, 2}:
            # Connections come one after another: until all are there, some replicas get more.
            await asyncio.gather(*(stub.services(Echo(text="hello"), timeout=60) for _ in range(20)))
    await three.stop(1)
    three.answers.clear()
    for _ in range(60):
        assert (await stub.services(Echo(text="hello"), timeout=60)).text == "hello"
    assert set(three.answers) == {0, 2}
    # Near half each: turns begin anew, with whichever of them, when a connection changes.
    assert min(three.answers.values()) >= 20
    await channel.close()


async def test_threads_spread_their_calls_as_well(three: Replicas, signing_keys: Path) -> None:
    def ask() -> None:
        signer = TokenSigner.from_dir(signing_keys, "matching")
        with open_sync_channel(target_of(three.addresses), signer) as channel:
            call, begun = EchoStub(channel).services, time.monotonic()
            while set(three.answers) != {0, 1, 2} and time.monotonic() - begun < 60:
                assert call(Echo(text="hello"), timeout=60).text == "hello"

    await asyncio.to_thread(ask)
    assert set(three.answers) == {0, 1, 2}
