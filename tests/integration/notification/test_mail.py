"""Mail, from what is owed to the mail server and back: codes, receipts, and addresses that bounce."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.database import Database
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.provider_file import read_providers
from notification_service.adapters.providers import open_providers
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Happening, ReceiptFact
from notification_service.domain.matrix import rows_of
from notification_service.domain.samples import RIDER, sample_of
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.forget_bounces import ForgetBounces
from notification_service.use_cases.outside_ports import Sender
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from shared_kernel.clock import SystemClock
from shared_kernel.errors import InvalidInput
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_mail_server import refusing_mail_server
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock, all_kept

RECEIPT = sample_of(rows_of(Happening.RECEIPT_READY)[0])


class Mailboxes:
    """Everybody has this address."""

    def __init__(self, address: str) -> None:
        self.mail_address = address

    async def address(self, account_id: UUID, channel: Channel) -> str | None:
        del account_id
        return self.mail_address if channel is Channel.EMAIL else None


@pytest.fixture
async def outside(
    sandbox_url: str, sandbox_providers: Path
) -> AsyncGenerator[tuple[Sequence[Sender], httpx.AsyncClient]]:
    """The real sender of mail, and a look at what the sandbox's mail server was handed."""
    opened = open_providers(read_providers(sandbox_providers), SystemClock())
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=60) as controls:
        yield opened.senders[Channel.EMAIL], controls
    for close in opened.closers:
        await close()


def lane_of(
    database: Database, clock: SetClock, senders: Sequence[Sender], mailboxes: Mailboxes, priority: Priority
) -> DeliverDue:
    lanes = make_workers({Channel.EMAIL: senders}, PostgresDeliveries(database), mailboxes, clock, random.Random(1))
    [lane] = [each for each in lanes if (each.lane.channel, each.lane.priority) == (Channel.EMAIL, priority)]
    # A real server, on a machine that may have much else to do.
    lane.lane = replace(lane.lane, patience_seconds=60)
    return lane


async def deliver(
    database: Database, clock: SetClock, senders: Sequence[Sender], mailboxes: Mailboxes, priority: Priority
) -> None:
    await lane_of(database, clock, senders, mailboxes, priority)()


async def mails(controls: httpx.AsyncClient, address: str) -> list[dict[str, Any]]:
    answer = await controls.get("/_sim/posts", params={"to": address})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["posts"]
    return found


async def standing(database: Database, account_id: UUID) -> list[tuple[str, str]]:
    """How the account's mails stand, oldest first."""
    query = "SELECT state, error FROM delivery WHERE channel = 'email' AND account_id = $1 ORDER BY delivery_id"
    async with database.connect() as connection:
        rows = await connection.exec_driver_sql(query.replace("$1", f"'{account_id}'"))
        return [(row.state, row.error) for row in rows]


@pytest.mark.parametrize(("language", "word"), [("en", "code"), ("es", "código"), ("fr", "code")])
async def test_a_code_goes_by_mail_once_and_is_forgotten(
    store: PostgresStore,
    database: Database,
    clock: SetClock,
    outside: tuple[Sequence[Sender], httpx.AsyncClient],
    language: str,
    word: str,
) -> None:
    senders, controls = outside
    address = f"{uuid4().hex}@example.org"
    send = SendOneTimeCode(store, TEMPLATES, clock, Uuid7Source())
    asked: dict[str, Any] = {"caller": "identity", "request_id": str(uuid4()), "code": "482913", "locale": language}
    asked["expires_at"] = clock.now() + timedelta(minutes=5)
    assert await send(**asked, mail_address=address) == await send(**asked, mail_address=address)
    await deliver(database, clock, senders, Mailboxes("nobody@example.org"), Priority.SECURITY)
    [mail] = await mails(controls, address)
    assert ("482913" in mail["title"], word in mail["title"]) == (True, True)
    kept = await all_kept(database)
    assert address not in kept
    assert "482913" not in kept


@pytest.mark.parametrize("targets", [{}, {"phone_number": "+14155550100", "mail_address": "ada@example.org"}])
async def test_a_code_goes_to_a_number_or_an_address_and_not_to_none_or_both(
    store: PostgresStore, clock: SetClock, targets: dict[str, Any]
) -> None:
    send = SendOneTimeCode(store, TEMPLATES, clock, Uuid7Source())
    with pytest.raises(InvalidInput) as refused:
        await send(
            caller="identity",
            request_id=str(uuid4()),
            code="482913",
            locale="en",
            expires_at=clock.now() + timedelta(minutes=5),
            **targets,
        )
    assert [violation.field for violation in refused.value.violations] == ["phone_number"]


async def test_a_receipt_goes_to_the_mailbox_of_its_rider(
    store: PostgresStore,
    owe_messages: OweMessages,
    database: Database,
    clock: SetClock,
    outside: tuple[Sequence[Sender], httpx.AsyncClient],
) -> None:
    senders, controls = outside
    mailboxes = Mailboxes(f"{uuid4().hex}@example.org")
    await RememberLocale(store)(uuid4(), RIDER, "fr")
    await owe_messages(uuid4(), RECEIPT)
    await deliver(database, clock, senders, mailboxes, Priority.MONEY)
    [mail] = await mails(controls, mailboxes.mail_address)
    assert "22,80" in mail["text"]


async def test_an_address_that_bounced_is_left_alone_until_there_is_another(
    store: PostgresStore,
    owe_messages: OweMessages,
    database: Database,
    clock: SetClock,
    outside: tuple[Sequence[Sender], httpx.AsyncClient],
) -> None:
    senders, controls = outside
    mailboxes = Mailboxes(f"dead{uuid4().hex}@example.org")
    await owe_messages(uuid4(), RECEIPT)
    await deliver(database, clock, senders, mailboxes, Priority.MONEY)
    await owe_messages(uuid4(), RECEIPT)
    await deliver(database, clock, senders, mailboxes, Priority.MONEY)
    assert await standing(database, RIDER) == [("failed", "smtp_no_mailbox"), ("dropped", "suppressed")]

    mailboxes.mail_address = f"alive{uuid4().hex}@example.org"
    event_id = uuid4()
    for _ in range(2):
        await ForgetBounces(store)(event_id, RIDER)
    await owe_messages(uuid4(), RECEIPT)
    await deliver(database, clock, senders, mailboxes, Priority.MONEY)
    assert [state for state, _ in await standing(database, RIDER)] == ["failed", "dropped", "sent"]
    assert len(await mails(controls, mailboxes.mail_address)) == 1


@pytest.mark.parametrize(("step", "answer"), [("sender", "550 5.1.8 Bad sender"), ("mail", "550 5.7.1 Too much mail")])
async def test_a_server_that_wants_nothing_of_ours_costs_nobody_their_mail(
    owe_messages: OweMessages, database: Database, clock: SetClock, step: str, answer: str
) -> None:
    rider = uuid4()
    receipt = replace(cast("ReceiptFact", RECEIPT), rider_id=rider)
    await owe_messages(uuid4(), receipt)
    async with refusing_mail_server(step, answer) as sender:
        await deliver(database, clock, [sender], Mailboxes("ada@example.org"), Priority.MONEY)
    await owe_messages(uuid4(), receipt)
    assert [state for state, _ in await standing(database, rider)][1:] == ["pending"]


async def test_a_mailbox_that_is_busy_holds_no_other_s_mail_up(
    owe_messages: OweMessages, database: Database, clock: SetClock
) -> None:
    first, second = (replace(cast("ReceiptFact", RECEIPT), rider_id=uuid4()) for _ in range(2))
    mailboxes = Mailboxes("busy@example.org")
    async with refusing_mail_server("recipient", "450 4.2.1 Mailbox busy", mailboxes.mail_address) as sender:
        lane = lane_of(database, clock, [sender], mailboxes, Priority.MONEY)
        await owe_messages(uuid4(), first)
        await lane()
        mailboxes.mail_address = "ada@example.org"
        await owe_messages(uuid4(), second)
        await lane()
    assert await standing(database, first.rider_id) == [("pending", "smtp_throttled")]
    assert await standing(database, second.rider_id) == [("sent", "")]
