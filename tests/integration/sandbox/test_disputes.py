"""Disputes as the real client meets them: opened by test cards, answered with evidence, won, lost, left alone."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp, until

pytestmark = STRIPE_AND_HTTPX
DAY = 24 * 3600


async def disputed(psp: Psp, card: str = "pm_card_createDispute", amount: int = 4000) -> stripe.Dispute:
    """Charge a card whose holder disputes, and wait for the dispute."""
    intent = await psp.hold(amount, payment_method=card)
    await psp.client.payment_intents.capture_async(intent.id)

    async def opened() -> bool:
        return bool((await psp.client.disputes.list_async({"payment_intent": intent.id})).data)

    await until(opened)
    [dispute] = (await psp.client.disputes.list_async({"payment_intent": intent.id})).data
    return dispute


async def answer(psp: Psp, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    """Hand evidence in, and let what is due happen."""
    evidence: Any = {"evidence": {"uncategorized_text": text}, "submit": True}
    updated = await psp.client.disputes.update_async(dispute.id, evidence)
    assert updated.status in {"under_review", "warning_under_review"}
    await psp.advance(1)
    return await psp.client.disputes.retrieve_async(dispute.id)


async def types_of(psp: Psp, identifier: str) -> list[str]:
    """The types of the events about a dispute, oldest first, without `charge.dispute.`."""
    events = await psp.client.events.list_async({"limit": 100})
    found = [event.type for event in events.data[::-1] if event.data.object["id"] == identifier]
    return [name.removeprefix("charge.dispute.") for name in found]


async def test_a_dispute_takes_the_money_and_a_fee(psp: Psp) -> None:
    dispute = await disputed(psp)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 4000)
    [taken] = dispute.balance_transactions
    assert (taken.type, taken.reporting_category) == ("adjustment", "dispute")
    assert (taken.amount, taken.fee, taken.net) == (-4000, 1500, -5500)
    charge = await psp.client.charges.retrieve_async(str(dispute.charge))
    assert charge.disputed
    assert await types_of(psp, dispute.id) == ["created", "funds_withdrawn"]
    [line] = await psp.ledger(payment_intent=str(dispute.payment_intent))
    assert (line["disputed_minor"], line["disputes"]) == (4000, 1)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.refunds.create_async({"charge": charge.id})
    assert refusal.value.code == "charge_disputed"


async def test_winning_evidence_brings_the_money_back(psp: Psp) -> None:
    dispute = await disputed(psp, "pm_card_createDisputeProductNotReceived")
    assert dispute.reason == "product_not_received"
    kept = await psp.client.disputes.update_async(
        dispute.id, {"evidence": {"customer_name": "R. Rider"}, "submit": False}
    )
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    won = await answer(psp, dispute, "winning_evidence")
    assert (won.status, won.evidence_details.submission_count) == ("won", 1)
    assert [line.net for line in won.balance_transactions] == [-5500, 4000]
    assert await types_of(psp, dispute.id) == [
        "created",
        "funds_withdrawn",
        "updated",
        "updated",
        "closed",
        "funds_reinstated",
    ]
    [told] = (await psp.controls.get(f"/_sim/ledger/disputes?id={dispute.id}")).json()["disputes"]
    assert (told["moved_minor"], told["returned_minor"]) == (4000, 4000)
    with pytest.raises(stripe.InvalidRequestError):
        await psp.client.disputes.close_async(dispute.id)


async def test_losing_evidence_and_closing_lose_the_money(psp: Psp) -> None:
    first, second = await disputed(psp), await disputed(psp)
    assert (await answer(psp, first, "losing_evidence")).status == "lost"
    assert (await psp.client.disputes.close_async(second.id)).status == "lost"
    assert (await types_of(psp, first.id))[-1] == "closed"
    [line] = await psp.ledger(payment_intent=str(first.payment_intent))
    assert (line["disputed_minor"], line["reinstatements"]) == (4000, 0)


async def test_other_evidence_is_decided_by_hand(psp: Psp) -> None:
    dispute = await disputed(psp)
    assert (await answer(psp, dispute, "The ride was taken, see the track.")).status == "under_review"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.disputes.update_async(dispute.id, {"evidence": {"receipt": "again"}})
    assert refusal.value.code == "dispute_evidence_already_submitted"
    decided = await psp.controls.post(f"/_sim/disputes/{dispute.id}/decide", json={"outcome": "won"})
    assert decided.json()["status"] == "won"
    assert (await psp.controls.post(f"/_sim/disputes/{dispute.id}/decide", json={"outcome": "won"})).status_code == 400


async def test_a_dispute_that_nobody_answers_is_lost(psp: Psp) -> None:
    dispute = await disputed(psp)
    await psp.advance(9 * DAY + 1)
    lost = await psp.client.disputes.retrieve_async(dispute.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)


async def test_an_inquiry_moves_no_money_unless_it_escalates(psp: Psp) -> None:
    asked = await disputed(psp, "pm_card_createDisputeInquiry")
    assert (asked.status, asked.is_charge_refundable) == ("warning_needs_response", True)
    assert asked.balance_transactions == []
    assert (await answer(psp, asked, "winning_evidence")).status == "warning_closed"
    assert await types_of(psp, asked.id) == ["created", "updated", "closed"]

    worse = await disputed(psp, "pm_card_createDisputeInquiry")
    await psp.client.refunds.create_async({"charge": str(worse.charge), "amount": 1000})
    escalated = await answer(psp, worse, "escalate_inquiry_evidence")
    assert (escalated.status, escalated.amount) == ("needs_response", 3000)
    assert (await types_of(psp, worse.id))[-2:] == ["updated", "funds_withdrawn"]
    assert (await answer(psp, worse, "winning_evidence")).status == "won"


async def test_any_charge_is_disputed_when_told_so(psp: Psp) -> None:
    intent = await psp.hold(capture_method="automatic")
    path = f"/_sim/charges/{intent.latest_charge}/dispute"
    opened = await psp.controls.post(path, json={"reason": "product_not_received"})
    assert opened.json()["status"] == "needs_response"
    assert (await psp.controls.post(path, json={})).status_code == 400
