"""Faults on the way of money to drivers and back to riders: whatever goes wrong, it happens once under its key."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp

pytestmark = STRIPE_AND_HTTPX
Step = Callable[[str], Awaitable[Any]]
STEPS = (
    "refunds.create",
    "transfers.create",
    "transfer_reversals.create",
    "payouts.create",
    "setup_intents.create",
    "accounts.create",
    "external_accounts.create",
    "disputes.update",
)
COUNTED = {
    "refunds.create": "refund",
    "transfers.create": "transfer",
    "transfer_reversals.create": "transfer_reversed",
    "payouts.create": "payout",
}


async def prepared(psp: Psp, operation: str) -> Step:
    """Make what the operation needs; what is returned does it under a key."""
    api = psp.client
    account = await api.accounts.create_async(
        {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )
    await api.accounts.external_accounts.create_async(account.id, {"external_account": "btok_us_verified"})
    # A currency of its own, so that nothing else that happens to the balance matters.
    paid = await psp.hold(100_000, payment_method="pm_card_bypassPending", capture_method="automatic", currency="nzd")
    transfer = await api.transfers.create_async({"amount": 500, "currency": "nzd", "destination": account.id})
    bank: Any = {
        "external_account": {
            "object": "bank_account",
            "country": "NZ",
            "currency": "nzd",
            "account_number": "110000000000000",
        }
    }
    await api.accounts.external_accounts.create_async(account.id, bank)
    dispute = await psp.controls.post(f"/_sim/charges/{paid.latest_charge}/dispute", json={"reason": "inquiry"})
    setup: Any = {"payment_method": "pm_card_visa", "confirm": True, "payment_method_types": ["card"]}

    def theirs(options: Any) -> Any:
        return {**options, "stripe_account": account.id}

    evidence: Any = {"evidence": {"customer_name": "R. Rider"}, "submit": False}
    calls: dict[str, Callable[[Any], Awaitable[Any]]] = {
        "refunds.create": lambda options: api.refunds.create_async({"payment_intent": paid.id, "amount": 100}, options),
        "transfers.create": lambda options: api.transfers.create_async(
            {"amount": 200, "currency": "nzd", "destination": account.id}, options
        ),
        "transfer_reversals.create": lambda options: api.transfers.reversals.create_async(
            transfer.id, {"amount": 50}, options
        ),
        "payouts.create": lambda options: api.payouts.create_async({"amount": 60, "currency": "nzd"}, theirs(options)),
        "setup_intents.create": lambda options: api.setup_intents.create_async(setup, options),
        "accounts.create": lambda options: api.accounts.create_async({"type": "custom", "country": "US"}, options),
        "external_accounts.create": lambda options: api.accounts.external_accounts.create_async(
            account.id, {"external_account": "btok_us_verified"}, options
        ),
        "disputes.update": lambda options: api.disputes.update_async(dispute.json()["id"], evidence, options),
    }
    return lambda key: calls[operation]({"idempotency_key": key})


async def moved(psp: Psp, key: str) -> list[tuple[str, int]]:
    """What the oracle tells was done under a key."""
    [*lines] = (await psp.controls.get("/_sim/ledger/keys", params={"prefix": key})).json()["keys"]
    return [(move["kind"], move["times"]) for line in lines for move in line["movements"]]


@pytest.mark.parametrize("operation", STEPS)
async def test_a_lost_answer_is_found_under_its_key_and_money_has_moved_once(psp: Psp, operation: str) -> None:
    do = await prepared(psp, operation)
    for kind in ("reset_before_effect", "reset_after_effect"):
        key = f"{operation}:{kind}"
        await psp.fault(kind, operation)
        with pytest.raises(stripe.APIConnectionError):
            await do(key)
        done_before = operation in COUNTED and kind == "reset_after_effect"
        assert await moved(psp, key) == ([(COUNTED[operation], 1)] if done_before else [])
        first, again = await do(key), await do(key)
        assert first.id == again.id
        assert await moved(psp, key) == ([(COUNTED[operation], 1)] if operation in COUNTED else [])


@pytest.mark.parametrize("operation", STEPS)
async def test_a_500_is_replayed_whether_or_not_it_was_done(psp: Psp, operation: str) -> None:
    do = await prepared(psp, operation)
    for kind in ("error_before_effect", "error_after_effect"):
        key = f"{operation}:{kind}"
        await psp.fault(kind, operation)
        for _ in range(2):
            with pytest.raises(stripe.APIError) as failure:
                await do(key)
            assert failure.value.http_status == 500
        done = operation in COUNTED and kind == "error_after_effect"
        assert await moved(psp, key) == ([(COUNTED[operation], 1)] if done else [])


@pytest.mark.parametrize(("kind", "status"), [("rate_limited", 429), ("conflict", 409), ("unavailable", 503)])
async def test_a_call_turned_away_at_the_door_does_not_spend_its_key(psp: Psp, kind: str, status: int) -> None:
    do = await prepared(psp, "transfers.create")
    await psp.fault(kind, "transfers.create")
    with pytest.raises(stripe.StripeError) as failure:
        await do(f"door:{kind}")
    assert failure.value.http_status == status
    assert (await do(f"door:{kind}")).object == "transfer"
    assert await moved(psp, f"door:{kind}") == [("transfer", 1)]


async def test_a_transfer_is_refused_with_the_code_that_was_scripted(psp: Psp) -> None:
    do = await prepared(psp, "transfers.create")
    await psp.fault("decline", "transfers.create", decline_code="balance_insufficient")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await do("refused-transfer")
    assert refusal.value.code == "balance_insufficient"
    assert await moved(psp, "refused-transfer") == []


async def test_a_payout_fails_later_when_told_so(psp: Psp) -> None:
    do = await prepared(psp, "payouts.create")
    await psp.fault("fails_later", "payouts.create", seconds=3 * 24 * 3600, failure_code="account_frozen")
    payout = await do("fails-later")
    await psp.advance(3 * 24 * 3600 + 1)
    [told] = (await psp.controls.get(f"/_sim/ledger/payouts?id={payout.id}")).json()["payouts"]
    assert (told["status"], told["moved_minor"], told["returned_minor"]) == ("failed", 60, 60)


async def test_the_processor_is_down_until_its_time_is_over(psp: Psp) -> None:
    await psp.fault("down", seconds=600)
    for _ in range(3):
        with pytest.raises(stripe.APIConnectionError):
            await psp.client.customers.list_async()
    with pytest.raises(httpx.ReadError):
        await psp.controls.get("/psp/v1/balance", auth=("sk_test_sandbox", ""))
    await psp.advance(601)
    assert (await psp.client.customers.list_async()).url == "/v1/customers"


async def test_a_balance_is_the_sum_of_its_transactions_whatever_happened(psp: Psp) -> None:
    """The books of the platform and of a driver: two tellings of one thing, kept in different tables."""
    api = psp.client
    account = await api.accounts.create_async(
        {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )
    await api.accounts.external_accounts.create_async(account.id, {"external_account": "btok_us_verified"})
    for card in ("pm_card_visa", "pm_card_refundFail", "pm_card_createDispute", "pm_card_bypassPending"):
        intent = await psp.hold(50_000, payment_method=card, capture_method="automatic", currency="usd")
        if card != "pm_card_createDispute":
            await api.refunds.create_async({"payment_intent": intent.id, "amount": 1234})
    funds = (await api.balance.retrieve_async()).available
    lacking = max(0, -next(part.amount for part in funds if part.currency == "usd"))
    await psp.hold(
        20_000 + 2 * lacking, payment_method="pm_card_bypassPending", capture_method="automatic", currency="usd"
    )
    await api.transfers.create_async({"amount": 9000, "currency": "usd", "destination": account.id})
    await api.payouts.create_async({"amount": 4000, "currency": "usd"}, {"stripe_account": account.id})
    await psp.advance(3 * 24 * 3600)
    for options in ({}, {"stripe_account": account.id}):
        told: Any = options
        balance = await api.balance.retrieve_async(None, told)
        sums: dict[str, int] = {}
        listed = await api.balance_transactions.list_async({"limit": 100}, told)
        async for line in listed.auto_paging_iter():
            sums[line.currency] = sums.get(line.currency, 0) + line.net
        parts = [*balance.available, *balance.pending]
        kept = {name: sum(part.amount for part in parts if part.currency == name) for name in sums}
        assert kept == sums
