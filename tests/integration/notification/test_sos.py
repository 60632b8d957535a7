"""A call for help reaches the trusted contacts, once each, whatever else goes wrong."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.safety import Sos
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.raise_sos import ListSos, RaiseSos
from shared_kernel.errors import Conflict, NotFound, Unavailable
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock

PLACE = (37.8087, -122.4098)


class FakeNames:
    """Everybody is called Ada and reads Spanish; or nobody is known, in an outage."""

    def __init__(self) -> None:
        self.away = False

    async def name(self, account_id: UUID) -> tuple[str, str]:
        del account_id
        if self.away:
            raise Unavailable("identity_unavailable", "does not answer")
        return "Ada", "es"


@dataclass
class Help:
    """The use cases on a real store, and the provider that carries the SMS."""

    database: Database
    contacts: KeepContacts
    raise_sos: RaiseSos
    list_sos: ListSos
    names: FakeNames
    clock: SetClock
    sms: FakeSender

    async def call(self, person: UUID, key: str = "k") -> Sos:
        return await self.raise_sos(person, key, uuid4(), *PLACE)

    async def deliver(self) -> list[tuple[str, str]]:
        """Send what is owed; return who was sent what."""
        lanes = make_workers(
            {Channel.SMS: [self.sms]},
            PostgresDeliveries(self.database),
            FakeAddresses(None),
            self.clock,
            random.Random(1),
        )
        for lane in lanes:
            if (lane.lane.channel, lane.lane.priority) == (Channel.SMS, Priority.SECURITY):
                await lane()
        return sorted((target.address, message.content.body) for message, target in self.sms.sent)


@pytest.fixture
def aid(database: Database, clock: SetClock) -> Help:
    store, names, new_id = PostgresSafety(database, Uuid7Source()), FakeNames(), Uuid7Source()
    return Help(
        database,
        KeepContacts(store, clock),
        RaiseSos(store, TEMPLATES, names, clock, new_id),
        ListSos(store),
        names,
        clock,
        FakeSender("sms"),
    )


async def test_each_trusted_contact_is_written_to_once_in_the_caller_s_language(aid: Help) -> None:
    person = uuid4()
    for number in ("+14155550111", "+14155550112"):
        await aid.contacts.add(person, "Grace", number)
    await aid.contacts.add(uuid4(), "Somebody else's", "+14155550199")
    calls = await asyncio.gather(*(aid.call(person) for _ in range(10)))
    assert len({call.sos_id for call in calls}) == 1
    sent = await aid.deliver()
    assert [number for number, _ in sent] == ["+14155550111", "+14155550112"]
    assert "Ada" in sent[0][1]
    assert "mlat=37.80870" in sent[0][1]
    [listed], _ = await aid.list_sos(1, "")
    assert (listed.sos_id, listed.contact_count) == (calls[0].sos_id, 2)


async def test_help_does_not_wait_for_a_name(aid: Help) -> None:
    person = uuid4()
    await aid.contacts.add(person, "Grace", "+14155550113")
    aid.names.away = True
    await aid.call(person)
    [(number, words)] = await aid.deliver()
    assert (number, "Somebody who trusts you" in words) == ("+14155550113", True)


async def test_a_hundred_calls_are_all_taken(aid: Help) -> None:
    person = uuid4()
    await aid.contacts.add(person, "Grace", "+14155550114")
    for number in range(100):
        await aid.call(person, f"key-{number}")
    while len(aid.sms.sent) < 100:
        await aid.deliver()
    assert len(aid.sms.sent) == 100


async def test_who_has_named_nobody_is_still_seen_by_operators(aid: Help) -> None:
    call = await aid.call(uuid4())
    assert call.contact_count == 0
    calls, _ = await aid.list_sos(10, "")
    assert call in calls


async def test_a_sixth_contact_is_refused_also_at_once_and_a_known_number_is_renamed(aid: Help) -> None:
    person = uuid4()
    numbers = [f"+1415555020{number}" for number in range(8)]
    kept = await asyncio.gather(*(aid.contacts.add(person, "C", number) for number in numbers), return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in kept) == 3
    first = (await aid.contacts.all_of(person))[0]
    assert (await aid.contacts.add(person, "Renamed", first.phone_number)).name == "Renamed"
    with pytest.raises(NotFound):
        await aid.contacts.remove(uuid4(), first.contact_id)
    assert len(await aid.contacts.all_of(person)) == 5
    await aid.contacts.remove(person, first.contact_id)
    assert len(await aid.contacts.all_of(person)) == 4


@pytest.mark.parametrize(
    "attack",
    [
        "INSERT INTO trusted_contact VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'not a number', now())",
        "INSERT INTO sos VALUES (gen_random_uuid(), gen_random_uuid(), 'k', NULL, 91, 0, 0, now())",
        "INSERT INTO trusted_contact SELECT gen_random_uuid(), '01890000-0000-7000-8000-0000000000bb', 'x', "
        "'+1415555' || (1000 + n), now() FROM generate_series(1, 6) AS n",
    ],
)
async def test_the_database_refuses_what_must_not_be(database: Database, attack: str) -> None:
    with pytest.raises(IntegrityError):
        async with database.connect() as connection:
            await connection.execute(text(attack))
