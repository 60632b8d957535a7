"""A one-time code goes by SMS; a call says it where the SMS does not arrive, and nowhere else."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import SecretStr
from sqlalchemy import text

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.database import Database
from chassis.seals import KeyRing
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_timelines import PostgresTimelines
from notification_service.adapters.sealed_words import OpeningSender, WordSeals
from notification_service.bootstrap_delivery import make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryEvent
from notification_service.settings import NotificationSettings
from notification_service.use_cases.close_code import CloseCode
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from ridesharing.notification.v1 import notification_service_pb2 as pb
from ridesharing.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_people import FakeAddresses
from tests.fakes.notification_senders import FakeSender, Fault
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock, all_kept
from tests.integration.notification.lanes import Hanging
from tests.integration.notification.test_process import eventually, running

CODE, SPELLED = "482913", "4, 8, 2, 9, 1, 3"
PHONE = "+14155550144"


@dataclass
class Codes:
    """Codes as they are owed, sent, called and received, with providers of the test's own."""

    database: Database
    store: PostgresStore
    clock: SetClock
    sms: FakeSender = field(default_factory=lambda: FakeSender("sms", provider="sms"))
    callers: Sequence[FakeSender] = field(default_factory=lambda: [FakeSender("voice", provider="voice")])
    makes_calls: bool = True

    @property
    def voice(self) -> FakeSender:
        return self.callers[0]

    def __post_init__(self) -> None:
        seals = WordSeals(KeyRing("33" * 32, "words of calls"))
        seal = seals.seal if self.makes_calls else None
        self.owe_code = SendOneTimeCode(self.store, TEMPLATES, self.clock, Uuid7Source(), seal)
        self.timelines = PostgresTimelines(self.database)
        self._seals = seals
        self.use(self.callers)

    def use(self, callers: Sequence[FakeSender]) -> None:
        """Call by these."""
        self.callers = callers
        senders = {Channel.SMS: [self.sms], Channel.VOICE: [OpeningSender(each, self._seals) for each in callers]}
        queue = PostgresDeliveries(self.database)
        lanes = make_workers(senders, queue, FakeAddresses(None), self.clock, random.Random(7))
        self._lanes = [lane for lane in lanes if lane.lane.priority is Priority.SECURITY]

    async def ask(
        self, code: str = CODE, *, phone: str = PHONE, locale: str = "en", may_call: bool = True
    ) -> tuple[UUID, str]:
        """Owe a code; return the notification's id and the key."""
        key = f"otp-{uuid4()}"
        notification_id = await self.owe_code(
            caller="identity",
            request_id=key,
            code=code,
            locale=locale,
            expires_at=self.clock.now() + timedelta(minutes=5),
            phone_number=phone,
            may_call=may_call,
        )
        return notification_id, key

    async def deliver(self, *, after_seconds: float = 0) -> None:
        """Let time go by, then send all that is due."""
        self.clock.moment += timedelta(seconds=after_seconds)
        while sum([await lane() for lane in self._lanes]):
            continue

    async def receipt(self, notification_id: UUID, kind: str, channel: Channel = Channel.SMS) -> bool | None:
        """Take a provider's word of what became of an SMS or a call."""
        [row] = await self.rows(
            "SELECT provider, provider_message_id FROM delivery WHERE notification_id = :id AND channel = :channel",
            id=notification_id,
            channel=channel.value,
        )
        event = DeliveryEvent(kind, self.clock.now(), "", row.provider_message_id)
        return await self.timelines.take_receipt([row.provider], row.provider_message_id, event, dead=False)

    async def states(self, notification_id: UUID) -> dict[str, tuple[str, str]]:
        rows = await self.rows(
            "SELECT channel, state, error FROM delivery WHERE notification_id = :id", id=notification_id
        )
        return {row.channel: (row.state, row.error) for row in rows}

    async def rows(self, statement: str, **parameters: Any) -> Sequence[Any]:
        async with self.database.connect() as connection:
            return (await connection.execute(text(statement), parameters)).all()

    async def readable(self) -> str:
        """All that the two tables hold, as whoever reads a backup sees it."""
        return await all_kept(self.database)

    def said(self) -> list[str]:
        return [message.content.body for caller in self.callers for message, _ in caller.sent]


@pytest.fixture
def codes(database: Database, store: PostgresStore, clock: SetClock) -> Codes:
    return Codes(database, store, clock)


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "Your code is"), ("es-MX", "Tu código es"), ("fr", "Votre code est")]
)
async def test_an_sms_of_which_nothing_is_heard_is_followed_by_a_call(codes: Codes, locale: str, words: str) -> None:
    owed, _ = await codes.ask(locale=locale)
    await codes.deliver()
    await codes.deliver(after_seconds=19)
    assert (len(codes.sms.sent), codes.said()) == (1, [])
    await codes.deliver(after_seconds=1)
    [said] = codes.said()
    assert words in said
    assert said.count(SPELLED) == 2
    assert [target.address for _, target in codes.voice.sent] == [PHONE]
    assert await codes.states(owed) == {"sms": ("sent", ""), "voice": ("sent", "")}


async def test_an_sms_that_is_refused_is_followed_by_a_call_at_once(codes: Codes) -> None:
    codes.sms.fail(Fault.REFUSED)
    owed, _ = await codes.ask()
    await codes.deliver()
    assert (codes.sms.sent, len(codes.said())) == ([], 1)
    assert await codes.states(owed) == {"sms": ("failed", "sms_refused"), "voice": ("sent", "")}


async def test_an_sms_that_a_receipt_calls_undelivered_is_followed_by_a_call_at_once(codes: Codes) -> None:
    owed, _ = await codes.ask()
    await codes.deliver()
    assert await codes.receipt(owed, "undelivered")
    await codes.deliver()
    assert len(codes.said()) == 1
    assert await codes.receipt(owed, "delivered", Channel.VOICE)


async def test_an_sms_that_no_provider_takes_in_time_is_followed_by_a_call(codes: Codes) -> None:
    codes.sms.fail(Fault.UNAVAILABLE, times=1_000)
    await codes.ask()
    for _ in range(20):
        await codes.deliver(after_seconds=1)
    assert (codes.sms.sent, len(codes.said())) == ([], 1)


async def test_nobody_is_called_whom_the_sms_has_reached(codes: Codes) -> None:
    owed, _ = await codes.ask()
    await codes.deliver()
    assert await codes.receipt(owed, "delivered")
    assert await codes.states(owed) == {"sms": ("sent", ""), "voice": ("dropped", "acknowledged")}
    await codes.deliver(after_seconds=60)
    assert codes.said() == []


async def test_nobody_is_called_who_has_used_the_code(codes: Codes) -> None:
    owed, key = await codes.ask()
    other, _ = await codes.ask("171717", phone="+14155550145")
    await codes.deliver()
    close, event_id = CloseCode(codes.store, codes.clock), uuid4()
    for _ in range(2):
        await close(event_id, "identity", key)
    await close(uuid4(), "identity", "otp-of-nobody")
    await close(uuid4(), "matching", key)
    await codes.deliver(after_seconds=20)
    assert [target.address for _, target in codes.voice.sent] == ["+14155550145"]
    assert (await codes.states(owed))["voice"] == ("dropped", "acknowledged")
    assert (await codes.states(other))["voice"] == ("sent", "")


async def test_a_newer_code_calls_the_call_with_the_older_one_off(codes: Codes) -> None:
    older, _ = await codes.ask("111111")
    await codes.deliver(after_seconds=15)
    newer, _ = await codes.ask("222222")
    await codes.deliver(after_seconds=15)
    assert codes.said() == []
    assert (await codes.states(older))["voice"] == ("dropped", "superseded")
    await codes.deliver(after_seconds=5)
    [said] = codes.said()
    assert "2, 2, 2, 2, 2, 2" in said
    assert (await codes.states(newer))["voice"] == ("sent", "")


async def test_a_call_that_is_tried_again_learns_that_it_is_not_needed_any_more(codes: Codes) -> None:
    codes.voice.fail(Fault.UNAVAILABLE, times=3)
    owed, _ = await codes.ask()
    await codes.deliver()
    await codes.deliver(after_seconds=20)
    assert (await codes.states(owed))["voice"][0] == "pending"
    await codes.receipt(owed, "delivered")
    codes.voice.mend()
    await codes.deliver(after_seconds=30)
    assert (codes.said(), (await codes.states(owed))["voice"]) == ([], ("dropped", "acknowledged"))
    assert SPELLED not in await codes.readable()


async def test_nobody_is_called_with_a_code_that_has_expired(codes: Codes) -> None:
    owed, _ = await codes.ask()
    await codes.deliver()
    await codes.deliver(after_seconds=301)
    assert (codes.said(), (await codes.states(owed))["voice"]) == ([], ("dropped", "expired"))


async def test_what_one_provider_of_calls_leaves_unanswered_the_next_one_says(codes: Codes) -> None:
    hanging, second = Hanging("voice", provider="hanging"), FakeSender("voice", provider="second")
    codes.use([hanging, second])
    await codes.ask()
    await codes.deliver()
    await codes.deliver(after_seconds=20)
    assert (len(hanging.sent), len(second.sent)) == (1, 0)
    await codes.deliver(after_seconds=2)
    assert (len(hanging.sent), len(second.sent)) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.THROTTLED])
async def test_what_one_provider_of_calls_does_not_take_the_next_says_at_once(codes: Codes, fault: Fault) -> None:
    first, second = FakeSender("voice", provider="first"), FakeSender("voice", provider="second")
    first.fail(fault)
    codes.use([first, second])
    await codes.ask()
    await codes.deliver()
    await codes.deliver(after_seconds=20)
    assert (len(first.sent), len(second.sent)) == (0, 1)


@pytest.mark.parametrize(("makes_calls", "may_call"), [(False, True), (True, False)])
async def test_without_a_provider_of_calls_or_leave_to_call_all_is_as_before(
    database: Database, store: PostgresStore, clock: SetClock, makes_calls: bool, may_call: bool
) -> None:
    codes = Codes(database, store, clock, makes_calls=makes_calls)
    owed, _ = await codes.ask(may_call=may_call)
    await codes.deliver()
    await codes.deliver(after_seconds=60)
    assert (codes.said(), await codes.states(owed)) == ([], {"sms": ("sent", "")})


async def test_no_code_is_readable_in_the_database_once_its_sms_is_sent(codes: Codes) -> None:
    owed, _ = await codes.ask()
    assert CODE in await codes.readable()
    await codes.deliver()
    waiting = await codes.readable()
    assert [word for word in (CODE, SPELLED) if word in waiting] == []
    assert (await codes.states(owed))["voice"][0] == "pending"
    await codes.deliver(after_seconds=20)
    [row] = await codes.rows("SELECT contents FROM notification WHERE notification_id = :id", id=owed)
    assert row.contents == {}
    assert PHONE not in await codes.readable()


@pytest.mark.parametrize("way", ["delivered", "used", "newer"])
async def test_words_and_number_of_a_call_that_is_called_off_are_wiped(codes: Codes, way: str) -> None:
    owed, key = await codes.ask()
    await codes.deliver()
    match way:
        case "delivered":
            await codes.receipt(owed, "delivered")
        case "used":
            await CloseCode(codes.store, codes.clock)(uuid4(), "identity", key)
        case _:
            await codes.ask("222222", may_call=False)
            await codes.deliver()
    [row] = await codes.rows("SELECT contents FROM notification WHERE notification_id = :id", id=owed)
    assert row.contents == {}
    assert PHONE not in await codes.readable()


async def test_codes_asked_for_at_once_by_one_number_are_called_once(codes: Codes) -> None:
    asked = [codes.ask(f"{number:06d}") for number in range(8)]
    await asyncio.gather(*asked)
    last, _ = await codes.ask("999999")
    await codes.deliver(after_seconds=20)
    [said] = codes.said()
    assert "9, 9, 9, 9, 9, 9" in said
    assert (await codes.states(last))["voice"] == ("sent", "")


async def test_the_service_calls_whom_its_provider_sends_no_sms(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
    sandbox_url: str,
    tmp_path: Path,
) -> None:
    account = {"account": "AC_sandbox", "token": "sandbox_token", "sender": "+14155550100"}
    providers = [
        {
            "kind": "twilio",
            "name": "sms",
            "url": f"{sandbox_url}/sms",
            "status_url": "http://127.0.0.1:9/sms",
            **account,
        },
        {"kind": "twilio_voice", "name": "voice", "url": f"{sandbox_url}/voice", **account},
    ]
    file = tmp_path / "providers.json"
    file.write_text(json.dumps({"providers": providers}))
    settings = NotificationSettings(
        redis_url=redis_url_for(12),
        jwks_file=jwks_file,
        signing_keys_dir=signing_keys,
        notification_database_url=migrated_postgres_url("notification"),
        notification_webhook_key=SecretStr("00" * 32),
        notification_providers_file=file,
    )
    expire_time = Timestamp()
    expire_time.FromDatetime(datetime.now(UTC) + timedelta(minutes=5))
    request = pb.SendOneTimeCodeRequest(
        request_id="k1", phone_number="+14155559144", code=CODE, locale="es", expire_time=expire_time, may_call=True
    )
    as_identity = forward_token(TokenSigner.from_dir(signing_keys, "identity").sign("identity", Role.SERVICE, 600))
    async with (
        running(settings) as address,
        open_channel(str(address)) as channel,
        httpx.AsyncClient(base_url=sandbox_url, timeout=60) as sandbox,
    ):
        rule = {"target": "sms", "kind": "refused"}
        (await sandbox.post("/_sim/faults", json=rule)).raise_for_status()
        await NotificationServiceStub(channel).SendOneTimeCode(request, metadata=as_identity)

        async def called() -> dict[str, Any] | None:
            answer = await sandbox.get("/_sim/calls", params={"to": "+14155559144"})
            calls: list[dict[str, Any]] = answer.raise_for_status().json()["calls"]
            return calls[0] if calls else None

        call = await eventually(called)
    assert (call["code"], call["language"]) == (CODE, "es-MX")
