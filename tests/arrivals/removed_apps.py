"""Push providers that unregister tokens, over real HTTP: of each person's two devices one has lost its app.

How long the other one's push takes, whether any is lost, and how often a provider is asked for a token that is no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from chassis.database import Database
from chassis.runtime import Workers
from jitney.stack.addresses import Address
from jitney.stack.launch import Launcher
from jitney.stack.providers import make_providers_file
from jitney.stack.specs import ProcessSpec
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.provider_file import read_providers
from notification_service.adapters.providers import open_providers
from notification_service.adapters.templates import TemplateFiles
from notification_service.bootstrap_delivery import add_workers, lanes_of, make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Happening
from notification_service.domain.sending import Outgoing, SendResult, Target
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.use_cases.outside_ports import Sender
from notification_service.use_cases.owe_messages import OweMessages
from shared_kernel.clock import SystemClock
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.integration.embedded import free_ports, running
from tests.unit.notification.samples import ride_fact

_SETTLE_SECONDS = 60.0
_NEWS = (Happening.RIDE_REMATCHING, Happening.RIDE_UNMATCHED)
"""What everybody is told, one after the other: the second time the dead tokens are known."""
_IOS_SHARE = 4
"""Every so manieth person has an iPhone."""


@dataclass
class Figures:
    """What it came to; seconds from owed to sent, ascending."""

    people: int
    seconds: list[float] = field(default_factory=list[float])
    asked_for_dead: int = 0
    """How often a provider was asked for a token that is no more."""
    asked_again: int = 0
    """Of them, how often for the second news."""
    removed: int = 0

    @property
    def lost(self) -> int:
        """Pushes to devices that still have the app and did not go."""
        return len(_NEWS) * self.people - len(self.seconds)

    def line(self) -> str:
        """Describe it."""
        taken = self.seconds or [0.0]
        return (
            f"unregistering: {len(_NEWS)} news to {self.people} people, each with one device of two that lost its app; "
            f"lost {self.lost}; owed to sent p50 {taken[len(taken) // 2]:.3f} s, slowest {taken[-1]:.3f} s; asked for "
            f"dead tokens {self.asked_for_dead} times, {self.asked_again} of them for the second news; "
            f"{self.removed} devices removed"
        )


class Watched:
    """A push provider whose calls for dead tokens are counted."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.asked_for_dead = 0

    @property
    def provider(self) -> str:
        return self._sender.provider

    def takes(self, target: Target) -> bool:
        return self._sender.takes(target)

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        self.asked_for_dead += target.address.startswith("dead")
        return await self._sender.send(message, target)


@contextlib.contextmanager
def push_providers(folder: Path) -> Generator[Path]:
    """A sandbox that knows us by the file of providers that is returned."""
    port, smtp_port = free_ports(2)
    path = folder / f"providers-{port}.json"
    make_providers_file(path, Address("127.0.0.1", port), Address("127.0.0.1", smtp_port), "AC_sandbox", "token")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    environment |= {
        "JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{port}",
        "JITNEY_SANDBOX_SMTP_LISTEN": f"127.0.0.1:{smtp_port}",
        "JITNEY_SANDBOX_DATA": str(folder / f"push-{port}"),
        "JITNEY_NOTIFICATION_PROVIDERS_FILE": str(path),
    }
    spec = ProcessSpec(
        name="sandbox",
        argv=(sys.executable, "-m", "jitney", "sandbox"),
        environment=environment,
        ready=f"http://127.0.0.1:{port}/healthz",
    )
    with Launcher() as launcher, running(launcher, spec, folder / f"push-{port}.log"):
        yield path


async def play(
    url: str, providers: Path, people: int, per_second: float, patience_seconds: float | None = None
) -> Figures:
    """Tell everybody two news, at a pace; providers have as long to answer as they usually do, or as is said."""
    database, clock, new_id = Database(url, 8, name="removed apps"), SystemClock(), Uuid7Source()
    outside = open_providers(read_providers(providers), clock)
    push = [Watched(sender) for sender in outside.senders[Channel.PUSH]]
    queue = PostgresDeliveries(database)
    lanes = make_workers({Channel.PUSH: push}, queue, FakeAddresses(None), clock, random.Random(11))
    lanes = [each for each in lanes if each.lane.channel is Channel.PUSH]
    if patience_seconds is not None:
        for each in lanes:
            each.lane = replace(each.lane, patience_seconds=patience_seconds)
    alarms, workers = Alarms(lanes_of(lanes), queue, clock), Workers()
    add_workers(workers, lanes, alarms)
    owe = OweMessages(PostgresStore(database, new_id), TemplateFiles(), clock, new_id)
    figures, readers = Figures(people), [uuid4() for _ in range(people)]
    try:
        await _give_devices(PostgresPeople(database, new_id), readers, clock)
        workers.start()
        for number, happening in enumerate(_NEWS, start=5):
            before = sum(each.asked_for_dead for each in push)
            began = time.monotonic()
            for turn, reader in enumerate(readers):
                await asyncio.sleep(max(0.0, began + turn / per_second - time.monotonic()))
                ride_id = UUID(int=reader.int ^ 1)
                await owe(uuid4(), ride_fact(happening, rider_id=reader, ride_id=ride_id, version=number, driver=None))
                alarms.wake(Channel.PUSH, Priority.TRIP_CRITICAL)
            await _settle(database)
            figures.asked_again = sum(each.asked_for_dead for each in push) - before
        figures.asked_for_dead = sum(each.asked_for_dead for each in push)
        await _read(database, figures)
    finally:
        await workers.stop()
        for close in outside.closers:
            await close()
        await database.dispose()
    return figures


async def _give_devices(people: PostgresPeople, readers: list[UUID], clock: SystemClock) -> None:
    for number, reader in enumerate(readers):
        platform = "ios" if number % _IOS_SHARE == 0 else "android"
        for kind in ("dead", "live"):
            # APNs' tokens are hexadecimal; that of a removed app begins as FCM's does.
            token = f"{'dead' if kind == 'dead' else 'beef'}{reader.hex}"
            await people.register_device(reader, platform, "rider", token, clock.now(), None)


async def _settle(database: Database) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    statement = text("SELECT count(*) FROM delivery WHERE state = 'pending' AND channel = 'push'")
    async with database.connect() as connection:
        while time.monotonic() < deadline and await connection.scalar(statement):  # noqa: ASYNC110 (workers are awaited)
            await asyncio.sleep(0.1)


async def _read(database: Database, figures: Figures) -> None:
    async with database.connect() as connection:
        rows: Any = await connection.execute(
            text(
                "SELECT d.state, extract(epoch FROM d.finished_at - n.created_at) AS seconds "
                "FROM delivery d JOIN notification n USING (notification_id) WHERE d.channel = 'push'"
            )
        )
        figures.seconds = sorted(float(row.seconds) for row in rows if row.state == "sent")
        removed = text("SELECT count(*) FROM device WHERE removed_at IS NOT NULL")
        figures.removed = await connection.scalar(removed) or 0
