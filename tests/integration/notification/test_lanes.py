"""The worker of a lane: order, staleness, escalation, dead targets, waiting, replays and budgets."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.postgres_timelines import PostgresTimelines
from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.delivery import Attempt, DeliveryState, Outcome
from notification_service.domain.lanes import MARKETING_PER_SECOND
from notification_service.domain.preferences import QuietHours, Subject
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_senders import FakeSender, Fault
from tests.integration.notification.lanes import ESCALATED, MARKETING, NUMBER, SECURITY, TRIP, Town, bodies


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
