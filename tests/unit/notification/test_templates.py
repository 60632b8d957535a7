"""The words: every message in every language."""

from __future__ import annotations

from itertools import product

import pytest

from notification_service.adapters.templates import TemplateFiles
from notification_service.domain.facts import EditFacts, Fact, Happening, ShiftFact
from notification_service.domain.messages import Message, messages_for
from shared_kernel.money import Money
from tests.unit.notification.samples import DRIVER, EDIT, RIDER, receipt_fact, ride_fact

TEMPLATES = TemplateFiles()
FUNDINGS = ("card", "wallet", "cash")
FACTS: list[Fact] = [
    *(
        ride_fact(h, fee=fee, funding=funding, reason=reason)
        for h in Happening
        if h.startswith(("ride_", "driver_", "trip_"))
        for fee in (None, Money("USD", 500))
        for funding in FUNDINGS
        for reason in ("", "insufficient_funds", "rider_in_arrears")
    ),
    *(
        ride_fact(h, kind="delivery", fee=fee, hand_over_pin="0815", reason=reason)
        for h in Happening
        if h.startswith(("ride_", "driver_", "trip_"))
        for fee in (None, Money("USD", 400))
        for reason in ("", "recipient_absent", "refused", "address_wrong", "age_not_shown", "pin_not_known")
    ),
    ride_fact(Happening.RIDE_DRIVER_SWAPPED, former_driver_id=RIDER),
    ride_fact(Happening.RIDE_REMATCHING, driver=None, former_driver_id=DRIVER, reason="pickup_moved"),
    *(
        ride_fact(Happening.RIDE_EDIT_CLOSED, edit=EditFacts(EDIT, Money("USD", 3110), reason, 60))
        for reason in ("driver_declined", "driver_did_not_answer", "increment_declined", "ride_went_on")
    ),
    *(receipt_fact(funding, *amounts) for funding in FUNDINGS for amounts in ((2280,), (0, 2280), (0, 0, 2280))),
    *(ShiftFact(Happening.SHIFT_ENDED, DRIVER, reason) for reason in ("silent", "break_over")),
]
MESSAGES = [message for fact in FACTS for message in messages_for(fact) if message.template]


@pytest.mark.parametrize(("message", "language"), list(product(MESSAGES, TEMPLATES.languages)))
def test_every_message_has_words_in_every_language(message: Message, language: str) -> None:
    text = TEMPLATES.render(message.template, language, message.context)
    assert text.title
    assert text.body
    assert "{" not in text.title + text.body


def test_all_languages_have_the_same_templates_and_none_is_left_over() -> None:
    wanted = {message.template for message in MESSAGES} | {"one_time_code"}
    assert TEMPLATES.languages == ["en", "es", "fr"]
    for language in TEMPLATES.languages:
        assert TEMPLATES.names(language) == wanted


def test_an_amount_is_written_as_the_ledger_counts_it() -> None:
    [message] = messages_for(receipt_fact())
    text = TEMPLATES.render("rider_receipt_ready", "en", message.context)
    assert text.body == "You paid $22.80 with your visa card ending in 4242."
    text = TEMPLATES.render("rider_receipt_ready", "en", {**message.context, "captured": Money("JPY", 2280)})
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
    assert told in TEMPLATES.render(message.template, "en", message.context).body


@pytest.mark.parametrize("language", TEMPLATES.languages)
@pytest.mark.parametrize("funding", ["wallet", "cash"])
def test_nobody_who_paid_without_a_card_is_told_of_one(language: str, funding: str) -> None:
    facts = [
        receipt_fact(funding, 2280, 100, 100),
        *(ride_fact(happening, funding=funding) for happening in Happening if happening.startswith("ride_")),
    ]
    for fact in facts:
        for message in messages_for(fact):
            if message.template:
                text = TEMPLATES.render(message.template, language, message.context)
                assert not any(word in text.body for word in (" card", "tarjeta", " carte"))


@pytest.mark.parametrize(
    ("locale", "title"), [("es-MX", "Has llegado"), ("fr_CA", "Vous êtes arrivé"), ("ko", "You have arrived")]
)
def test_a_language_that_is_not_had_falls_back(locale: str, title: str) -> None:
    assert TEMPLATES.render("rider_ride_completed", locale, {"funding": "card"}).title == title
