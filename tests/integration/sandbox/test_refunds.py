"""Refunds that are pending, that fail later, and that are refused; captures that are done after the answer."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp, until

pytestmark = STRIPE_AND_HTTPX


async def captured(psp: Psp, card: str = "pm_card_visa", amount: int = 2000) -> stripe.PaymentIntent:
    """Charge a card at once."""
    return await psp.hold(amount, payment_method=card, capture_method="automatic")


async def types_of(psp: Psp, identifier: str) -> list[str]:
    """The types of the events about an object, oldest first."""
    events = await psp.client.events.list_async({"limit": 100})
    return [event.type for event in events.data[::-1] if event.data.object["id"] == identifier]


async def test_a_refund_that_fails_later_gives_the_money_back(psp: Psp) -> None:
    intent = await captured(psp, "pm_card_refundFail")
    refund = await psp.client.refunds.create_async(
        {"payment_intent": intent.id, "amount": 500, "reason": "requested_by_customer", "metadata": {"op_id": "fail-1"}}
    )
    assert (refund.status, refund.reason) == ("succeeded", "requested_by_customer")
    [line] = await psp.ledger(payment_intent=intent.id)
    assert (line["refunded_minor"], line["refunds"]) == (500, 1)

    await psp.advance(60)
    failed = await psp.client.refunds.retrieve_async(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    returned = failed.failure_balance_transaction
    assert isinstance(returned, stripe.BalanceTransaction)
    assert (returned.type, returned.amount, returned.source) == ("refund_failure", 500, refund.id)
    charge = await psp.client.charges.retrieve_async(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert await types_of(psp, refund.id) == [
        "refund.created",
        "refund.failed",
        "refund.updated",
        "charge.refund.updated",
    ]
    [line] = await psp.ledger(payment_intent=intent.id)
    assert (line["refunded_minor"], line["refunds"], line["failed_refunds"]) == (0, 1, 1)
    [told] = (await psp.controls.get("/_sim/ledger/refunds?metadata[op_id]=fail-1")).json()["refunds"]
    assert (told["refund"], told["moved_minor"], told["returned_minor"]) == (refund.id, 500, 500)


async def test_a_pending_refund_succeeds_some_time_later(psp: Psp) -> None:
    intent = await captured(psp, "pm_card_pendingRefund")
    refund = await psp.client.refunds.create_async({"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    await psp.advance(60)
    assert (await psp.client.refunds.retrieve_async(refund.id)).status == "succeeded"
    assert await types_of(psp, refund.id) == ["refund.created", "refund.updated", "charge.refund.updated"]


async def test_any_refund_fails_or_waits_when_told_so(psp: Psp) -> None:
    intent = await captured(psp)
    await psp.fault("fails_later", "refunds.create", seconds=3600, failure_code="lost_or_stolen_card")
    fails = await psp.client.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    await psp.fault("pending", "refunds.create", seconds=600)
    waits = await psp.client.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    assert (fails.status, waits.status) == ("succeeded", "pending")
    await psp.advance(601)
    assert (await psp.client.refunds.retrieve_async(waits.id)).status == "succeeded"
    await psp.advance(3000)
    assert (await psp.client.refunds.retrieve_async(fails.id)).failure_reason == "lost_or_stolen_card"
    by_hand = await psp.client.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    answer = await psp.controls.post(f"/_sim/refunds/{by_hand.id}/fail", json={})
    assert answer.json()["status"] == "failed"
    assert (await psp.controls.post(f"/_sim/refunds/{by_hand.id}/fail", json={})).status_code == 400


async def test_an_asynchronous_capture_reaches_the_balance_after_the_answer(psp: Psp) -> None:
    intent = await psp.hold(capture_method="automatic_async", expand=["latest_charge"])
    charge: Any = intent.latest_charge
    assert (intent.status, charge.captured, charge.balance_transaction) == ("succeeded", True, None)
    assert charge.payment_method_details.card.capture_before > charge.created
    await psp.advance(60)
    settled = await psp.client.charges.retrieve_async(charge.id, {"expand": ["balance_transaction"]})
    assert isinstance(settled.balance_transaction, stripe.BalanceTransaction)
    assert settled.balance_transaction.amount == 2280
    assert await types_of(psp, charge.id) == ["charge.succeeded", "charge.updated"]


@pytest.mark.parametrize(
    ("kind", "status", "event", "captured_minor"),
    [
        ("processing", "succeeded", "payment_intent.succeeded", 2000),
        ("processing_fails", "requires_payment_method", "payment_intent.payment_failed", 0),
    ],
)
async def test_a_capture_is_answered_processing_and_ends_later(
    psp: Psp, kind: str, status: str, event: str, captured_minor: int
) -> None:
    held = await psp.hold()
    await psp.fault(kind, "payment_intents.capture", seconds=3600)
    answered = await psp.client.payment_intents.capture_async(held.id, {"amount_to_capture": 2000})
    assert answered.status == "processing"
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        await psp.client.payment_intents.cancel_async(held.id)
    [line] = await psp.ledger(payment_intent=held.id)
    assert line["captured_minor"] == 0
    await psp.advance(3601)
    assert (await psp.client.payment_intents.retrieve_async(held.id)).status == status
    assert (await types_of(psp, held.id))[-2:] == ["payment_intent.processing", event]
    [line] = await psp.ledger(payment_intent=held.id)
    assert (line["captured_minor"], line["released_minor"]) == (captured_minor, 2280 - captured_minor)


async def test_what_is_due_happens_without_anybody_asking(psp: Psp) -> None:
    held = await psp.hold()
    await psp.fault("processing", "payment_intents.capture", seconds=0)
    await psp.client.payment_intents.capture_async(held.id)

    async def done() -> bool:
        return (await psp.client.payment_intents.retrieve_async(held.id)).status == "succeeded"

    await until(done)
