"""Providers of a lane that fail, throttle, hang or come back, and attempts that end in mid-air."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.tables import metadata
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import Attempt
from notification_service.domain.provider_health import FAILURES_TO_OPEN, ProviderHealth
from notification_service.domain.sending import SendResult
from tests.fakes.notification_senders import FakeSender, Fault
from tests.integration.notification.lanes import SECURITY, Hanging, Town
from tests.integration.notification.test_process import eventually


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
