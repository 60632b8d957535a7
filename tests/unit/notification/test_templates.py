"""The words: every message in every language."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from notification_service.adapters.templates import LONGEST_VALUE, TemplateFiles
from notification_service.adapters.templates import TEMPLATES as TEMPLATES_FOLDER
from notification_service.domain.channels import Channel
from notification_service.domain.facts import EditFacts, Fact, Happening, MoneyFact, PersonFact, ShiftFact
from notification_service.domain.matrix import MATRIX, Row
from notification_service.domain.messages import Message, messages_for
from notification_service.domain.samples import sample_of
from notification_service.domain.sending import Content
from notification_service.domain.words import Words
from shared_kernel.money import Money
from tests.fakes.notification_templates import TEMPLATES
from tests.unit.notification.samples import DRIVER, DRIVER_FACTS, EDIT, RIDE_HAPPENINGS, RIDER, receipt_fact, ride_fact

FUNDINGS = ("card", "wallet", "cash")
SPOKEN_ROWS = [row for row in MATRIX if row.words]
# What the samples of the matrix's rows do not say.
VARIANTS: list[Fact] = [
    *(
        ride_fact(happening, fee=fee, funding=funding, reason=reason)
        for happening in RIDE_HAPPENINGS
        for fee in (None, Money("USD", 500))
        for funding in FUNDINGS
        for reason in ("", "insufficient_funds", "rider_in_arrears")
    ),
    *(
        ride_fact(happening, kind="delivery", fee=fee, hand_over_pin="0815", reason=reason)
        for happening in RIDE_HAPPENINGS
        for fee in (None, Money("USD", 400))
        for reason in ("", "recipient_absent", "refused", "address_wrong", "age_not_shown", "pin_not_known")
    ),
    *(
        ride_fact(Happening.RIDE_EDIT_CLOSED, edit=EditFacts(EDIT, Money("USD", 3110), reason, 60))
        for reason in ("driver_declined", "driver_did_not_answer", "increment_declined", "ride_went_on")
    ),
    *(receipt_fact(funding, *amounts) for funding in FUNDINGS for amounts in ((2280,), (0, 2280), (0, 0, 2280))),
    *(ShiftFact(Happening.SHIFT_ENDED, DRIVER, reason) for reason in ("silent", "break_over")),
    *(PersonFact(happening, DRIVER) for happening in (Happening.NEW_DEVICE, Happening.DOCUMENT_EXPIRING)),
    *(
        PersonFact(Happening.DOCUMENT_EXPIRING, DRIVER, document=document)
        for document in ("driving_license", "vehicle_registration", "background_check")
    ),
    MoneyFact(Happening.REFUND_PAID, RIDER, Money("USD", 1), destination="wallet"),
    MoneyFact(Happening.PAYOUT_FAILED, DRIVER, Money("USD", 1)),
]


def words(template: str, context: Words, language: str = "en", channel: Channel = Channel.INBOX) -> Content:
    return TEMPLATES.render(template, [channel], language, context).contents[channel]


def check(message: Message, language: str) -> None:
    """Refuse a message that says nothing somewhere, or shows how it was made."""
    rendered = TEMPLATES.render(message.template, message.spoken, language, message.context)
    assert rendered.language == language
    for channel, content in rendered.contents.items():
        assert content.body
        assert bool(content.title) is (channel not in (Channel.SMS, Channel.VOICE))
        assert bool(content.html) is (channel is Channel.EMAIL)
        assert "{" not in content.title + content.body + content.html.partition("</head>")[2]
        assert "\n" not in content.title
        if channel is Channel.SMS:
            assert len(content.body) <= 306, "an SMS takes two parts at most"


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("row", SPOKEN_ROWS, ids=lambda row: row.name)
def test_every_row_has_words_in_every_language_for_every_channel(row: Row, language: str) -> None:
    [message] = [message for message in messages_for(sample_of(row)) if message.audience is row.to]
    assert message.spoken == row.spoken
    check(message, language)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_there_are_words_for_every_reason_fee_and_way_to_pay(language: str) -> None:
    for fact in VARIANTS:
        for message in messages_for(fact):
            if message.template:
                check(message, language)


def test_all_languages_have_the_same_templates_and_none_is_left_over() -> None:
    suffixes = {Channel.SMS: ".sms", Channel.VOICE: ".voice"}
    wanted = {f"{row.words}{suffixes.get(channel, '')}" for row in SPOKEN_ROWS for channel in row.spoken}
    assert TEMPLATES.languages == ["en", "es", "fr"]
    for language in TEMPLATES.languages:
        assert TEMPLATES.names(language) == wanted


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
def test_a_row_without_words_for_a_channel_is_noticed(channel: Channel) -> None:
    with pytest.raises(KeyError):
        TEMPLATES.render("rider_ride_completed", [channel], "en", {"funding": "card"})


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_a_call_says_the_code_digit_by_digit_and_twice(language: str) -> None:
    said = words("one_time_code", {"code": "482913"}, language, Channel.VOICE).body
    assert said.count("4, 8, 2, 9, 1, 3") == 2
    assert "482913" not in said


def test_a_value_that_is_not_given_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        words("rider_ride_edited", {})


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{{ 7 * 7 }}{% for x in y %}", "{{ 7 * 7 }}{% for x in y %}"),
        ("Ana\r\nBcc: all@example.com", "Ana Bcc: all@example.com"),
        ("Ana\u202e\u0000\x1b[31m", "Ana [31m"),
        ("x" * 10_000, "x" * LONGEST_VALUE),
    ],
    ids=["template", "header", "unseen", "long"],
)
def test_a_name_is_only_ever_a_name(name: str, shown: str) -> None:
    fact = ride_fact(Happening.RIDE_ASSIGNED, driver=replace(DRIVER_FACTS, display_name=name))
    [message] = [message for message in messages_for(fact) if message.account_id == RIDER]
    assert words(message.template, message.context).title == f"{shown} is on the way"


def test_html_of_a_name_is_only_ever_text() -> None:
    content = words("new_device", {"device": "<script>alert(1)</script>"}, channel=Channel.EMAIL)
    assert "<script>" in content.body
    assert "<script>" not in content.html
    assert "&lt;script&gt;" in content.html


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [("en", 1, "1 minute to"), ("en", 2, "2 minutes to"), ("es", 1, "1 minuto hasta"), ("fr", 2, "2 minutes jusqu")],
)
def test_a_noun_agrees_with_its_number(language: str, count: int, told: str) -> None:
    offer = {"earnings": Money("USD", 1), "pickup_eta_minutes": count, "pickup": "", "dropoff": ""}
    assert words("driver_offer_created", offer, language).body.startswith(told)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "December 31, 2026"), ("es", "31 de diciembre de 2026"), ("fr", "31 décembre 2026")]
)
def test_a_day_is_written_as_people_write_it(language: str, told: str) -> None:
    context: Words = {"document": "vehicle_insurance", "expires_on": date(2026, 12, 31)}
    assert told in words("driver_document_expiring", context, language).body


def test_a_version_tells_other_words_apart(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES_FOLDER, tmp_path, dirs_exist_ok=True)
    same = TemplateFiles(tmp_path)
    assert same.version("promotion") == TEMPLATES.version("promotion")
    (tmp_path / "fr" / "promotion.txt").write_text("{{ title_fr }} !\n{{ body_fr }}\n")
    assert TemplateFiles(tmp_path).version("promotion") != same.version("promotion")
    assert TemplateFiles(tmp_path).version("new_device") == same.version("new_device")


def test_an_amount_is_written_as_the_ledger_counts_it() -> None:
    [message] = messages_for(receipt_fact())
    text = words("rider_receipt_ready", message.context)
    assert text.body == "You paid $22.80 with your visa card ending in 4242."
    text = words("rider_receipt_ready", {**message.context, "captured": Money("JPY", 2280)})
    assert "2,280 " in text.body
    assert "." not in text.body[:-1]


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        (receipt_fact("cash"), "You paid $22.80 in cash."),
        (receipt_fact("wallet"), "You paid $22.80 from your wallet."),
        (receipt_fact("wallet", 2000, 80, 200), "You paid $20.00 from your wallet.\n$0.80 came from your credit.\n"),
        (receipt_fact("wallet", 2000, 80, 200), "$2.00 is still owed."),
        (receipt_fact("card", 0, 2280), "$22.80 came from your credit."),
        (ride_fact(Happening.RIDE_PAYMENT_FAILED, reason="card_declined"), "Your card was declined."),
        (ride_fact(Happening.RIDE_PAYMENT_FAILED, reason="rider_in_arrears"), "You still owe money"),
        (ride_fact(Happening.RIDE_PAYMENT_FAILED, reason="insufficient_funds", funding="wallet"), "Your wallet"),
        (ride_fact(Happening.RIDE_COMPLETED, funding="cash"), "Please pay your driver in cash. Thank you"),
    ],
)
def test_words_are_those_of_the_way_to_pay(fact: Fact, told: str) -> None:
    message = next(message for message in messages_for(fact) if message.template)
    assert told in words(message.template, message.context).body


@pytest.mark.parametrize("language", TEMPLATES.languages)
@pytest.mark.parametrize("funding", ["wallet", "cash"])
def test_nobody_who_paid_without_a_card_is_told_of_one(language: str, funding: str) -> None:
    facts = [
        receipt_fact(funding, 2280, 100, 100),
        *(ride_fact(happening, funding=funding) for happening in RIDE_HAPPENINGS),
    ]
    for fact in facts:
        for message in messages_for(fact):
            if message.template:
                text = words(message.template, message.context, language)
                assert not any(word in text.body for word in (" card", "tarjeta", " carte"))


@pytest.mark.parametrize(
    ("locale", "title"), [("es-MX", "Has llegado"), ("fr_CA", "Vous êtes arrivé"), ("ko", "You have arrived")]
)
def test_a_language_that_is_not_had_falls_back(locale: str, title: str) -> None:
    assert words("rider_ride_completed", {"funding": "card"}, locale).title == title
