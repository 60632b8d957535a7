"""What Stripe's errors, intents and units mean."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
import stripe

from payment_service.adapters.stripe_amounts import to_stripe
from payment_service.adapters.stripe_errors import outcome_of
from payment_service.adapters.stripe_intents import judge
from payment_service.domain.orders import CaptureOrder, HoldOrder, IncrementOrder, VoidOrder
from payment_service.use_cases.outcomes import ActionRequired, Declined, NotSent, Outcome, Pending, Succeeded, Unknown
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money

USD_20 = Money("USD", 2000)
HOLD = HoldOrder(uuid4(), "cus", "pm", USD_20)
INCREMENT = IncrementOrder("pi", USD_20)
CAPTURE = CaptureOrder("pi", USD_20, (), uuid4())
VOID = VoidOrder("pi")


def network(cause: Exception) -> stripe.StripeError:
    error = stripe.APIConnectionError("no")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (network(httpx.ConnectError("refused")), NotSent("ConnectError")),
        (network(httpx.ConnectTimeout("slow")), NotSent("ConnectTimeout")),
        (network(httpx.PoolTimeout("busy")), NotSent("PoolTimeout")),
        (network(httpx.ReadTimeout("slow")), Unknown("ReadTimeout")),
        (network(httpx.WriteError("reset")), Unknown("WriteError")),
        (network(httpx.RemoteProtocolError("gone")), Unknown("RemoteProtocolError")),
        (stripe.RateLimitError("slow down", http_status=429), NotSent("http_429")),
        (stripe.AuthenticationError("who", http_status=401), NotSent("http_401")),
        (stripe.APIError("oh", http_status=500), Unknown("http_500")),
        (stripe.APIError("oh", http_status=500, headers={"idempotent-replayed": "true"}), Unknown("http_500", True)),
        (stripe.APIError("in use", http_status=409), Unknown("http_409")),
        (stripe.IdempotencyError("other", http_status=400), Unknown("http_400")),
        (stripe.CardError("no", None, "card_declined", http_status=402), Declined("card_declined")),
        (
            stripe.CardError("no", None, "card_declined", json_body={"error": {"decline_code": "insufficient_funds"}}),
            Declined("insufficient_funds"),
        ),
        (
            stripe.InvalidRequestError("no such", "id", "resource_missing", http_status=404),
            Declined("resource_missing"),
        ),
    ],
)
def test_error_proves_no_more_than_it_says(error: stripe.StripeError, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


def intent(status: str, **fields: Any) -> stripe.PaymentIntent:
    return stripe.PaymentIntent.construct_from({"id": "pi", "amount": 2000, "status": status, **fields}, "sk_test")


@pytest.mark.parametrize(
    ("order", "seen", "outcome"),
    [
        (HOLD, intent("requires_capture"), Succeeded("pi")),
        (HOLD, intent("requires_capture", amount=1999), Unknown("unexpected_requires_capture")),
        (HOLD, intent("processing"), Pending("pi")),
        (HOLD, intent("requires_action"), ActionRequired("pi")),
        (HOLD, intent("requires_payment_method", last_payment_error=None), Declined("card_declined")),
        (
            HOLD,
            intent(
                "requires_payment_method", last_payment_error={"code": "card_declined", "decline_code": "lost_card"}
            ),
            Declined("lost_card"),
        ),
        (HOLD, intent("canceled"), Declined("canceled")),
        (INCREMENT, intent("requires_payment_method"), Declined("hold_released")),
        (CAPTURE, intent("succeeded", amount_received=2000), Succeeded("pi")),
        (CAPTURE, intent("succeeded", amount_received=1999), Unknown("unexpected_succeeded")),
        (CAPTURE, intent("processing"), Pending("pi")),
        (CAPTURE, intent("requires_capture"), None),
        (CAPTURE, intent("canceled"), Declined("hold_released")),
        (CAPTURE, intent("requires_payment_method"), Declined("hold_released")),
        (VOID, intent("canceled"), Succeeded("pi")),
        (VOID, intent("requires_capture"), None),
        (VOID, intent("requires_payment_method"), None),
        (VOID, intent("succeeded"), Declined("already_captured")),
    ],
)
def test_intent_tells_what_came_of_an_order(
    order: HoldOrder | IncrementOrder | CaptureOrder | VoidOrder, seen: stripe.PaymentIntent, outcome: Outcome | None
) -> None:
    assert judge(seen, order) == outcome


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money("USD", 1234), 1234),
        (Money("JPY", 1234), 1234),
        (Money("ISK", 12), 1200),
        (Money("UGX", 12), 1200),
        (Money("MGA", 1200), 12),
        (Money("KWD", 1230), 1230),
    ],
)
def test_amount_is_written_in_stripes_unit(amount: Money, written: int) -> None:
    assert to_stripe(amount) == written


@pytest.mark.parametrize("amount", [Money("MGA", 1201), Money("KWD", 1234)])
def test_amount_without_a_whole_number_there_is_refused(amount: Money) -> None:
    with pytest.raises(InvalidInput) as caught:
        to_stripe(amount)
    assert caught.value.reason == "amount_not_payable"
