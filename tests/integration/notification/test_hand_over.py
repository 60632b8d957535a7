"""Messages for live streams are sent by who owes them, past the queue, and never past earlier news of their ride."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid4

from chassis.database import Database
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Happening
from notification_service.use_cases.hand_over import HandOver
from notification_service.use_cases.owe_messages import OweMessages
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender, Fault
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.test_deliveries import fresh

STREAM = (Channel.STREAM, Priority.TRIP_CRITICAL)


class Replica:
    """One process of the service: it owes, and sends to live streams."""

    def __init__(self, database: Database, store: PostgresStore, clock: SetClock, sender: FakeSender) -> None:
        workers = make_workers(
            {Channel.STREAM: [sender]}, PostgresDeliveries(database), FakeAddresses(None), clock, random.Random(1)
        )
        [self.lane] = [each for each in workers if (each.lane.channel, each.lane.priority) == STREAM]
        self.sender = sender
        self.owe_messages = OweMessages(store, TEMPLATES, clock, Uuid7Source(), HandOver(workers))

    async def owe(self, *news: tuple[Happening, int], rider: UUID, ride: UUID) -> bool:
        """Owe news of a ride together; tell whether something is left in the queue of the lane."""
        facts = [(uuid4(), fresh(happening, version, rider, ride)) for happening, version in news]
        return STREAM in await self.owe_messages.all_of(facts)

    async def see_through(self) -> None:
        """Bring what was handed over to its end, and what waited for it."""
        await self.lane()
        while await self.lane():
            continue

    def versions(self, rider: UUID) -> Sequence[str]:
        """Return what the rider's app was sent, in its order."""
        return [message.topic for message, target in self.sender.sent if target.address == str(rider)]


def replica(database: Database, store: PostgresStore, clock: SetClock) -> Replica:
    return Replica(database, store, clock, FakeSender("stream"))


async def test_a_message_is_sent_by_who_owes_it_and_stands_in_no_queue(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, there, rider = replica(database, store, clock), replica(database, store, clock), uuid4()
    assert not await here.owe((Happening.DRIVER_ARRIVED, 4), rider=rider, ride=uuid4())
    await there.see_through()
    assert there.versions(rider) == []
    await here.see_through()
    assert here.versions(rider) == ["driver_arrived"]
    clock.moment += here.lane.lane.lease * 2
    await there.see_through()
    assert there.versions(rider) == []


async def test_what_a_dead_process_had_taken_over_is_found_after_its_lease(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, there, rider = replica(database, store, clock), replica(database, store, clock), uuid4()
    here.lane.take = lambda delivery: None  # type: ignore[method-assign]
    await here.owe((Happening.DRIVER_ARRIVED, 4), rider=rider, ride=uuid4())
    clock.moment += here.lane.lane.lease * 2
    await there.see_through()
    assert there.versions(rider) == ["driver_arrived"]


async def test_later_news_of_a_ride_wait_in_the_queue_for_the_earlier_ones(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, rider, ride = replica(database, store, clock), uuid4(), uuid4()
    here.sender.fail(Fault.UNAVAILABLE)
    assert not await here.owe((Happening.RIDE_ASSIGNED, 3), rider=rider, ride=ride)
    await here.see_through()
    assert await here.owe((Happening.DRIVER_ARRIVED, 4), rider=rider, ride=ride)
    await here.see_through()
    assert here.versions(rider) == []
    clock.moment += here.lane.lane.lease
    await here.see_through()
    assert here.versions(rider) == ["ride_assigned", "driver_arrived"]


async def test_of_news_that_are_owed_together_the_first_of_each_ride_is_handed_over(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, rider = replica(database, store, clock), uuid4()
    news = [(Happening.RIDE_ASSIGNED, 3), (Happening.DRIVER_ARRIVED, 4), (Happening.TRIP_STARTED, 5)]
    assert await here.owe(*news, rider=rider, ride=uuid4())
    await here.see_through()
    assert here.versions(rider) == ["ride_assigned", "driver_arrived", "trip_started"]


async def test_news_that_come_after_later_ones_went_are_stale(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, rider, ride = replica(database, store, clock), uuid4(), uuid4()
    await here.owe((Happening.TRIP_STARTED, 5), rider=rider, ride=ride)
    await here.see_through()
    assert await here.owe((Happening.DRIVER_ARRIVED, 4), rider=rider, ride=ride)
    await here.see_through()
    assert here.versions(rider) == ["trip_started"]


async def test_two_replicas_that_owe_news_of_one_ride_at_once_hand_over_one_of_them(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, there = replica(database, store, clock), replica(database, store, clock)
    for _ in range(20):
        rider, ride = uuid4(), uuid4()
        left = await asyncio.gather(
            here.owe((Happening.DRIVER_ARRIVED, 4), rider=rider, ride=ride),
            there.owe((Happening.TRIP_STARTED, 5), rider=rider, ride=ride),
        )
        assert sorted(left) == [False, True]


async def test_a_lane_that_is_full_leaves_the_rest_to_the_queue(
    database: Database, store: PostgresStore, clock: SetClock
) -> None:
    here, rider = replica(database, store, clock), uuid4()
    full = here.lane.room
    here.lane.room = lambda: 1  # type: ignore[method-assign]
    news = [(uuid4(), fresh(Happening.DRIVER_ARRIVED, 4, rider, uuid4())) for _ in range(3)]
    assert STREAM in await here.owe_messages.all_of(news)
    here.lane.room = full  # type: ignore[method-assign]
    await here.see_through()
    assert here.versions(rider) == ["driver_arrived"] * 3
