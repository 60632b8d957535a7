"""One person's messages on real stores, and the lanes that carry them by senders that a test sees through."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from chassis.database import Database
from notification_service.adapters.people_tables import devices
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.facts import Happening
from notification_service.domain.matrix import Audience
from notification_service.domain.messages import Message
from notification_service.domain.planning import plan
from notification_service.domain.sending import Content, SendResult
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.outside_ports import Sender
from notification_service.use_cases.ports import OwedMessage
from shared_kernel.origins import Origin
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender

if TYPE_CHECKING:
    from tests.integration.notification.conftest import SetClock

NUMBER = "+14155550177"
TRIP, SECURITY, MARKETING = Priority.TRIP_CRITICAL, Priority.SECURITY, Priority.MARKETING
ESCALATED = (Leg(Channel.STREAM), Leg(Channel.PUSH), Leg(Channel.SMS, timedelta(seconds=20)))


@dataclass
class Town:
    """One person's messages, and the lanes that carry them."""

    database: Database
    store: PostgresStore
    clock: SetClock
    person: UUID = field(default_factory=uuid4)
    ride: UUID = field(default_factory=uuid4)

    lanes: Sequence[DeliverDue] = ()

    def with_senders(self, senders: dict[Channel, Sequence[Sender]]) -> Town:
        """Deliver by these; a channel without any refuses all."""
        self.lanes = make_workers(
            senders, PostgresDeliveries(self.database), FakeAddresses(NUMBER), self.clock, random.Random(3)
        )
        return self

    async def owe(
        self,
        legs: Sequence[Leg] = (Leg(Channel.SMS),),
        *,
        version: int = 0,
        priority: Priority = TRIP,
        collapse_key: str = "",
        life: timedelta = timedelta(minutes=2),
        marketing_on: date | None = None,
        person: UUID | None = None,
        happened_at: datetime | None = None,
    ) -> UUID:
        """Owe the person a message; return its id."""
        now, account_id, notification_id = self.clock.now(), person or self.person, uuid4()
        message = Message(
            account_id,
            Happening.RIDE_ASSIGNED,
            priority,
            life,
            tuple(legs),
            Audience.RIDER,
            self.ride,
            version,
            collapse_key=collapse_key,
        )
        async with self.store.transaction() as transaction:
            reader = (await transaction.readers([account_id]))[account_id]
            owed = OwedMessage(
                notification_id=notification_id,
                dedupe_key=str(notification_id),
                message=message,
                contents={Channel.SMS: Content(body=f"v{version}"), Channel.PUSH: Content("t", f"v{version}")},
                locale="en",
                template_version="",
                live_type="x",
                live_data="{}",
                created_at=now,
                expires_at=message.ends_at(happened_at, now),
                planned=plan(legs, account_id, priority, reader, now, message.ends_at(happened_at, now)),
                marketing_on=marketing_on,
                origin=Origin(happened_at=happened_at),
            )
            await transaction.owe([owed])
        return notification_id

    async def device(self, token: str) -> UUID:
        """Give the person a device."""
        device_id, now = uuid4(), self.clock.now()
        async with self.database.connect() as connection:
            await connection.execute(
                insert(devices).values(
                    device_id=device_id,
                    account_id=self.person,
                    platform="android",
                    app="rider",
                    token=token,
                    created_at=now,
                    seen_at=now,
                )
            )
        return device_id

    async def deliver(self) -> None:
        """Run all lanes until nothing is due."""
        while sum([await lane() for lane in self.lanes]):
            continue

    async def states(self, notification_id: UUID) -> dict[str, tuple[str, str]]:
        """Return the state and reason of a message's deliveries by channel."""
        rows = await self.query(
            "SELECT channel, state, error FROM delivery WHERE notification_id = :id", id=notification_id
        )
        return {row.channel: (row.state, row.error) for row in rows}

    async def query(self, statement: str, **parameters: Any) -> Sequence[Any]:
        async with self.database.connect() as connection:
            return (await connection.execute(text(statement), parameters)).all()

    async def acknowledge(self, notification_id: UUID) -> datetime | None:
        async with self.store.transaction() as transaction:
            return await transaction.acknowledge(self.person, notification_id, self.clock.now())


class Hanging(FakeSender):
    """A provider that takes nothing and never answers."""

    async def send(self, message: Any, target: Any) -> SendResult:
        self.sent.append((message, target))
        await asyncio.Event().wait()
        raise AssertionError


def bodies(sender: FakeSender) -> list[str]:
    return [message.content.body for message, _ in sender.sent]
