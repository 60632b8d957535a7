"""The small parts: cards, codes, money, ages, searches, signatures, identifiers, the clock."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe

from jitney.sandbox.clock import SandboxClock
from jitney.sandbox.deliveries import stripe_signature, twilio_signature
from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.messages import Message
from jitney.sandbox.page_words import age, money
from jitney.sandbox.psp.cards import card_name, card_named, decline_by_code
from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.psp.search import SearchParams, search
from jitney.sandbox.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("tok_visa", "visa"),
        ("pm_card_visa", "visa"),
        ("pm_card_visa_debit", "visa_debit"),
        ("tok_chargeDeclined", "chargeDeclined"),
        ("tok_visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"),
        ("pm_card_unheard", None),
        ("visa", None),
        ("pm_1N2x", None),
    ],
)
def test_a_token_names_a_card(token: str, name: str | None) -> None:
    assert card_name(token) == name


def test_an_unknown_decline_code_reads_as_a_declined_card() -> None:
    assert decline_by_code("do_not_honor").error().body()["error"] == {
        "message": "Your card was declined.",
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "do_not_honor",
    }
    assert card_named("chargeDeclinedExpiredCard").decline == decline_by_code("expired_card")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Jitney code is 482913.", "482913"),
        ("482913 is your code", "482913"),
        ("PIN: 7731", "7731"),
        ("Your fare is 12.80 USD", None),
        ("Call +14155550100", None),
        ("In 15 minutes", None),
        ("1,000,000 rides", None),
    ],
)
def test_a_code_is_told_from_other_numbers(text: str, code: str | None) -> None:
    assert Message(1, "SM1", "+14155550100", "Jitney", text, NOON).code == code


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [(123_456, "usd", "1,234.56 USD"), (5, "usd", "0.05 USD"), (1500, "jpy", "1,500 JPY"), (1500, "kwd", "1.500 KWD")],
)
def test_money_is_written_by_its_currency(amount_minor: int, currency: str, text: str) -> None:
    assert money(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (172_800, "2 d")]
)
def test_an_age_is_said_in_one_unit(seconds: int, text: str) -> None:
    assert age(NOON, NOON - timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    "query",
    ["", "metadata[a]:'b'", "metadata['a']:b", "customer:'a' OR customer:'b'", "amount:'5'", "customer:'a' AND"],
)
def test_a_query_of_another_language_is_refused(store: Store, query: str) -> None:
    params = SearchParams.model_construct(query=query)
    with pytest.raises(StripeError, match="unable to parse"):
        store.run_here(lambda connection: search(connection, "payment_intent", "", params))


def test_a_query_takes_both_quotes_and_hostile_values(store: Store) -> None:
    params = SearchParams(query="""metadata["ride"]:'x"; DROP TABLE object' and status:"succeeded" """.strip())
    with pytest.raises(StripeError):
        store.run_here(lambda connection: search(connection, "payment_intent", "", params))
    params = SearchParams(query="metadata['ride']:'x; DROP TABLE object' and status:\"succeeded\"")
    found = store.run_here(lambda connection: search(connection, "payment_intent", "/", params))
    assert (found["data"], found["has_more"]) == ([], False)


def test_a_webhooks_signature_is_the_one_the_library_expects() -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    now = int(datetime.now(UTC).timestamp())
    header = stripe_signature("whsec_test", body, now)
    assert stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_test", 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode() + " ", header, "whsec_test", 300)


def test_a_status_callback_is_signed_as_the_documentation_of_twilio_shows() -> None:
    # The worked example of Twilio's "Validating requests" page.
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_signature("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_identifiers_have_their_shape() -> None:
    identifiers = Identifiers(lambda size: bytes(range(size)))
    assert len(identifiers.stripe("pi")) == 27
    assert identifiers.stripe("req", 14).startswith("req_")
    assert identifiers.twilio("SM") == "SM000102030405060708090a0b0c0d0e0f"


def test_the_clock_goes_forward_and_remembers(store: Store) -> None:
    clock = SandboxClock(Stopped())
    store.run_here(lambda connection: clock.advance(connection, 90))
    store.run_here(lambda connection: clock.advance(connection, 0.5))
    assert clock.now() == NOON + timedelta(seconds=90.5)
    restarted = SandboxClock(Stopped())
    store.run_here(restarted.restore)
    assert restarted.offset_seconds == 90.5
