"""Calls: what is said, what waits sealed, which files of providers are refused, and receipts that come too early."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from chassis.seals import CannotOpenError, KeyRing
from notification_service.adapters.provider_file import ProviderFileError, read_providers
from notification_service.adapters.sealed_words import OpeningSender, WordSeals
from notification_service.adapters.voice import spoken
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryEvent
from notification_service.domain.sending import Accepted, Content, Outgoing, Refused, Target
from notification_service.use_cases.ports import Timelines
from notification_service.use_cases.take_sms_receipt import SignedReceipt, TakeSmsReceipt
from tests.fakes.notification_senders import FakeSender
from tests.unit.notification.samples import NOON

TWILIO = {"url": "https://api.example", "account": "AC1", "token": "t", "sender": "+14155550100"}
SMS: dict[str, Any] = {"kind": "twilio", "name": "sms", "status_url": "https://edge.example/sms", **TWILIO}
VOICE: dict[str, Any] = {"kind": "twilio_voice", "name": "voice", **TWILIO}


@pytest.mark.parametrize(("language", "voice"), [("en", "en-US"), ("es", "es-MX"), ("fr", "fr-FR"), ("de", "de")])
def test_words_of_a_call_are_text_and_never_markup(language: str, voice: str) -> None:
    twiml = spoken("Now <Dial>+1900</Dial> & 4, 8", language)
    said = "Now &lt;Dial&gt;+1900&lt;/Dial&gt; &amp; 4, 8"
    assert twiml == f'<Response><Say language="{voice}">{said}</Say></Response>'


def an_outgoing(notification_id: UUID, body: str) -> Outgoing:
    return Outgoing(notification_id, Channel.VOICE, "one_time_code", Priority.SECURITY, NOON, Content(body=body))


async def test_sealed_words_are_opened_as_they_are_handed_over_and_for_their_notification_alone() -> None:
    seals, sender, ours = WordSeals(KeyRing("11" * 32, "words")), FakeSender("voice"), uuid4()
    sealed = seals.seal("Your code is 4, 8, 2", ours)
    assert "code" not in sealed
    opening = OpeningSender(sender, seals)
    assert isinstance(await opening.send(an_outgoing(ours, sealed), Target("+14155550123")), Accepted)
    assert [message.content.body for message, _ in sender.sent] == ["Your code is 4, 8, 2"]
    moved = await opening.send(an_outgoing(uuid4(), sealed), Target("+14155550123"))
    rotated = await OpeningSender(sender, WordSeals(KeyRing("22" * 32, "words"))).send(
        an_outgoing(ours, sealed), Target("+14155550123")
    )
    assert (moved, rotated, len(sender.sent)) == (Refused("words_unreadable"), Refused("words_unreadable"), 1)


@pytest.mark.parametrize("text", ["", "nothing", "key:!!", "4, 8, 2"])
def test_what_was_never_sealed_is_not_opened(text: str) -> None:
    with pytest.raises(CannotOpenError):
        WordSeals(KeyRing("11" * 32, "words")).open(text, uuid4())


def providers_file(path: Path, *providers: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"providers": providers}))
    return path


def test_calls_without_receipts_of_sms_are_refused_at_the_start(tmp_path: Path) -> None:
    silent = {**SMS, "name": "silent", "status_url": ""}
    file = providers_file(tmp_path / "providers.json", SMS, silent, VOICE)
    with pytest.raises(ProviderFileError, match="silent needs a status_url"):
        read_providers(file)
    for well in ([SMS, VOICE], [silent], [VOICE]):
        assert len(read_providers(providers_file(file, *well)).providers) == len(well)


def test_a_call_comes_from_a_number(tmp_path: Path) -> None:
    with pytest.raises(ProviderFileError, match="sender"):
        read_providers(providers_file(tmp_path / "providers.json", SMS, {**VOICE, "sender": "Jitney"}))


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOON


class LateTimelines:
    """Knows a message only from the given look on."""

    def __init__(self, known_from: int) -> None:
        self.looks = 0
        self.kept: list[tuple[str, str, bool]] = []
        self._known_from = known_from

    async def take_receipt(
        self, providers: Sequence[str], provider_message_id: str, event: DeliveryEvent, *, dead: bool
    ) -> bool | None:
        del providers, provider_message_id
        self.looks += 1
        if self.looks < self._known_from:
            return None
        self.kept.append((event.kind, event.detail, dead))
        return True


def taker(timelines: LateTimelines, pauses: list[float], **fields: str) -> TakeSmsReceipt:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    return TakeSmsReceipt(
        cast("Timelines", timelines), lambda form, signature: SignedReceipt(["sms"], fields), Noon(), pause
    )


async def test_a_receipt_that_is_quicker_than_the_note_of_its_id_is_waited_for() -> None:
    timelines, pauses = LateTimelines(3), list[float]()
    assert await taker(timelines, pauses, MessageSid="SM1", MessageStatus="delivered")(b"", "")
    assert (timelines.kept, len(pauses)) == ([("delivered", "SM1", False)], 2)


async def test_a_receipt_of_no_message_of_ours_is_waited_for_two_seconds_at_most() -> None:
    timelines, pauses = LateTimelines(1_000), list[float]()
    assert not await taker(timelines, pauses, MessageSid="SM1", MessageStatus="delivered")(b"", "")
    assert (timelines.kept, sum(pauses)) == ([], 2.0)


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("completed", [("delivered", "CA1", False)]),
        *(
            (status, [("undelivered", f"CA1 {status}", False)])
            for status in ("busy", "no-answer", "failed", "canceled")
        ),
        *((status, []) for status in ("queued", "ringing", "in-progress", "")),
    ],
)
async def test_how_a_call_ended_is_kept_and_its_number_is_not_dead(status: str, kept: list[Any]) -> None:
    timelines = LateTimelines(1)
    assert await taker(timelines, [], CallSid="CA1", CallStatus=status, ErrorCode="30005")(b"", "") is bool(kept)
    assert timelines.kept == kept


@pytest.mark.parametrize(("code", "dead"), [("30005", True), ("30006", True), ("30003", False), ("30008", False)])
async def test_a_phone_that_was_off_for_a_while_is_not_a_dead_number(code: str, dead: bool) -> None:
    timelines = LateTimelines(1)
    assert await taker(timelines, [], MessageSid="SM1", MessageStatus="undelivered", ErrorCode=code)(b"", "")
    assert timelines.kept == [("undelivered", f"SM1 {code}", dead)]
