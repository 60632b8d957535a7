"""The link of a ride reaches the trusted contacts whom the rider named, once an event."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from chassis.database import Database
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.adapters.templates import TemplateFiles
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.entrypoints.facts import shared_trip
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.tell_contacts import TellContacts
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.events import Story

URL = "https://jitney.example/t/"


async def sent(database: Database, clock: SetClock) -> list[tuple[str, str]]:
    """Send what is owed; return who was sent what."""
    sms = FakeSender("sms")
    deliveries = PostgresDeliveries(database)
    for lane in make_workers({Channel.SMS: [sms]}, deliveries, FakeAddresses(None), clock, random.Random(1)):
        if (lane.lane.channel, lane.lane.priority) == (Channel.SMS, Priority.TRIP_CRITICAL):
            await lane()
    return sorted((target.address, message.content.body) for message, target in sms.sent)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "shares a ride"), ("es", "comparte contigo"), ("fr", "partage")]
)
async def test_named_contacts_of_the_rider_s_own_are_sent_the_link_in_the_rider_s_language(
    store: PostgresStore, database: Database, clock: SetClock, language: str, words: str
) -> None:
    safety, story, new_id = PostgresSafety(database, Uuid7Source()), Story(), Uuid7Source()
    contacts = KeepContacts(safety, clock)
    await RememberLocale(store)(uuid4(), story.rider_id, language)
    named = await contacts.add(story.rider_id, "Grace", "+14155550131")
    await contacts.add(story.rider_id, "Not named", "+14155550132")
    strange = await contacts.add(uuid4(), "Somebody else's", "+14155550133")
    event = story.shared_with(str(named.contact_id), str(strange.contact_id))
    tell = TellContacts(store, safety, TemplateFiles(), clock, new_id, URL)

    event_id = uuid4()
    assert await tell(event_id, shared_trip(event)) == {(Channel.SMS, Priority.TRIP_CRITICAL)}
    assert await tell(event_id, shared_trip(event)) == frozenset()
    [(number, body)] = await sent(database, clock)

    assert number == "+14155550131"
    assert words in body
    for fact in ("Ada", "Ana", "Toyota Prius", "7ABC123", f"{URL}{event.token}"):
        assert fact in body


async def test_nobody_is_written_to_for_contacts_that_are_none(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    safety, story = PostgresSafety(database, Uuid7Source()), Story()
    tell = TellContacts(store, safety, TemplateFiles(), clock, Uuid7Source(), URL)
    assert await tell(uuid4(), shared_trip(story.shared_with(str(uuid4())))) == frozenset()
    assert await sent(database, clock) == []
