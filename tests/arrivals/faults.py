"""Failing providers, over real HTTP: how long until the other one has a message, what is lost, how often the failing
one is asked. Two sandboxes stand for the two providers of the SMS; the first is told to fail."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from chassis.database import Database
from chassis.runtime import Workers
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.sms import SmsSender
from notification_service.adapters.templates import TemplateFiles
from notification_service.bootstrap_delivery import add_workers, lanes_of, make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.sending import Outgoing, SendResult, Target
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from shared_kernel.clock import SystemClock
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses

FAULTS: Mapping[str, str] = {
    "hanging": "timeout_before_effect",
    "unavailable": "unavailable",
    "throttling": "rate_limited",
    "resetting": "reset_before_effect",
}
_ACCOUNT, _TOKEN = "AC_sandbox", "sandbox_token"
_SETTLE_SECONDS = 60.0


@dataclass
class Figures:
    """What one failing provider came to; seconds from owed to sent, ascending."""

    fault: str
    owed: int
    seconds: list[float] = field(default_factory=list[float])
    asked: int = 0
    lost: int = 0
    doubled: int = 0

    def line(self) -> str:
        """Describe it."""
        taken = self.seconds or [0.0]
        return (
            f"{self.fault}: {self.owed} codes owed, lost {self.lost}, sent twice {self.doubled}; owed to sent p50 "
            f"{taken[len(taken) // 2]:.3f} s, slowest {taken[-1]:.3f} s; the failing one was asked {self.asked} times"
        )


class Counted:
    """A provider whose calls are counted."""

    def __init__(self, sender: SmsSender) -> None:
        self._sender = sender
        self.asked = 0

    @property
    def provider(self) -> str:
        return self._sender.provider

    def takes(self, target: Target) -> bool:
        return self._sender.takes(target)

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        self.asked += 1
        return await self._sender.send(message, target)


async def play(fault: str, url: str, first_url: str, second_url: str, codes: int, per_second: float) -> Figures:
    """Owe codes at a pace while the first provider fails."""
    database, clock = Database(url, 8, name="faults"), SystemClock()
    clients = [_client(address) for address in (first_url, second_url)]
    first = Counted(SmsSender(clients[0], _ACCOUNT, "Jitney", provider="first"))
    second = Counted(SmsSender(clients[1], _ACCOUNT, "Jitney", provider="second"))
    store, queue = PostgresStore(database, Uuid7Source()), PostgresDeliveries(database)
    lanes = make_workers({Channel.SMS: [first, second]}, queue, FakeAddresses(None), clock, random.Random(11))
    alarms, workers = Alarms(lanes_of(lanes), queue, clock), Workers()
    add_workers(workers, lanes, alarms)
    figures = Figures(fault, codes)
    async with httpx.AsyncClient(base_url=first_url) as control:
        rule = {"target": "sms", "kind": FAULTS[fault], "count": None, "seconds": 30}
        (await control.post("/_sim/faults", json=rule)).raise_for_status()
    workers.start()
    try:
        send = SendOneTimeCode(store, TemplateFiles(), clock, Uuid7Source())
        began = time.monotonic()
        for number in range(codes):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            await _owe(send, clock, number)
            alarms.wake(Channel.SMS, Priority.SECURITY)
        await _settle(database, figures)
    finally:
        await workers.stop()
        for client in clients:
            await client.aclose()
        await database.dispose()
    figures.asked = first.asked
    figures.doubled = max(0, await _taken(second_url) - codes)
    return figures


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{address}/sms", auth=(_ACCOUNT, _TOKEN), timeout=10)


async def _owe(send: SendOneTimeCode, clock: SystemClock, number: int) -> None:
    await send(
        caller="identity",
        request_id=str(uuid4()),
        phone_number=f"+1415{7_000_000 + number}",
        code=f"{number:06d}",
        locale="en",
        expires_at=clock.now() + timedelta(minutes=5),
    )


async def _settle(database: Database, figures: Figures) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    statement = text("SELECT count(*) FROM delivery WHERE state = 'pending' AND channel = 'sms'")
    async with database.connect() as connection:
        while time.monotonic() < deadline and await connection.scalar(statement):  # noqa: ASYNC110 (workers are awaited)
            await asyncio.sleep(0.1)
        rows: Any = await connection.execute(
            text(
                "SELECT d.state, extract(epoch FROM d.finished_at - n.created_at) AS seconds "
                "FROM delivery d JOIN notification n USING (notification_id) WHERE d.channel = 'sms'"
            )
        )
        for row in rows:
            if row.state == "sent":
                figures.seconds.append(float(row.seconds))
    figures.lost = figures.owed - len(figures.seconds)
    figures.seconds.sort()


async def _taken(url: str) -> int:
    """Count what the second provider holds."""
    count, query = 0, {"limit": 200}
    async with httpx.AsyncClient(base_url=url) as client:
        while True:
            page = (await client.get("/_sim/messages", params=query)).json()
            count += len(page["messages"])
            if page["next_before"] is None:
                return count
            query["before"] = page["next_before"]
