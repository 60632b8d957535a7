"""Campaigns: news for many people, page by page, once each, and as people wish."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.streams import IncomingEvent
from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_campaigns import PostgresCampaigns
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.tables import metadata
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.campaigns import LEASE, MOST_RUNNING, AudienceRole, Campaign, CampaignState, Sighting
from notification_service.domain.channels import Channel
from notification_service.domain.facts import Happening, RatingFact
from notification_service.domain.lanes import MARKETING_PER_SECOND
from notification_service.domain.preferences import QuietHours, Subject
from notification_service.entrypoints.campaign_worker import SeeAudience
from notification_service.use_cases.keep_campaigns import KeepCampaigns
from notification_service.use_cases.keep_devices import KeepDevices
from notification_service.use_cases.keep_preferences import KeepPreferences
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.run_campaigns import RunCampaigns
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching
from ridesharing.matching.v1 import rides_pb2
from shared_kernel.errors import Conflict, InvalidInput, NotFound
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.events import Story, aggregate_of

TEXTS = {
    "en": ("Ten percent off", "Until Sunday."),
    "es": ("Un diez por ciento menos", "Hasta el domingo."),
    "fr": ("Dix pour cent de remise", "Jusqu'à dimanche."),
}
RIDERS, DRIVERS = AudienceRole.RIDERS, AudienceRole.DRIVERS


class Office:
    """Whoever runs campaigns on a real store."""

    def __init__(self, database: Database, owe_messages: OweMessages, clock: SetClock) -> None:
        self.database, self.store, self.clock = database, PostgresCampaigns(database), clock
        self.keep = KeepCampaigns(self.store, ["en", "es", "fr"], clock, Uuid7Source())
        self.run = RunCampaigns(self.store, owe_messages, clock)

    async def create(
        self,
        audience: AudienceRole = RIDERS,
        city: str = "",
        *,
        key: str = "",
        starts_at: datetime | None = None,
    ) -> Campaign:
        return await self.keep.create("operator", key or str(uuid4()), TEXTS, audience, city, starts_at)

    async def finish(self) -> None:
        while (await self.run())[0]:
            pass

    async def send(self, stream: FakeSender, push: FakeSender, seconds: int = 10) -> None:
        """Send what is due in so many seconds."""
        senders = {Channel.STREAM: [stream], Channel.PUSH: [push]}
        lanes = make_workers(
            senders, PostgresDeliveries(self.database), FakeAddresses(None), self.clock, random.Random(3)
        )
        for _ in range(seconds):
            while sum([await lane() for lane in lanes]):
                continue
            self.clock.moment += timedelta(seconds=1)

    async def newest(self) -> Campaign:
        return (await self.keep.page(1, ""))[0][0]


@pytest.fixture
async def office(database: Database, owe_messages: OweMessages, clock: SetClock) -> Office:
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM audience"))
        await connection.execute(text("DELETE FROM campaign"))
    return Office(database, owe_messages, clock)


async def read(store: PostgresStore, account_id: UUID) -> list[str]:
    """The titles of the news in an inbox."""
    items, _ = await ListNotifications(store)(account_id, 100, "")
    return [item.title for item in items if item.topic == "promotion"]


async def pushes(database: Database, account_id: UUID) -> list[tuple[str, str, datetime]]:
    query = text("SELECT state, error, next_attempt_at FROM delivery WHERE account_id = :id AND channel = 'push'")
    async with database.connect() as connection:
        return [tuple(row) for row in await connection.execute(query, {"id": account_id})]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
async def test_news_are_read_in_the_reader_s_language(store: PostgresStore, office: Office, language: str) -> None:
    rider = uuid4()
    await RememberLocale(store)(uuid4(), rider, language)
    await office.store.see([Sighting(rider, RIDERS)])
    await office.create()
    await office.finish()
    assert await read(store, rider) == [TEXTS[language][0]]


async def test_an_audience_is_of_a_role_and_a_city(store: PostgresStore, office: Office) -> None:
    here, there, driver = uuid4(), uuid4(), uuid4()
    await office.store.see(
        [Sighting(here, RIDERS, "sf"), Sighting(here, RIDERS), Sighting(there, RIDERS, "la"), Sighting(driver, DRIVERS)]
    )
    await office.create(RIDERS, "sf")
    await office.finish()
    assert [len(await read(store, each)) for each in (here, there, driver)] == [1, 0, 0]
    office.clock.moment += timedelta(days=1)
    await office.create(RIDERS)
    await office.create(DRIVERS)
    await office.finish()
    assert [len(await read(store, each)) for each in (here, there, driver)] == [2, 1, 1]


async def test_all_are_told_once_by_pages_whoever_works_and_dies(
    store: PostgresStore, database: Database, office: Office
) -> None:
    riders = [uuid4() for _ in range(450)]
    await office.store.see([Sighting(rider, RIDERS) for rider in riders])
    await office.create()
    # One tells a page and dies before it is noted.
    claimed = await office.store.claim(office.clock.now(), LEASE)
    assert claimed is not None
    page = await office.store.audience(claimed, 200)
    await office.run._owe_messages.all_of([claimed.event_for(rider) for rider in page])  # pyright: ignore[reportPrivateUsage]
    assert await office.run() == (False, frozenset())
    office.clock.moment += LEASE
    others = [RunCampaigns(office.store, office.run._owe_messages, office.clock) for _ in range(3)]  # pyright: ignore[reportPrivateUsage]
    for _ in range(5):
        await asyncio.gather(*(other() for other in others))
    done = await office.newest()
    assert (done.state, done.told_count) == (CampaignState.DONE, 450)
    count = text("SELECT count(*), count(DISTINCT account_id) FROM notification WHERE account_id = ANY(:ids)")
    async with database.connect() as connection:
        assert tuple((await connection.execute(count, {"ids": riders})).one()) == (450, 450)


async def test_wishes_quiet_hours_and_the_one_of_the_day_are_kept(
    store: PostgresStore, database: Database, office: Office, clock: SetClock
) -> None:
    people = PostgresPeople(database, Uuid7Source())
    unwilling, asleep, awake = uuid4(), uuid4(), uuid4()
    for person in (unwilling, asleep, awake):
        await KeepDevices(people, clock).register(person, "android", "rider", f"token-{person}")
    preferences = KeepPreferences(people, clock)
    await preferences.choose(unwilling, Subject.MARKETING, Channel.PUSH, wanted=False)
    await people.set_quiet_hours(asleep, QuietHours("UTC", time(11), time(14)))
    await office.store.see([Sighting(person, RIDERS) for person in (unwilling, asleep, awake)])
    await office.create()
    await office.create()
    await office.finish()
    [first, second] = sorted(await pushes(database, unwilling))
    assert (first[:2], second[:2]) == (("dropped", "not_wanted"), ("dropped", "one_marketing_a_day"))
    woken = [at for state, _, at in await pushes(database, asleep) if state == "pending"]
    assert woken == [clock.now().replace(hour=14)]
    assert [state for state, _, _ in sorted(await pushes(database, awake))] == ["dropped", "pending"]


async def test_a_reminder_to_rate_is_the_one_of_the_day_and_stands_in_the_inbox_anyway(
    store: PostgresStore, database: Database, owe_messages: OweMessages, clock: SetClock
) -> None:
    people, rider = PostgresPeople(database, Uuid7Source()), uuid4()
    await KeepDevices(people, clock).register(rider, "android", "rider", f"token-{rider}")
    for _ in range(2):
        await owe_messages(uuid4(), RatingFact(Happening.RIDE_RATING_DUE, uuid4(), rider, None))
    [over, first] = sorted(await pushes(database, rider))
    assert (over[:2], first[0]) == (("dropped", "one_marketing_a_day"), "pending")
    items, _ = await ListNotifications(store)(rider, 100, "")
    assert [item.topic for item in items] == ["ride_rating_due"] * 2


async def test_what_is_owed_to_one_person_at_once_is_all_stored_and_one_of_it_is_the_one_of_the_day(
    store: PostgresStore, database: Database, owe_messages: OweMessages, clock: SetClock
) -> None:
    people, rider = PostgresPeople(database, Uuid7Source()), uuid4()
    await KeepDevices(people, clock).register(rider, "android", "rider", f"token-{rider}")
    reminders = [RatingFact(Happening.RIDE_RATING_DUE, uuid4(), rider, None) for _ in range(8)]
    assert await asyncio.gather(*(owe_messages(uuid4(), each) for each in reminders)) == [1] * 8
    assert sorted(state for state, _, _ in await pushes(database, rider)) == ["dropped"] * 7 + ["pending"]
    items, _ = await ListNotifications(store)(rider, 100, "")
    assert len(items) == 8


async def test_a_campaign_waits_for_its_time_and_is_stopped(store: PostgresStore, office: Office) -> None:
    rider = uuid4()
    await office.store.see([Sighting(rider, RIDERS)])
    later = await office.create(starts_at=office.clock.now() + timedelta(hours=1))
    stopped = await office.create(starts_at=office.clock.now() + timedelta(hours=1))
    await office.finish()
    assert (await office.keep.stop(stopped.campaign_id)).state is CampaignState.STOPPED
    office.clock.moment += timedelta(hours=1)
    await office.finish()
    await office.send(FakeSender("stream"), FakeSender("push"))
    assert len(await read(store, rider)) == 1
    for campaign in (later, stopped):
        with pytest.raises(Conflict) as refused:
            await office.keep.stop(campaign.campaign_id)
        assert refused.value.reason == "campaign_over"
    with pytest.raises(NotFound):
        await office.keep.stop(uuid4())


async def test_news_that_wait_to_be_sent_are_not_once_their_campaign_is_stopped(
    database: Database, office: Office, clock: SetClock
) -> None:
    people, riders = PostgresPeople(database, Uuid7Source()), [uuid4() for _ in range(60)]
    for rider in riders:
        await KeepDevices(people, clock).register(rider, "android", "rider", f"token-{rider}")
    await office.store.see([Sighting(rider, RIDERS) for rider in riders])
    wrong = await office.create()
    await office.finish()
    assert (await office.newest()).state is CampaignState.DONE
    stream, push = FakeSender("stream"), FakeSender("push")
    await office.send(stream, push, seconds=1)
    assert len(push.sent) == MARKETING_PER_SECOND
    assert (await office.keep.stop(wrong.campaign_id)).state is CampaignState.STOPPED
    clock.moment += timedelta(days=1)
    right = await office.create()
    await office.finish()
    clock.moment -= timedelta(hours=1)
    await office.send(stream, push)
    assert len(push.sent) == MARKETING_PER_SECOND
    clock.moment += timedelta(hours=1)
    await office.send(stream, push)
    assert len(push.sent) == MARKETING_PER_SECOND + len(riders)
    ends = [pair[:2] for rider in riders for pair in await pushes(database, rider)]
    assert ends.count(("dropped", "campaign_stopped")) == len(riders) - MARKETING_PER_SECOND
    for campaign in (wrong, right):
        with pytest.raises(Conflict) as refused:
            await office.keep.stop(campaign.campaign_id)
        assert refused.value.reason == "campaign_over"


async def test_a_key_begins_one_campaign_and_there_are_not_too_many(office: Office) -> None:
    office.clock.moment += timedelta(days=30)
    first = await office.create(key="one")
    assert await office.create(key="one") == replace(first, texts=TEXTS)
    with pytest.raises(Conflict) as reused:
        await office.create(DRIVERS, key="one")
    assert reused.value.reason == "idempotency_key_reused"
    made = await asyncio.gather(*(office.create() for _ in range(MOST_RUNNING + 3)), return_exceptions=True)
    refused = [each for each in made if isinstance(each, Conflict)]
    assert {each.reason for each in refused} == {"too_many_campaigns"}
    assert len(refused) == 4
    with pytest.raises(InvalidInput) as missing:
        await office.keep.create("operator", "two", {"en": TEXTS["en"]}, RIDERS, "", None)
    assert missing.value.reason == "words_missing"


async def test_the_database_refuses_a_campaign_that_is_over_and_goes_on(database: Database, office: Office) -> None:
    campaign = await office.create()
    for change in ("state = 'done'", "next_at = NULL", "told_count = -1", "audience = 'everybody'"):
        with pytest.raises(IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(
                    text(f"UPDATE campaign SET {change} WHERE campaign_id = :id"),  # noqa: S608 (named above)
                    {"id": campaign.campaign_id},
                )


async def test_who_rides_and_drives_is_learned_from_events(office: Office) -> None:
    story, see = Story(), SeeAudience(office.store)
    requested = story.ride(rides_pb2.RIDE_STATE_REQUESTED, 1)
    assigned = story.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
    requested.city = assigned.city = "sf"
    newcomer = uuid4()
    await see(
        incoming(
            matching.RideRequested(ride=requested),
            matching.RideAssigned(ride=assigned),
            matching.RideRequested(ride=requested),
            identity.AccountCreated(account_id=str(newcomer), locale="en"),
            identity.DriverStatusChanged(driver_id=str(newcomer), status=accounts_pb2.DRIVER_STATUS_APPROVED),
        )
    )
    campaign = await office.create(RIDERS, "sf")
    assert await office.store.audience(campaign, 10) == [story.rider_id]
    drivers = await office.create(DRIVERS)
    assert set(await office.store.audience(drivers, 10)) == {story.driver_id, newcomer}
    riders = await office.create(RIDERS)
    assert set(await office.store.audience(riders, 10)) == {story.rider_id, newcomer}


async def test_an_event_that_comes_again_brings_nobody_back_who_was_erased(
    store: PostgresStore, office: Office, database: Database, redis: Redis
) -> None:
    rider = uuid4()
    events = incoming(identity.AccountCreated(account_id=str(rider), locale="fr"))
    await SeeAudience(office.store)(events)
    await RememberLocale(store)(events[0].id, rider, "fr")
    campaign = await office.create(RIDERS)
    assert await office.store.audience(campaign, 10) == [rider]
    await NotificationPersonalData(database, redis, metadata).erase(rider, "request")
    await SeeAudience(office.store)(events)
    assert await office.store.audience(campaign, 10) == []


def incoming(*messages: object) -> Sequence[IncomingEvent]:
    return [
        IncomingEvent(
            id=uuid4(),
            type="",
            traceparent="",
            aggregate_id=aggregate_of(message)[0],  # pyright: ignore[reportArgumentType] (a message each)
            aggregate_version=1,
            occurred_at=datetime.now().astimezone(),
            message=message,  # pyright: ignore[reportArgumentType] (as above)
        )
        for message in messages
    ]
