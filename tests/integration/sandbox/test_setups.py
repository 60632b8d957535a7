"""Setup intents as the real client meets them: cards put on file, with and without their holder's authentication."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp

pytestmark = STRIPE_AND_HTTPX


async def set_up(psp: Psp, card: str, **params: Any) -> stripe.SetupIntent:
    """Make and confirm a setup of a card for a new customer."""
    customer = await psp.client.customers.create_async()
    wanted: Any = {
        "customer": customer.id,
        "payment_method": card,
        "usage": "off_session",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **params,
    }
    return await psp.client.setup_intents.create_async(wanted)


async def authenticate(psp: Psp, identifier: str, *, succeed: bool, noun: str = "setup_intents") -> str:
    """Play the cardholder."""
    answer = await psp.controls.post(f"/_sim/{noun}/{identifier}/authenticate", json={"succeed": succeed})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


async def charge(psp: Psp, setup: stripe.SetupIntent, **params: Any) -> stripe.PaymentIntent:
    """Charge a card that was set up, its holder being away."""
    return await psp.hold(
        customer=str(setup.customer), payment_method=str(setup.payment_method), off_session=True, **params
    )


async def types_of(psp: Psp, identifier: str) -> list[str]:
    """The types of the events about a setup, oldest first, without `setup_intent.`."""
    events = await psp.client.events.list_async({"limit": 100})
    found = [event.type for event in events.data[::-1] if event.data.object["id"] == identifier]
    return [name.removeprefix("setup_intent.") for name in found]


async def test_a_plain_card_is_set_up_at_once_and_belongs_to_the_customer(psp: Psp) -> None:
    setup = await set_up(psp, "pm_card_visa")
    assert (setup.status, setup.usage) == ("succeeded", "off_session")
    method = await psp.client.payment_methods.retrieve_async(str(setup.payment_method))
    assert method.customer == setup.customer
    assert (await charge(psp, setup)).status == "requires_capture"
    assert await types_of(psp, setup.id) == ["created", "succeeded"]
    assert (await psp.client.setup_intents.retrieve_async(setup.id)).status == "succeeded"


async def test_a_card_that_was_authenticated_at_setup_is_charged_without_its_holder(psp: Psp) -> None:
    setup = await set_up(psp, "pm_card_authenticationRequiredOnSetup")
    assert setup.status == "requires_action"
    assert setup.next_action is not None
    assert setup.next_action.type == "use_stripe_sdk"
    with pytest.raises(stripe.CardError) as refusal:
        await charge(psp, setup)
    assert refusal.value.code == "authentication_required"
    assert await authenticate(psp, setup.id, succeed=True) == "succeeded"
    assert (await charge(psp, setup)).status == "requires_capture"
    on_session = await psp.hold(customer=str(setup.customer), payment_method=str(setup.payment_method))
    assert on_session.status == "requires_action"
    assert await authenticate(psp, on_session.id, succeed=True, noun="payment_intents") == "requires_capture"
    assert await types_of(psp, setup.id) == ["created", "requires_action", "succeeded"]


async def test_a_card_that_always_asks_is_not_charged_without_its_holder(psp: Psp) -> None:
    setup = await set_up(psp, "pm_card_authenticationRequired")
    assert await authenticate(psp, setup.id, succeed=True) == "succeeded"
    with pytest.raises(stripe.CardError) as refusal:
        await charge(psp, setup)
    assert refusal.value.code == "authentication_required"


async def test_a_failed_authentication_leaves_the_setup_without_a_card(psp: Psp) -> None:
    setup = await set_up(psp, "pm_card_authenticationRequiredOnSetup")
    assert await authenticate(psp, setup.id, succeed=False) == "requires_payment_method"
    failed = await psp.client.setup_intents.retrieve_async(setup.id)
    assert failed.last_setup_error is not None
    assert failed.last_setup_error.code == "setup_intent_authentication_failure"
    again = await psp.client.setup_intents.confirm_async(setup.id, {"payment_method": "pm_card_visa"})
    assert again.status == "succeeded"
    assert await types_of(psp, setup.id) == ["created", "requires_action", "setup_failed", "succeeded"]


async def test_a_payment_sets_its_card_up(psp: Psp) -> None:
    customer = await psp.client.customers.create_async()
    first = await psp.hold(
        customer=customer.id,
        payment_method="pm_card_authenticationRequiredOnSetup",
        setup_future_usage="off_session",
    )
    assert first.status == "requires_action"
    await authenticate(psp, first.id, succeed=True, noun="payment_intents")
    paid = await psp.client.payment_intents.retrieve_async(first.id)
    again = await psp.hold(customer=customer.id, payment_method=str(paid.payment_method), off_session=True)
    assert again.status == "requires_capture"


async def test_a_card_refused_at_setup_is_an_error_and_a_canceled_setup_is_over(psp: Psp) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        await set_up(psp, "pm_card_chargeDeclined")
    assert refusal.value.code == "card_declined"
    open_one = await set_up(psp, "pm_card_visa", confirm=False)
    assert open_one.status == "requires_confirmation"
    canceled = await psp.client.setup_intents.cancel_async(open_one.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as closed:
        await psp.client.setup_intents.confirm_async(open_one.id)
    assert closed.value.code == "setup_intent_unexpected_state"
