"""What is owed is delivered: once, in order, and not too late."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from redis.asyncio import Redis

from chassis.database import Database
from chassis.live_entries import stream_key
from chassis.redis_client import awaited
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Happening, RideFact
from notification_service.domain.lanes import all_lanes
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.mark_notification_read import MarkNotificationRead
from notification_service.use_cases.outside_ports import Sender
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from notification_service.use_cases.summarize_deliveries import SummarizeDeliveries
from shared_kernel.errors import Conflict, InvalidInput, NotFound
from shared_kernel.ids import Uuid7Source
from shared_kernel.origins import Origin
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender, Fault
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock, all_kept
from tests.unit.notification.samples import ride_fact

PHONE = "+14155550123"
STREAM_LANE = next(
    lane for lane in all_lanes() if (lane.channel, lane.priority) == (Channel.STREAM, Priority.TRIP_CRITICAL)
)


def fresh(happening: Happening, version: int, rider_id: UUID, ride_id: UUID) -> RideFact:
    """Return a change of a ride that no other test uses, without a driver."""
    return replace(ride_fact(happening), ride_id=ride_id, rider_id=rider_id, version=version, driver=None)


@dataclass(frozen=True)
class Worker:
    """The lanes of one channel, run in the order of their urgency."""

    lanes: Sequence[DeliverDue]

    async def __call__(self) -> int:
        return sum([await lane() for lane in self.lanes])


def deliver(
    database: Database, clock: SetClock, senders: Sender | Sequence[Sender], channel: Channel, number: str = PHONE
) -> Worker:
    several = senders if isinstance(senders, Sequence) else [senders]
    made = make_workers(
        {channel: several}, PostgresDeliveries(database), FakeAddresses(number), clock, random.Random(1)
    )
    return Worker([worker for worker in made if worker.lane.channel is channel])


async def counts(store: PostgresStore, clock: SetClock) -> dict[tuple[str, str], int]:
    """Return how many deliveries stand where."""
    rows, _ = await SummarizeDeliveries(store)(clock.now() - timedelta(days=1))
    return {(row.channel.value, row.state.value): row.count for row in rows}


async def drain(deliver_due: Worker) -> None:
    """Run rounds until nothing is due."""
    while await deliver_due():
        continue


async def test_an_event_that_comes_three_times_is_told_once(
    store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    event_id, rider = uuid4(), uuid4()
    fact = fresh(Happening.RIDE_COMPLETED, 9, rider, uuid4())
    assert [await owe_messages(event_id, fact) for _ in range(3)] == [1, 0, 0]
    assert len((await ListNotifications(store)(rider, 0, ""))[0]) == 1
    assert await counts(store, clock) == {
        ("inbox", "sent"): 1,
        ("stream", "pending"): 1,
        ("push", "dropped"): 1,
    }


async def test_twenty_consumers_racing_with_one_event_owe_one_message(
    store: PostgresStore, owe_messages: OweMessages
) -> None:
    event_id, rider = uuid4(), uuid4()
    fact = fresh(Happening.RIDE_COMPLETED, 9, rider, uuid4())
    owed = await asyncio.gather(*(owe_messages(event_id, fact) for _ in range(20)))
    assert sum(owed) == 1


async def test_the_news_of_a_ride_come_in_its_order_even_when_one_fails_first(
    database: Database, store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    rider, ride = uuid4(), uuid4()
    for version, happening in enumerate(
        (Happening.RIDE_REQUESTED, Happening.RIDE_MATCHING, Happening.RIDE_ASSIGNED), 1
    ):
        await owe_messages(uuid4(), fresh(happening, version, rider, ride))
    sender = FakeSender("redis")
    sender.fail(Fault.UNAVAILABLE)
    deliver_due = deliver(database, clock, sender, Channel.STREAM)
    await drain(deliver_due)
    assert sender.sent == []
    clock.moment += timedelta(seconds=2)
    await drain(deliver_due)
    assert [json.loads(sent.live_data)["version"] for sent, _ in sender.sent] == [1, 2, 3]


async def test_what_has_outlived_itself_is_dropped(
    database: Database, store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    await owe_messages(uuid4(), fresh(Happening.RIDE_ASSIGNED, 1, uuid4(), uuid4()))
    clock.moment += timedelta(minutes=3)
    sender = FakeSender("redis")
    await drain(deliver(database, clock, sender, Channel.STREAM))
    assert sender.sent == []
    assert (await counts(store, clock))["stream", "dropped"] == 1


async def test_news_that_are_heard_of_after_an_outage_stand_in_the_inbox_and_go_nowhere_else(
    database: Database, store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    event_id, rider = uuid4(), uuid4()
    an_hour_ago = Origin(happened_at=clock.now() - timedelta(hours=1))
    fact = fresh(Happening.DRIVER_ARRIVED, 6, rider, uuid4())
    assert await owe_messages.all_of([(event_id, fact)], {event_id: an_hour_ago}) == frozenset()
    clock.moment += timedelta(seconds=30)
    for channel in (Channel.STREAM, Channel.PUSH, Channel.SMS):
        sender = FakeSender(channel.value)
        await drain(deliver(database, clock, sender, channel))
        assert sender.sent == []
    assert len((await ListNotifications(store)(rider, 0, ""))[0]) == 1
    async with database.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT channel, state, error FROM delivery")
        assert {tuple(row) for row in rows} == {
            ("inbox", "sent", ""),
            ("stream", "dropped", "expired"),
            ("push", "dropped", "expired"),
            ("sms", "dropped", "expired"),
        }


async def test_what_happens_later_by_another_s_clock_lives_no_longer_for_it(
    database: Database, owe_messages: OweMessages, clock: SetClock
) -> None:
    event_id = uuid4()
    ahead = Origin(happened_at=clock.now() + timedelta(hours=1))
    await owe_messages.all_of([(event_id, fresh(Happening.RIDE_MATCHING, 1, uuid4(), uuid4()))], {event_id: ahead})
    clock.moment += timedelta(minutes=3)
    sender = FakeSender("redis")
    await drain(deliver(database, clock, sender, Channel.STREAM))
    assert sender.sent == []


async def test_a_claim_of_a_worker_that_died_is_taken_up_after_its_lease(
    database: Database, store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    await owe_messages(uuid4(), fresh(Happening.RIDE_ASSIGNED, 1, uuid4(), uuid4()))
    assert len(await PostgresDeliveries(database).claim(STREAM_LANE, clock.now(), STREAM_LANE.lease, 10)) == 1
    sender = FakeSender("redis")
    deliver_due = deliver(database, clock, sender, Channel.STREAM)
    assert await deliver_due() == 0
    clock.moment += STREAM_LANE.lease
    await drain(deliver_due)
    assert len(sender.sent) == 1


async def test_two_workers_never_claim_the_same_delivery(
    database: Database, store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    for _ in range(40):
        await owe_messages(uuid4(), fresh(Happening.RIDE_ASSIGNED, 1, uuid4(), uuid4()))
    queue = PostgresDeliveries(database)
    claims = await asyncio.gather(*(queue.claim(STREAM_LANE, clock.now(), STREAM_LANE.lease, 15) for _ in range(4)))
    claimed = [delivery.delivery_id for claim in claims for delivery in claim]
    assert len(claimed) == len(set(claimed))
    assert len(claimed) > 15


async def test_a_message_reaches_the_live_stream_of_its_account(
    database: Database, owe_messages: OweMessages, clock: SetClock, redis: Redis
) -> None:
    rider = uuid4()
    await owe_messages(uuid4(), fresh(Happening.RIDE_COMPLETED, 1, rider, uuid4()))
    await drain(deliver(database, clock, LiveStreamSender(redis), Channel.STREAM))
    [(_, entry)] = cast("list[tuple[bytes, dict[bytes, bytes]]]", await awaited(redis.xrange(stream_key(str(rider)))))
    assert entry[b"type"] == b"ride_updated"
    assert b'"notification":{"id":"ntf_' in entry[b"data"]


async def test_a_message_is_written_in_the_language_of_the_account(
    store: PostgresStore, owe_messages: OweMessages
) -> None:
    rider = uuid4()
    await RememberLocale(store)(uuid4(), rider, "es")
    await owe_messages(uuid4(), fresh(Happening.RIDE_COMPLETED, 1, rider, uuid4()))
    [item], _ = await ListNotifications(store)(rider, 0, "")
    assert item.title == "Has llegado"


async def test_the_inbox_is_paged_newest_first_and_nobody_reads_another_s(
    store: PostgresStore, owe_messages: OweMessages, clock: SetClock
) -> None:
    rider = uuid4()
    for version in range(5):
        clock.moment += timedelta(seconds=1)
        await owe_messages(uuid4(), fresh(Happening.RIDE_COMPLETED, version, rider, uuid4()))
    list_notifications = ListNotifications(store)
    first, token = await list_notifications(rider, 3, "")
    second, end = await list_notifications(rider, 3, token)
    times = [item.created_at for item in [*first, *second]]
    assert (len(times), times, end) == (5, sorted(times, reverse=True), "")
    mark = MarkNotificationRead(store, clock)
    assert (await mark(rider, first[0].notification_id)).read_at == clock.now()
    for_another = await asyncio.gather(mark(uuid4(), first[0].notification_id), return_exceptions=True)
    assert isinstance(for_another[0], NotFound)


async def test_a_page_token_of_somebody_s_making_is_refused(store: PostgresStore) -> None:
    for token in ("!", "Zm9v", "MjAyNi0xMS0yMnxub3QtYW4taWQ="):
        answer = await asyncio.gather(ListNotifications(store)(uuid4(), 3, token), return_exceptions=True)
        assert isinstance(answer[0], InvalidInput)


async def test_a_code_is_owed_once_for_its_key_sent_and_then_forgotten(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    send = SendOneTimeCode(store, TEMPLATES, clock, Uuid7Source())
    asked: dict[str, Any] = {"caller": "identity", "request_id": "k1", "phone_number": PHONE, "locale": "en"}
    expires_at = clock.now() + timedelta(minutes=5)
    first = await send(**asked, code="123456", expires_at=expires_at)
    assert await send(**asked, code="123456", expires_at=expires_at) == first
    other = await asyncio.gather(send(**asked, code="654321", expires_at=expires_at), return_exceptions=True)
    assert isinstance(other[0], Conflict)
    sender = FakeSender("sms")
    await drain(deliver(database, clock, sender, Channel.SMS))
    [(sms, target)] = sender.sent
    assert (target.address, "123456" in sms.content.body) == (PHONE, True)
    kept = await all_kept(database)
    assert "123456" not in kept
    assert PHONE not in kept


async def test_a_code_that_could_not_be_sent_in_time_is_forgotten_too(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    send = SendOneTimeCode(store, TEMPLATES, clock, Uuid7Source())
    await send(
        caller="identity",
        request_id="k2",
        phone_number=PHONE,
        code="123456",
        locale="",
        expires_at=clock.now() + timedelta(minutes=5),
    )
    sender = FakeSender("sms")
    sender.fail(Fault.UNAVAILABLE, times=9)
    deliver_due = deliver(database, clock, sender, Channel.SMS)
    for _ in range(9):
        await drain(deliver_due)
        clock.moment += timedelta(seconds=60)
    assert await counts(store, clock) == {("sms", "dropped"): 1}
    kept = await all_kept(database)
    assert "123456" not in kept
    assert PHONE not in kept
