"""The link of a ride reaches the trusted contacts whom the rider named, once an event."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from chassis.database import Database
from chassis.letters import LetterReader, LetterWriter
from chassis.seals import CannotOpenError
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.entrypoints.matching_facts import shared_trip
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.tell_contacts import TellContacts
from shared_kernel.ids import Uuid7Source
from shared_kernel.origins import Origin
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.events import LINK, Story

URL = "https://jitney.example/t/"
KEY = generate_private_key(SECP256R1())
WRITER, READER = LetterWriter(KEY.public_key()), LetterReader(KEY)


def opened(sealed: bytes, ride_id: UUID) -> str:
    """Open the secret of a link."""
    return READER.open(sealed, ride_id.bytes)


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
    event = story.shared_with(WRITER, str(named.contact_id), str(strange.contact_id))
    tell = TellContacts(store, safety, TEMPLATES, clock, new_id, URL, opened)

    event_id = uuid4()
    assert await tell(event_id, shared_trip(event)) == {(Channel.SMS, Priority.TRIP_CRITICAL)}
    assert await tell(event_id, shared_trip(event)) == frozenset()
    [(number, body)] = await sent(database, clock)

    assert number == "+14155550131"
    assert words in body
    for fact in ("Ada", "Ana", "Toyota Prius", "7ABC123", f"{URL}{LINK}"):
        assert fact in body


async def test_a_link_that_was_shared_hours_ago_is_not_sent_and_no_number_is_kept_of_it(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    safety, story = PostgresSafety(database, Uuid7Source()), Story()
    named = await KeepContacts(safety, clock).add(story.rider_id, "Grace", "+14155550136")
    tell = TellContacts(store, safety, TEMPLATES, clock, Uuid7Source(), URL, opened)
    event = story.shared_with(WRITER, str(named.contact_id))
    await tell(uuid4(), shared_trip(event), Origin(happened_at=clock.now() - timedelta(hours=2)))
    assert await sent(database, clock) == []
    async with database.connect() as connection:
        [row] = await connection.exec_driver_sql("SELECT state, error, target FROM delivery")
        assert tuple(row) == ("dropped", "expired", "…36")


async def test_nobody_is_written_to_for_contacts_that_are_none(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    safety, story = PostgresSafety(database, Uuid7Source()), Story()
    tell = TellContacts(store, safety, TEMPLATES, clock, Uuid7Source(), URL, opened)
    assert await tell(uuid4(), shared_trip(story.shared_with(WRITER, str(uuid4())))) == frozenset()
    assert await sent(database, clock) == []


async def test_a_link_that_a_release_before_wrote_is_sent_as_it_is(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    safety, story = PostgresSafety(database, Uuid7Source()), Story()
    named = await KeepContacts(safety, clock).add(story.rider_id, "Grace", "+14155550134")
    event = story.shared_with(WRITER, str(named.contact_id))
    event.sealed_token, event.token = b"", "an-older-link-of-a-ride"
    tell = TellContacts(store, safety, TEMPLATES, clock, Uuid7Source(), URL, opened)
    await tell(uuid4(), shared_trip(event))
    [(_, body)] = await sent(database, clock)
    assert f"{URL}an-older-link-of-a-ride" in body


async def test_a_link_of_another_ride_or_for_somebody_else_is_not_sent(
    store: PostgresStore, database: Database, clock: SetClock
) -> None:
    safety, story = PostgresSafety(database, Uuid7Source()), Story()
    named = await KeepContacts(safety, clock).add(story.rider_id, "Grace", "+14155550135")
    tell = TellContacts(store, safety, TEMPLATES, clock, Uuid7Source(), URL, opened)
    moved = story.shared_with(WRITER, str(named.contact_id))
    moved.ride.ride_id = str(uuid4())
    stranger = LetterWriter(generate_private_key(SECP256R1()).public_key())
    for event in (moved, story.shared_with(stranger, str(named.contact_id))):
        with pytest.raises(CannotOpenError):
            await tell(uuid4(), shared_trip(event))
    assert await sent(database, clock) == []
