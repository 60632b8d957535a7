"""The words: every message in every language."""

from __future__ import annotations

from itertools import product

import pytest

from notification_service.adapters.templates import TemplateFiles
from notification_service.domain.facts import Fact, Happening
from notification_service.domain.messages import Message, messages_for
from shared_kernel.money import Money
from tests.unit.notification.samples import receipt_fact, ride_fact

TEMPLATES = TemplateFiles()
FACTS: list[Fact] = [
    *(
        ride_fact(h, fee=fee)
        for h in Happening
        if h.startswith(("ride_", "driver_", "trip_"))
        for fee in (None, Money("USD", 500))
    ),
    receipt_fact(),
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
    text = TEMPLATES.render(
        "rider_receipt_ready", "en", {"total": Money("USD", 2280), "card_brand": "visa", "card_last_digits": "4242"}
    )
    assert text.body == "You paid $22.80 with your visa card ending in 4242."
    text = TEMPLATES.render(
        "rider_receipt_ready", "en", {"total": Money("JPY", 2280), "card_brand": "visa", "card_last_digits": "4242"}
    )
    assert "2,280 " in text.body
    assert "." not in text.body[:-1]


@pytest.mark.parametrize(
    ("locale", "title"), [("es-MX", "Has llegado"), ("fr_CA", "Vous êtes arrivé"), ("ko", "You have arrived")]
)
def test_a_language_that_is_not_had_falls_back(locale: str, title: str) -> None:
    assert TEMPLATES.render("rider_ride_completed", locale, {}).title == title
