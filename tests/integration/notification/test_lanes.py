"""The worker of a lane: order, staleness, escalation, fail-over, dead targets, budgets; what the database refuses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from notification_service.adapters.people_tables import devices
from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.postgres_timelines import PostgresTimelines
from notification_service.adapters.tables import metadata
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.delivery import Attempt, DeliveryState, Outcome
from notification_service.domain.facts import Happening
from notification_service.domain.lanes import MARKETING_PER_SECOND
from notification_service.domain.matrix import Audience
from notification_service.domain.messages import Message
from notification_service.domain.planning import plan
from notification_service.domain.preferences import QuietHours, Subject
from notification_service.domain.provider_health import FAILURES_TO_OPEN, ProviderHealth
from notification_service.domain.sending import Content, SendResult
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.outside_ports import Sender
from notification_service.use_cases.ports import OwedMessage
from shared_kernel.ids import Uuid7Source
from shared_kernel.origins import Origin
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender, Fault
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.test_process import eventually

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


@pytest.fixture
def town(database: Database, store: PostgresStore, clock: SetClock) -> Town:
    return Town(database, store, clock)


class Hanging(FakeSender):
    """A provider that takes nothing and never answers."""

    async def send(self, message: Any, target: Any) -> SendResult:
        self.sent.append((message, target))
        await asyncio.Event().wait()
        raise AssertionError


def bodies(sender: FakeSender) -> list[str]:
    return [message.content.body for message, _ in sender.sent]


async def test_news_that_turn_up_after_later_news_are_dropped_as_superseded(town: Town) -> None:
    sms = FakeSender("sms")
    town.with_senders({Channel.SMS: [sms]})
    await town.owe(version=5)
    await town.deliver()
    late = await town.owe(version=4)
    await town.deliver()
    assert bodies(sms) == ["v5"]
    assert (await town.states(late))["sms"] == ("dropped", "superseded")


async def test_of_waiting_messages_with_one_collapse_key_only_the_last_is_sent(town: Town) -> None:
    sms = FakeSender("sms")
    town.with_senders({Channel.SMS: [sms]})
    first = await town.owe(version=1, collapse_key="pickup")
    await town.owe(version=2, collapse_key="pickup")
    other = await town.owe(version=3, collapse_key="")
    await town.deliver()
    assert bodies(sms) == ["v2", "v3"]
    assert (await town.states(first))["sms"] == ("dropped", "collapsed")
    assert (await town.states(other))["sms"] == ("sent", "")


async def test_a_message_nobody_acknowledged_goes_by_sms_after_twenty_seconds(town: Town) -> None:
    sms, stream = FakeSender("sms"), FakeSender("stream")
    town.with_senders({Channel.SMS: [sms], Channel.STREAM: [stream]})
    owed = await town.owe(ESCALATED)
    await town.deliver()
    town.clock.moment += timedelta(seconds=19)
    await town.deliver()
    assert (len(stream.sent), len(sms.sent)) == (1, 0)
    town.clock.moment += timedelta(seconds=1)
    await town.deliver()
    assert [target.address for _, target in sms.sent] == [NUMBER]
    assert await town.states(owed) == {
        "stream": ("sent", ""),
        "push": ("dropped", "no_device"),
        "sms": ("sent", ""),
    }


async def test_an_acknowledged_message_calls_its_sms_off_and_a_stranger_cannot(town: Town) -> None:
    sms, stream = FakeSender("sms"), FakeSender("stream")
    town.with_senders({Channel.SMS: [sms], Channel.STREAM: [stream]})
    owed = await town.owe(ESCALATED)
    async with town.store.transaction() as transaction:
        assert await transaction.acknowledge(uuid4(), owed, town.clock.now()) is None
    first = await town.acknowledge(owed)
    town.clock.moment += timedelta(seconds=30)
    assert await town.acknowledge(owed) == first
    await town.deliver()
    assert sms.sent == []
    assert (await town.states(owed))["sms"] == ("dropped", "acknowledged")


async def test_a_waiting_escalation_holds_no_later_sms_of_the_ride_up(town: Town) -> None:
    sms, stream = FakeSender("sms"), FakeSender("stream")
    town.with_senders({Channel.SMS: [sms], Channel.STREAM: [stream]})
    first = await town.owe(ESCALATED, version=1)
    await town.owe([Leg(Channel.SMS)], version=2)
    await town.deliver()
    assert bodies(sms) == ["v2"]
    town.clock.moment += timedelta(seconds=21)
    await town.deliver()
    assert bodies(sms) == ["v2"]
    assert (await town.states(first))["sms"] == ("dropped", "superseded")


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.THROTTLED])
async def test_what_one_provider_does_not_take_the_next_takes_at_once(town: Town, fault: Fault) -> None:
    first, second = FakeSender("sms", provider="first"), FakeSender("sms", provider="second")
    first.fail(fault, times=1_000)
    town.with_senders({Channel.SMS: [first, second]})
    owed = await town.owe()
    await town.deliver()
    assert (len(first.sent), len(second.sent)) == (0, 1)
    rows = await town.query(
        "SELECT e.kind, e.provider FROM delivery_event e JOIN delivery d USING (delivery_id) "
        "WHERE d.notification_id = :id ORDER BY delivery_event_id",
        id=owed,
    )
    assert [tuple(row) for row in rows] == [
        (fault.value, "first"),
        ("failed_over", "second"),
        ("accepted", "second"),
    ]


async def test_a_provider_that_keeps_failing_is_left_alone_and_tried_with_one_message(town: Town) -> None:
    first, second = FakeSender("sms", provider="first"), FakeSender("sms", provider="second")
    first.fail(Fault.UNAVAILABLE, times=6)
    town.with_senders({Channel.SMS: [first, second]})
    for _ in range(40):
        await town.owe(person=uuid4())
    await town.deliver()
    assert len(second.sent) == 40

    async def noted() -> ProviderHealth | None:
        # It is written down beside the deliveries, which do not wait for it.
        return next(iter(await PostgresDeliveries(town.database).health()), None)

    health = await eventually(noted)
    assert (health.provider, health.state.value, health.failures >= 5) == ("first", "open", True)
    town.clock.moment += timedelta(seconds=2)
    for _ in range(20):
        await town.owe(person=uuid4())
    await town.deliver()
    # The trial was the one failure that was left; after it the pause is longer, and nothing more was asked.
    assert len(second.sent) == 60
    assert len(first.sent) == 0
    town.clock.moment += timedelta(seconds=4)
    await town.owe()
    await town.deliver()
    assert len(first.sent) == 1


async def test_a_trial_that_ended_with_its_worker_is_made_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notification_service.use_cases.deliver_due._END_SECONDS", 0.0)
    asked = asyncio.Event()

    class Silent(FakeSender):
        is_silent = False

        async def send(self, message: Any, target: Any) -> SendResult:
            if self.is_silent:
                asked.set()
                await asyncio.Event().wait()
            return await super().send(message, target)

    only = Silent("sms")
    only.fail(Fault.UNAVAILABLE, times=FAILURES_TO_OPEN)
    town.with_senders({Channel.SMS: [only]})
    for _ in range(FAILURES_TO_OPEN):
        await town.owe(person=uuid4(), priority=Priority.MONEY, life=timedelta(hours=1))
    await town.deliver()
    town.clock.moment += timedelta(seconds=2)
    only.is_silent = True
    lane = next(each for each in town.lanes if each.lane.name == "sms p2")
    working = asyncio.create_task(lane.run(asyncio.Event().wait))
    await asked.wait()
    # As where the database is gone for a moment, and the worker begins anew.
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    only.is_silent = False
    for _ in range(5):
        town.clock.moment += lane.lane.lease
        await town.deliver()
    assert len(only.sent) == FAILURES_TO_OPEN


async def test_with_all_providers_down_nothing_is_lost_and_they_are_not_stormed(town: Town) -> None:
    asked = 0

    class Down(FakeSender):
        async def send(self, message: Any, target: Any) -> SendResult:
            nonlocal asked
            asked += 1
            return await super().send(message, target)

    only = Down("sms")
    only.fail(Fault.UNAVAILABLE, times=10_000)
    town.with_senders({Channel.SMS: [only]})
    for _ in range(50):
        await town.owe(person=uuid4(), priority=Priority.MONEY, life=timedelta(hours=1))
    for _ in range(60):
        await town.deliver()
        town.clock.moment += timedelta(seconds=5)
    assert asked < 70  # fifty at first, then a trial each half minute
    only.mend()
    for _ in range(30):
        await town.deliver()
        town.clock.moment += timedelta(seconds=5)
    assert len(only.sent) == 50


async def test_a_provider_that_hangs_costs_its_message_a_moment_and_the_next_provider_has_it(town: Town) -> None:
    hanging, second = Hanging("sms", provider="hanging"), FakeSender("sms", provider="second")
    town.with_senders({Channel.SMS: [hanging, second]})
    await town.owe(priority=SECURITY)
    await town.deliver()
    assert (len(hanging.sent), len(second.sent)) == (1, 0)
    town.clock.moment += timedelta(seconds=2)
    await town.deliver()
    assert (len(hanging.sent), len(second.sent)) == (1, 1)


async def test_somebody_who_is_erased_while_a_message_is_on_its_way_holds_nobody_else_up(
    town: Town, redis: Redis
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    class Slow(FakeSender):
        async def send(self, message: Any, target: Any) -> SendResult:
            asked.set()
            await go_on.wait()
            return await super().send(message, target)

    sms = Slow("sms")
    town.with_senders({Channel.SMS: [sms]})
    await town.owe()
    [lane] = [each for each in town.lanes if each.lane.name == "sms p1"]
    lane.lane = replace(lane.lane, patience_seconds=60)
    working = asyncio.create_task(lane())
    await asked.wait()
    await NotificationPersonalData(town.database, redis, metadata).erase(town.person, "request")
    stranger = await town.owe(person=uuid4())
    go_on.set()
    await working
    await lane()
    assert (await town.states(stranger))["sms"] == ("sent", "")
    assert [row.kind for row in await town.query("SELECT kind FROM delivery_event")] == ["accepted"]


async def test_an_attempt_that_cannot_be_written_down_holds_no_other_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = PostgresDeliveries.record

    async def refuse(self: PostgresDeliveries, attempts: Sequence[Attempt], now: datetime) -> bool:
        if any(attempt.due.account_id == town.person for attempt in attempts):
            raise ValueError("something is wrong with this one")
        return await record(self, attempts, now)

    monkeypatch.setattr(PostgresDeliveries, "record", refuse)
    town.with_senders({Channel.SMS: [FakeSender("sms")]})
    [bad, good] = [await town.owe(), await town.owe(person=uuid4())]
    await town.deliver()
    assert (await town.states(bad))["sms"] == ("pending", "")
    assert (await town.states(good))["sms"] == ("sent", "")


async def test_a_dead_token_is_removed_and_its_other_messages_are_not_tried(town: Town) -> None:
    push = FakeSender("push")
    dead = await town.device("dead-token")
    town.with_senders({Channel.PUSH: [push]})
    first, second = await town.owe([Leg(Channel.PUSH)], version=1), await town.owe([Leg(Channel.PUSH)], version=2)
    push.fail(Fault.UNREGISTERED)
    await town.deliver()
    assert push.sent == []
    assert (await town.states(first))["push"] == ("failed", "push_unregistered")
    assert (await town.states(second))["push"] == ("dropped", "device_removed")
    [row] = await town.query("SELECT token, removed_because FROM device WHERE device_id = :id", id=dead)
    assert tuple(row) == ("", "unregistered")
    third = await town.owe([Leg(Channel.PUSH)], version=3)
    assert (await town.states(third))["push"] == ("dropped", "no_device")


async def test_a_number_that_bounced_is_not_tried_again_but_for_security(town: Town) -> None:
    sms = FakeSender("sms")
    sms.fail(Fault.UNREGISTERED)
    town.with_senders({Channel.SMS: [sms]})
    await town.owe(priority=Priority.MONEY)
    await town.deliver()
    later = await town.owe(priority=TRIP)
    assert (await town.states(later))["sms"] == ("dropped", "suppressed")
    await town.owe(priority=SECURITY)
    await town.deliver()
    assert len(sms.sent) == 1


async def test_what_waits_is_not_sent_to_who_turned_its_subject_off_meanwhile(town: Town) -> None:
    sms, push = FakeSender("sms"), FakeSender("push")
    town.with_senders({Channel.SMS: [sms], Channel.PUSH: [push]})
    await town.device("a-device")
    promised = await town.owe([Leg(Channel.SMS), Leg(Channel.PUSH)], priority=MARKETING)
    trip = await town.owe([Leg(Channel.PUSH)], priority=TRIP)
    people = PostgresPeople(town.database, Uuid7Source())
    await people.set_preference(town.person, Subject.MARKETING, Channel.PUSH, town.clock.now(), wanted=False)
    await town.deliver()
    assert await town.states(promised) == {"sms": ("sent", ""), "push": ("dropped", "not_wanted")}
    assert (await town.states(trip))["push"] == ("sent", "")


async def test_what_waits_when_quiet_hours_begin_is_sent_at_their_end_or_not_at_all(town: Town) -> None:
    sms = FakeSender("sms")
    sms.fail(Fault.UNAVAILABLE, times=3)
    town.with_senders({Channel.SMS: [sms]})
    people, night = PostgresPeople(town.database, Uuid7Source()), QuietHours("UTC", time(22), time(7))
    await people.set_quiet_hours(town.person, night)
    town.clock.moment = town.clock.moment.replace(hour=21, minute=59, second=59)
    long = await town.owe(priority=Priority.MONEY, life=timedelta(days=1))
    short = await town.owe(priority=Priority.MONEY, life=timedelta(hours=2))
    trip = await town.owe(priority=TRIP)
    await town.deliver()
    town.clock.moment += timedelta(seconds=5)
    await town.deliver()
    assert [target.address for _, target in sms.sent] == [NUMBER]
    assert (await town.states(trip))["sms"] == ("sent", "")
    assert (await town.states(short))["sms"] == ("dropped", "quiet_hours")
    [row] = await town.query("SELECT attempts, next_attempt_at FROM delivery WHERE notification_id = :id", id=long)
    morning = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert tuple(row) == (1, morning)
    town.clock.moment = morning
    await town.deliver()
    assert (await town.states(long))["sms"] == ("sent", "")


async def test_each_replay_gives_a_message_its_own_life_again_and_no_more(town: Town) -> None:
    sms, push = FakeSender("sms"), FakeSender("push")
    for sender in (sms, push):
        sender.fail(Fault.REFUSED, times=3)
    town.with_senders({Channel.SMS: [sms], Channel.PUSH: [push]})
    await town.device("a-device")
    owed = await town.owe([Leg(Channel.SMS), Leg(Channel.PUSH)], life=timedelta(minutes=2))
    ways = [row.delivery_id for row in await town.query("SELECT delivery_id FROM delivery")]
    timelines = PostgresTimelines(town.database)
    for _ in range(3):
        await town.deliver()
        town.clock.moment += timedelta(hours=1)
        for way in ways:
            assert await timelines.replay(way, town.clock.now()) == ""
            town.clock.moment += timedelta(seconds=5)
    [row] = await town.query("SELECT expires_at FROM notification WHERE notification_id = :id", id=owed)
    assert row.expires_at == town.clock.now() - timedelta(seconds=5) + timedelta(minutes=2)


async def test_a_replay_gives_news_that_were_heard_of_late_their_whole_life(town: Town) -> None:
    sms = FakeSender("sms")
    sms.fail(Fault.REFUSED)
    town.with_senders({Channel.SMS: [sms]})
    await town.owe(life=timedelta(minutes=2), happened_at=town.clock.now() - timedelta(seconds=110))
    await town.deliver()
    [way] = [row.delivery_id for row in await town.query("SELECT delivery_id FROM delivery")]
    town.clock.moment += timedelta(hours=1)
    assert await PostgresTimelines(town.database).replay(way, town.clock.now()) == ""
    [row] = await town.query("SELECT expires_at FROM notification")
    assert row.expires_at == town.clock.now() + timedelta(minutes=2)


async def test_marketing_is_sent_no_faster_than_its_budget_and_holds_no_trip_up(town: Town) -> None:
    sms = FakeSender("sms")
    town.with_senders({Channel.SMS: [sms]})
    for _ in range(60):
        await town.owe(priority=MARKETING, person=uuid4())
    await town.deliver()
    assert len(sms.sent) == MARKETING_PER_SECOND
    await town.owe(priority=TRIP)
    await town.deliver()
    assert len(sms.sent) == MARKETING_PER_SECOND + 1
    town.clock.moment += timedelta(seconds=1)
    await town.deliver()
    assert len(sms.sent) == 2 * MARKETING_PER_SECOND + 1


async def test_a_worker_whose_claim_ran_out_cannot_undo_what_another_did(town: Town) -> None:
    sms = FakeSender("sms")
    town.with_senders({Channel.SMS: [sms]})
    owed = await town.owe()
    queue = PostgresDeliveries(town.database)
    lane = next(lane.lane for lane in town.lanes if lane.lane.channel is Channel.SMS and lane.lane.priority is TRIP)
    [stale] = await queue.claim(lane, town.clock.now(), timedelta(seconds=1), 5)
    town.clock.moment += timedelta(seconds=2)
    await town.deliver()
    await queue.record([Attempt(stale, Outcome(DeliveryState.FAILED, error="late"))], town.clock.now())
    assert (await town.states(owed))["sms"] == ("sent", "")


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE delivery SET state = 'pending', finished_at = NULL",
        "UPDATE delivery SET state = 'failed', error = 'x'",
        "UPDATE delivery SET state = 'dropped', error = 'x'",
        "UPDATE delivery SET channel = 'pigeon'",
        "UPDATE delivery SET priority = 9",
        "INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, next_attempt_at) "
        "SELECT gen_random_uuid(), notification_id, channel, target, 'pending', 1, now() FROM delivery",
        "INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, next_attempt_at, "
        "finished_at) SELECT gen_random_uuid(), notification_id, channel, 'other', 'dropped', 1, now(), now() "
        "FROM delivery",
        "INSERT INTO preference VALUES (gen_random_uuid(), 'trips', 'push', false, now())",
        "INSERT INTO quiet_hours VALUES (gen_random_uuid(), 'UTC', '22:00', '22:00')",
        "INSERT INTO device VALUES (gen_random_uuid(), gen_random_uuid(), 'pager', 'rider', 't', now(), now())",
        "INSERT INTO device SELECT gen_random_uuid(), account_id, platform, app, token, now(), now() FROM device",
        "INSERT INTO provider_health VALUES ('p', 'open', 1, NULL, '', now())",
        "UPDATE notification SET marketing_on = current_date",
        "UPDATE notification SET dedupe_key = (SELECT dedupe_key FROM notification ORDER BY dedupe_key LIMIT 1)",
    ],
)
async def test_the_database_refuses_what_must_not_be(town: Town, attack: str) -> None:
    town.with_senders({Channel.SMS: [FakeSender("sms")]})
    await town.device("live-token")
    await town.owe()
    await town.deliver()
    await town.owe([])
    with pytest.raises(IntegrityError):
        await town.query(attack)


async def test_the_database_holds_marketing_to_one_a_day(town: Town) -> None:
    today = datetime(2026, 11, 22, tzinfo=UTC).date()
    await town.owe(priority=MARKETING, marketing_on=today)
    with pytest.raises(IntegrityError):
        await town.owe(priority=MARKETING, marketing_on=today)
