"""The card processor as the real client meets it: holds, captures, refunds, refusals, and the oracle's view of them."""

import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp

pytestmark = STRIPE_AND_HTTPX


async def test_a_hold_is_captured_whole(psp: Psp) -> None:
    held = await psp.hold(metadata={"ride": "a-hold-captured-whole"})
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2280, 0)

    captured = await psp.client.payment_intents.capture_async(held.id)
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 2280)
    [line] = await psp.ledger(payment_intent=held.id)
    assert line["metadata"] == {"ride": "a-hold-captured-whole"}
    assert (line["authorized_minor"], line["captured_minor"], line["released_minor"]) == (2280, 2280, 0)
    assert (line["authorizations"], line["captures"], line["status"]) == (1, 1, "succeeded")


async def test_a_partial_capture_releases_the_rest(psp: Psp) -> None:
    held = await psp.hold(3000)
    captured = await psp.client.payment_intents.capture_async(held.id, {"amount_to_capture": 1200})
    assert (captured.status, captured.amount_received) == ("succeeded", 1200)
    [line] = await psp.ledger(payment_intent=held.id)
    assert (line["captured_minor"], line["released_minor"]) == (1200, 1800)


async def test_capturing_more_than_is_held_is_refused(psp: Psp) -> None:
    held = await psp.hold(1000)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.payment_intents.capture_async(held.id, {"amount_to_capture": 1001})
    assert refusal.value.code == "amount_too_large"
    [line] = await psp.ledger(payment_intent=held.id)
    assert (line["captured_minor"], line["status"]) == (0, "requires_capture")


async def test_a_capture_is_done_once(psp: Psp) -> None:
    held = await psp.hold()
    await psp.client.payment_intents.capture_async(held.id)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.payment_intents.capture_async(held.id)
    assert refusal.value.code == "payment_intent_unexpected_state"
    assert refusal.value.error is not None
    [line] = await psp.ledger(payment_intent=held.id)
    assert line["captures"] == 1


async def test_a_canceled_hold_is_released_and_cannot_be_captured(psp: Psp) -> None:
    held = await psp.hold()
    canceled = await psp.client.payment_intents.cancel_async(held.id, {"cancellation_reason": "requested_by_customer"})
    assert (canceled.status, canceled.amount_capturable) == ("canceled", 0)
    with pytest.raises(stripe.InvalidRequestError, match="could not be captured"):
        await psp.client.payment_intents.capture_async(held.id)
    [line] = await psp.ledger(payment_intent=held.id)
    assert (line["released_minor"], line["captured_minor"]) == (2280, 0)


async def test_a_hold_is_raised_only_if_that_was_asked_for(psp: Psp) -> None:
    plain = await psp.hold(1000)
    with pytest.raises(stripe.InvalidRequestError, match="not eligible for incremental authorization"):
        await psp.client.payment_intents.increment_authorization_async(plain.id, {"amount": 1500})

    options = {"card": {"request_incremental_authorization": "if_available"}}
    elastic = await psp.hold(1000, payment_method_options=options)
    raised = await psp.client.payment_intents.increment_authorization_async(elastic.id, {"amount": 1500})
    assert (raised.amount, raised.amount_capturable) == (1500, 1500)
    with pytest.raises(stripe.InvalidRequestError, match="must be greater"):
        await psp.client.payment_intents.increment_authorization_async(elastic.id, {"amount": 1500})
    await psp.client.payment_intents.capture_async(elastic.id, {"amount_to_capture": 1400})
    [line] = await psp.ledger(payment_intent=elastic.id)
    assert (line["authorized_minor"], line["captured_minor"], line["released_minor"]) == (1500, 1400, 100)


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_a_declined_card_is_a_card_error_and_holds_nothing(
    psp: Psp, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        await psp.hold(payment_method=card)
    assert (refusal.value.http_status, refusal.value.code) == (402, code)
    error = refusal.value.error
    assert error is not None
    assert error.decline_code == decline_code
    assert error.payment_intent is not None
    intent = await psp.client.payment_intents.retrieve_async(error.payment_intent.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    [line] = await psp.ledger(payment_intent=intent.id)
    assert line["authorized_minor"] == 0


async def test_a_declined_card_cannot_be_put_on_file_but_one_that_fails_later_can(psp: Psp) -> None:
    with pytest.raises(stripe.CardError):
        await psp.rider("pm_card_chargeDeclined")
    customer, method = await psp.rider("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        await psp.hold(customer=customer, payment_method=method)


async def test_a_declined_payment_succeeds_with_another_card(psp: Psp) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        await psp.hold(payment_method="pm_card_chargeDeclined")
    assert refusal.value.error is not None
    assert refusal.value.error.payment_intent is not None
    intent_id = refusal.value.error.payment_intent.id
    held = await psp.client.payment_intents.confirm_async(intent_id, {"payment_method": "pm_card_mastercard"})
    assert held.status == "requires_capture"
    [line] = await psp.ledger(payment_intent=intent_id)
    assert (line["authorized_minor"], line["authorizations"]) == (2280, 1)


async def test_a_card_on_file_belongs_to_its_customer(psp: Psp) -> None:
    customer, method = await psp.rider()
    other, _ = await psp.rider()
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Customer"):
        await psp.hold(payment_method=method)
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Customer"):
        await psp.hold(payment_method=method, customer=other)
    held = await psp.hold(payment_method=method, customer=customer, off_session=True)
    assert held.status == "requires_capture"
    found = await psp.client.customers.payment_methods.list_async(customer)
    assert [listed.id for listed in found.data] == [method]

    await psp.client.payment_methods.detach_async(method)
    assert not (await psp.client.payment_methods.list_async({"customer": customer})).data
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        await psp.hold(payment_method=method, customer=customer)


async def test_a_card_is_made_from_a_token_and_never_from_a_number(psp: Psp) -> None:
    method = await psp.client.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    assert method.card is not None
    assert (method.card.brand, method.card.last4) == ("visa", "4242")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.payment_methods.create_async(
            {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}}
        )
    assert refusal.value.http_status == 400


async def test_a_card_that_wants_its_holder_waits_for_them(psp: Psp) -> None:
    customer, method = await psp.rider("pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as refusal:
        await psp.hold(customer=customer, payment_method=method, off_session=True)
    assert refusal.value.code == "authentication_required"

    asked = await psp.hold(customer=customer, payment_method=method)
    assert asked.status == "requires_action"
    assert asked.next_action is not None
    path = f"/_sim/payment_intents/{asked.id}/authenticate"
    assert (await psp.controls.post(path, json={"succeed": True})).json()["status"] == "requires_capture"
    assert (await psp.controls.post(path, json={"succeed": True})).status_code == 400

    failed = await psp.hold(customer=customer, payment_method=method)
    await psp.controls.post(f"/_sim/payment_intents/{failed.id}/authenticate", json={"succeed": False})
    again = await psp.client.payment_intents.retrieve_async(failed.id)
    assert again.status == "requires_payment_method"
    assert again.last_payment_error is not None
    assert again.last_payment_error.code == "payment_intent_authentication_failure"


async def test_refunds_never_exceed_what_was_captured(psp: Psp) -> None:
    held = await psp.hold(1000)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        await psp.client.refunds.create_async({"payment_intent": held.id})
    await psp.client.payment_intents.capture_async(held.id, {"amount_to_capture": 900})
    part = await psp.client.refunds.create_async({"payment_intent": held.id, "amount": 400})
    assert (part.status, part.amount) == ("succeeded", 400)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await psp.client.refunds.create_async({"payment_intent": held.id, "amount": 501})
    rest = await psp.client.refunds.create_async({"payment_intent": held.id})
    assert rest.amount == 500
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.refunds.create_async({"payment_intent": held.id})
    assert refusal.value.code == "charge_already_refunded"
    [line] = await psp.ledger(payment_intent=held.id)
    assert (line["captured_minor"], line["refunded_minor"], line["refunds"]) == (900, 900, 2)
    listed = await psp.client.refunds.list_async({"payment_intent": held.id})
    assert [refund.id for refund in listed.data] == [rest.id, part.id]


async def test_the_settlement_list_tells_captures_fees_and_refunds(psp: Psp) -> None:
    held = await psp.hold(2280)
    assert held.latest_charge is not None
    await psp.client.payment_intents.capture_async(held.id)
    refund = await psp.client.refunds.create_async({"payment_intent": held.id, "amount": 280})
    charge = await psp.client.charges.retrieve_async(str(held.latest_charge), {"expand": ["balance_transaction"]})
    taken = charge.balance_transaction
    assert isinstance(taken, stripe.BalanceTransaction)
    assert (taken.amount, taken.fee, taken.net, taken.type) == (2280, 96, 2184, "charge")
    [given] = (await psp.client.balance_transactions.list_async({"source": refund.id})).data
    assert (given.amount, given.fee, given.net, given.type) == (-280, 0, -280, "refund")


async def test_a_payment_is_found_by_its_metadata_and_by_its_customer(psp: Psp) -> None:
    customer, method = await psp.rider()
    held = await psp.hold(customer=customer, payment_method=method, metadata={"operation": "op-found-by-metadata"})
    await psp.hold(metadata={"operation": "another"})
    query = {"query": "metadata['operation']:'op-found-by-metadata' AND status:'requires_capture'"}
    found = await psp.client.payment_intents.search_async({"query": query["query"]})
    assert [intent.id for intent in found.data] == [held.id]
    listed = await psp.client.payment_intents.list_async({"customer": customer})
    assert [intent.id for intent in listed.data] == [held.id]
    with pytest.raises(stripe.InvalidRequestError, match="parse your search query"):
        await psp.client.payment_intents.search_async({"query": "amount>5"})


async def test_a_long_list_is_read_page_by_page(psp: Psp) -> None:
    customer, method = await psp.rider()
    made = [(await psp.hold(100 + n, customer=customer, payment_method=method)).id for n in range(5)]
    first = await psp.client.payment_intents.list_async({"customer": customer, "limit": 2})
    seen = [intent.id async for intent in first.auto_paging_iter()]
    assert seen == made[::-1]


async def test_a_hold_that_nobody_captures_expires_after_seven_days(psp: Psp) -> None:
    held = await psp.hold()
    await psp.advance(7 * 24 * 3600 - 60)
    assert (await psp.client.payment_intents.retrieve_async(held.id)).status == "requires_capture"
    await psp.advance(61)
    expired = await psp.client.payment_intents.retrieve_async(held.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "automatic")
    [line] = await psp.ledger(payment_intent=held.id)
    assert line["released_minor"] == 2280


async def test_what_happened_is_listed_as_events(psp: Psp) -> None:
    held = await psp.hold()
    await psp.client.payment_intents.capture_async(held.id)
    events = await psp.client.events.list_async({"type": "payment_intent.succeeded", "limit": 1})
    assert events.data[0].data.object["id"] == held.id
    assert events.data[0].data.object["status"] == "succeeded"


async def test_the_totals_of_the_ledger_are_the_sums_of_its_lines(psp: Psp) -> None:
    before = (await psp.controls.get("/_sim/ledger")).json()["totals"].get("sek", {})
    held = await psp.hold(500, currency="SEK")
    await psp.client.payment_intents.capture_async(held.id, {"amount_to_capture": 300})
    after = (await psp.controls.get("/_sim/ledger")).json()["totals"]["sek"]
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown == {
        "payment_intents": 1,
        "authorized_minor": 500,
        "captured_minor": 300,
        "released_minor": 200,
        "refunded_minor": 0,
        "disputed_minor": 0,
        "refunds": 0,
        "refund_failures_minor": 0,
        "disputes": 0,
        "reinstated_minor": 0,
        "transfers": 0,
        "reversed_minor": 0,
        "payouts": 0,
        "returned_payouts_minor": 0,
        "transferred_minor": 0,
        "paid_out_minor": 0,
    }
