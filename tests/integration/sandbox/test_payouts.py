"""Connect as the real client meets it: accounts, transfers, payouts to banks; and the platform's own balance."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp

pytestmark = STRIPE_AND_HTTPX
DAY = 24 * 3600


async def driver(psp: Psp, bank: str = "btok_us_verified") -> str:
    """Open a connected account with a bank account."""
    wanted: Any = {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    account = await psp.client.accounts.create_async(wanted)
    await psp.client.accounts.external_accounts.create_async(account.id, {"external_account": bank})
    return account.id


async def fund(psp: Psp, amount: int, currency: str = "usd") -> None:
    """Put so much and more into the platform's available balance, whatever it stands at."""
    lacking = max(0, -await available(psp, currency=currency))
    await psp.hold(
        (amount + lacking) * 2, payment_method="pm_card_bypassPending", capture_method="automatic", currency=currency
    )


async def paid(psp: Psp, account: str, amount: int, **params: Any) -> stripe.Payout:
    """Transfer and pay out."""
    await fund(psp, amount)
    await psp.client.transfers.create_async({"amount": amount, "currency": "usd", "destination": account})
    wanted: Any = {"amount": amount, "currency": "usd", **params}
    return await psp.client.payouts.create_async(wanted, {"stripe_account": account})


async def available(psp: Psp, account: str | None = None, currency: str = "usd") -> int:
    """What may be spent."""
    options: Any = {"stripe_account": account} if account else {}
    balance = await psp.client.balance.retrieve_async(None, options)
    return next((part.amount for part in balance.available if part.currency == currency), 0)


async def types_of(psp: Psp, account: str, identifier: str) -> list[str]:
    """The types of an account's events about an object, oldest first."""
    events = await psp.client.events.list_async({"limit": 100}, {"stripe_account": account})
    assert all(event.account == account for event in events.data)
    return [event.type for event in events.data[::-1] if event.data.object["id"] == identifier]


async def test_an_account_is_made_once_a_key_and_shows_its_bank(psp: Psp) -> None:
    wanted: Any = {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    first = await psp.client.accounts.create_async(wanted, {"idempotency_key": "account-once"})
    again = await psp.client.accounts.create_async(wanted, {"idempotency_key": "account-once"})
    assert (again.id, first.payouts_enabled) == (first.id, False)
    assert first.capabilities is not None
    assert first.capabilities.transfers == "active"
    bank = await psp.client.accounts.external_accounts.create_async(first.id, {"external_account": "btok_us_verified"})
    known = await psp.client.accounts.retrieve_async(first.id)
    assert known.payouts_enabled
    assert known.external_accounts is not None
    assert [account.id for account in known.external_accounts.data] == [bank.id]
    listed = await psp.client.accounts.external_accounts.list_async(first.id, {"object": "bank_account"})
    assert (listed.data[0].last4, listed.data[0]["default_for_currency"]) == ("6789", True)
    with pytest.raises(stripe.InvalidRequestError, match="No such token"):
        await psp.client.accounts.external_accounts.create_async(first.id, {"external_account": "btok_unheard"})


async def test_a_transfer_moves_money_between_two_balances(psp: Psp) -> None:
    account = await driver(psp)
    await fund(psp, 5000)
    before = await available(psp)
    transfer = await psp.client.transfers.create_async(
        {
            "amount": 4000,
            "currency": "usd",
            "destination": account,
            "transfer_group": "week-9",
            "metadata": {"op_id": "transfer-1"},
        },
        {"idempotency_key": "transfer-1:1"},
    )
    assert (await available(psp), await available(psp, account)) == (before - 4000, 4000)
    assert [line.id for line in (await psp.client.transfers.list_async({"destination": account})).data] == [transfer.id]
    back = await psp.client.transfers.reversals.create_async(transfer.id, {"amount": 1500})
    assert (back.object, back.amount) == ("transfer_reversal", 1500)
    again = await psp.client.transfers.retrieve_async(transfer.id)
    assert (again.amount_reversed, again.reversed, len(again.reversals.data)) == (1500, False, 1)
    assert await available(psp, account) == 2500
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.transfers.reversals.create_async(transfer.id, {"amount": 2501})
    assert refusal.value.code == "amount_too_large"
    theirs = await psp.client.balance_transactions.list_async({}, {"stripe_account": account})
    assert [(line.type, line.net) for line in theirs.data] == [("payment_refund", -1500), ("payment", 4000)]
    ours = await psp.client.balance_transactions.list_async({"source": transfer.id})
    assert [(line.type, line.net) for line in ours.data] == [("transfer", -4000)]
    [told] = (await psp.controls.get("/_sim/ledger/transfers?metadata[op_id]=transfer-1")).json()["transfers"]
    assert (told["moved_minor"], told["returned_minor"], told["destination"]) == (4000, 1500, account)
    [key] = (await psp.controls.get("/_sim/ledger/keys?prefix=transfer-1:")).json()["keys"]
    assert key["movements"] == [{"subject": transfer.id, "kind": "transfer", "times": 1, "amount_minor": 4000}]


async def test_no_more_is_transferred_than_is_available(psp: Psp) -> None:
    account = await driver(psp)
    await psp.hold(90_000, capture_method="automatic", currency="cad")
    wanted: Any = {"amount": 80_000, "currency": "cad", "destination": account}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.transfers.create_async(wanted)
    assert refusal.value.code == "balance_insufficient"
    balance = await psp.client.balance.retrieve_async()
    assert next(part.amount for part in balance.pending if part.currency == "cad") == 90_000 - 2610 - 30


async def test_money_is_available_two_days_after_the_capture(psp: Psp) -> None:
    account = await driver(psp)
    await psp.hold(1000, capture_method="automatic", currency="pln")
    # A settlement at midnight would take it away, so that it comes back is what is looked at.
    await psp.advance(2 * DAY + 5)
    taken = await psp.client.balance_transactions.list_async({"currency": "pln", "type": "charge"})
    assert taken.data[0].status == "available"
    settled = (await psp.controls.post("/_sim/settle", json={})).json()["payouts"]
    sent = [payout for payout in settled if payout["currency"] == "pln"]
    assert [payout["amount"] for payout in sent] == [1000 - 29 - 30]
    with pytest.raises(stripe.InvalidRequestError, match="insufficient available funds"):
        await psp.client.transfers.create_async({"amount": 1, "currency": "pln", "destination": account})


async def test_a_payout_leaves_and_arrives_by_the_clock(psp: Psp) -> None:
    account = await driver(psp)
    payout = await paid(psp, account, 3000, metadata={"op_id": "payout-1"})
    assert (payout.status, payout.method, payout.automatic) == ("pending", "standard", False)
    await psp.advance(3601)
    options: Any = {"stripe_account": account}
    assert (await psp.client.payouts.retrieve_async(payout.id, None, options)).status == "in_transit"
    await psp.advance(2 * DAY)
    assert (await psp.client.payouts.retrieve_async(payout.id, None, options)).status == "paid"
    assert await types_of(psp, account, payout.id) == ["payout.created", "payout.updated", "payout.paid"]
    assert await available(psp, account) == 0
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.payouts.retrieve_async(payout.id)
    assert refusal.value.code == "resource_missing"
    [told] = (await psp.controls.get("/_sim/ledger/payouts?metadata[op_id]=payout-1")).json()["payouts"]
    assert (told["account"], told["moved_minor"], told["returned_minor"]) == (account, 3000, 0)


@pytest.mark.parametrize(
    ("bank", "code"),
    [
        ("btok_us_verified_noAccount", "no_account"),
        ("btok_us_verified_accountClosed", "account_closed"),
        ("btok_us_verified_debitNotAuthorized", "debit_not_authorized"),
    ],
)
async def test_a_payout_to_a_bad_bank_account_fails_and_the_money_is_back(psp: Psp, bank: str, code: str) -> None:
    account = await driver(psp, bank)
    payout = await paid(psp, account, 700)
    await psp.advance(2 * DAY + 5)
    options: Any = {"stripe_account": account}
    failed = await psp.client.payouts.retrieve_async(payout.id, {"expand": ["failure_balance_transaction"]}, options)
    assert (failed.status, failed.failure_code) == ("failed", code)
    back = failed.failure_balance_transaction
    assert isinstance(back, stripe.BalanceTransaction)
    assert (back.type, back.net) == ("payout_failure", 700)
    assert await available(psp, account) == 700
    assert await types_of(psp, account, payout.id) == ["payout.created", "payout.updated", "payout.failed"]


async def test_a_paid_payout_is_returned_by_the_bank(psp: Psp) -> None:
    account = await driver(psp, "btok_sandbox_returned")
    payout = await paid(psp, account, 900)
    options: Any = {"stripe_account": account}
    await psp.advance(2 * DAY + 5)
    assert (await psp.client.payouts.retrieve_async(payout.id, None, options)).status == "paid"
    await psp.advance(DAY)
    returned = await psp.client.payouts.retrieve_async(payout.id, None, options)
    assert (returned.status, returned.failure_code) == ("failed", "account_closed")
    assert (await types_of(psp, account, payout.id))[-2:] == ["payout.paid", "payout.failed"]
    assert await available(psp, account) == 900
    by_hand = await psp.client.payouts.create_async({"amount": 900, "currency": "usd"}, options)
    await psp.controls.post(f"/_sim/payouts/{by_hand.id}/arrive", json={})
    await psp.advance(3 * DAY)  # its own time comes too, and finds it done; what the bank returns by itself is back
    assert (await psp.client.payouts.retrieve_async(by_hand.id, None, options)).status == "failed"
    assert await available(psp, account) == 900


async def test_a_payout_arrives_and_is_returned_by_hand(psp: Psp) -> None:
    account = await driver(psp)
    by_hand = await paid(psp, account, 900)
    arrived = await psp.controls.post(f"/_sim/payouts/{by_hand.id}/arrive", json={})
    assert arrived.json()["status"] == "paid"
    await psp.advance(3 * DAY)  # its own time comes too, and finds it done
    options: Any = {"stripe_account": account}
    assert (await psp.client.payouts.retrieve_async(by_hand.id, None, options)).status == "paid"
    answer = await psp.controls.post(f"/_sim/payouts/{by_hand.id}/fail", json={"failure_code": "no_account"})
    assert (answer.json()["status"], answer.json()["failure_code"]) == ("failed", "no_account")
    assert (await psp.controls.post(f"/_sim/payouts/{by_hand.id}/fail", json={})).status_code == 400


async def test_a_payout_needs_money_and_a_bank_account_and_is_canceled_in_time(psp: Psp) -> None:
    account = await driver(psp)
    options: Any = {"stripe_account": account}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.client.payouts.create_async({"amount": 1, "currency": "usd"}, options)
    assert refusal.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError, match="any external accounts in that currency"):
        await psp.client.payouts.create_async({"amount": 1, "currency": "eur"}, options)
    payout = await paid(psp, account, 800)
    assert (await psp.client.payouts.cancel_async(payout.id, None, options)).status == "canceled"
    assert await available(psp, account) == 800
    with pytest.raises(stripe.PermissionError):
        await psp.client.balance.retrieve_async(None, {"stripe_account": "acct_unheard"})


async def test_settlement_pays_the_platforms_balance_out_and_says_with_what(psp: Psp) -> None:
    await psp.controls.post("/_sim/settle", json={})
    held = await psp.hold(10_000, payment_method="pm_card_bypassPending", capture_method="automatic", currency="nok")
    await psp.client.refunds.create_async({"payment_intent": held.id, "amount": 1000})
    settled = (await psp.controls.post("/_sim/settle", json={})).json()["payouts"]
    [payout] = [line for line in settled if line["currency"] == "nok"]
    assert (payout["amount"], payout["automatic"]) == (10_000 - 320 - 1000, True)
    lines = await psp.client.balance_transactions.list_async({"payout": payout["id"], "limit": 100})
    assert sorted((line.type, line.net) for line in lines.data) == [
        ("charge", 9680),
        ("payout", -8680),
        ("refund", -1000),
    ]
    assert await available(psp, currency="nok") == 0
    await psp.advance(2 * DAY + 5)
    assert (await psp.client.payouts.retrieve_async(payout["id"])).status == "paid"


async def test_the_balance_is_settled_each_midnight(psp: Psp) -> None:
    await psp.hold(5000, payment_method="pm_card_bypassPending", capture_method="automatic", currency="dkk")
    await psp.advance(DAY)
    payouts = await psp.client.payouts.list_async({"limit": 20})
    assert [payout.amount for payout in payouts.data if payout.currency == "dkk"] == [5000 - 145 - 30]
