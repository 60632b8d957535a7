"""Adjustments, wallets and card set-ups, by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from payment_service.adapters.stripe_setups import judge_setup
from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.card_setup import CARD_SETUP_TRANSITIONS, CardSetup, CardSetupStatus
from payment_service.domain.ledger import Account, AccountKind, Balance
from payment_service.domain.wallet import wallet_balances
from payment_service.use_cases.outcomes import ActionRequired, Declined, Outcome, Pending, Succeeded, Unknown
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.money import Money

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.sampled_from(AdjustmentKind), st.integers(1, 10**12))
def test_adjustment_moves_its_amount_between_the_rider_and_an_expense(kind: AdjustmentKind, amount_minor: int) -> None:
    adjustment = RiderAdjustment(uuid4(), kind, uuid4(), uuid4(), Money("USD", amount_minor), "r", NOW)

    entry = adjustment.entry(uuid4())

    moved = {posting.account: posting.amount.amount_minor for posting in entry.postings}
    sign = -1 if kind is AdjustmentKind.CREDIT_REVOKED else 1
    expense = Account(AccountKind.BAD_DEBT if kind is AdjustmentKind.WRITE_OFF else AccountKind.PROMO)
    assert moved == {expense: sign * amount_minor, adjustment.rider_account: -sign * amount_minor}
    assert (entry.kind.value, entry.source_id) == (kind.value, adjustment.id)


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_adjustment_of_nothing_is_refused(amount_minor: int) -> None:
    with pytest.raises(InvalidInput):
        RiderAdjustment(uuid4(), AdjustmentKind.WRITE_OFF, uuid4(), uuid4(), Money("USD", amount_minor), "r", NOW)


def test_wallet_is_told_by_currency_and_missing_accounts_are_zero() -> None:
    def balance(kind: AccountKind, code: str, amount_minor: int, held_minor: int) -> Balance:
        return Balance(Account(kind, "rider"), Money(code, amount_minor), Money(code, held_minor))

    usd, eur = (
        balance(AccountKind.RIDER_WALLET, "USD", 500, 200),
        balance(AccountKind.RIDER_RECEIVABLE, "EUR", 70, 0),
    )
    told = wallet_balances([usd, eur])

    assert [row.wallet.currency_code for row in told] == ["EUR", "USD"]
    assert (told[0].arrears, told[0].wallet, told[0].credit_held) == (
        Money("EUR", 70),
        Money("EUR", 0),
        Money("EUR", 0),
    )
    assert (told[1].wallet, told[1].wallet_held, told[1].arrears) == (
        Money("USD", 500),
        Money("USD", 200),
        Money("USD", 0),
    )


def setup_in(status: CardSetupStatus) -> CardSetup:
    begun = CardSetup.begin(UUID(int=1), UUID(int=2), NOW)
    match status:
        case CardSetupStatus.PENDING:
            return begun
        case CardSetupStatus.ACTION_REQUIRED:
            return begun.waits_for_holder("seti_1")
        case CardSetupStatus.SUCCEEDED:
            return begun.succeeded("seti_1", UUID(int=3))
        case CardSetupStatus.DECLINED:
            return begun.declined("no")


@pytest.mark.parametrize(("before", "after"), list(product(CardSetupStatus, CardSetupStatus)))
def test_setup_moves_as_the_table_says_and_no_other_way(before: CardSetupStatus, after: CardSetupStatus) -> None:
    setup = setup_in(before)
    moves = {
        CardSetupStatus.ACTION_REQUIRED: lambda: setup.waits_for_holder("seti_1"),
        CardSetupStatus.SUCCEEDED: lambda: setup.succeeded("seti_1", UUID(int=3)),
        CardSetupStatus.DECLINED: lambda: setup.declined("no"),
    }
    if after not in moves:
        assert not any(status is after for _, status in CARD_SETUP_TRANSITIONS if _ != "new")
        return
    if (before, after) in CARD_SETUP_TRANSITIONS:
        assert moves[after]().status is after
    elif before is after is CardSetupStatus.ACTION_REQUIRED:
        assert moves[after]() == setup
    else:
        with pytest.raises(Conflict):
            moves[after]()


CARD = {"id": "pm_1", "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040}}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": "processing"}, Pending("seti_1")),
        ({"status": "canceled"}, Declined("canceled")),
        ({"status": "requires_payment_method", "last_setup_error": None}, Declined("card_declined")),
        (
            {"status": "requires_payment_method", "last_setup_error": {"code": "a", "decline_code": "b"}},
            Declined("b"),
        ),
        ({"status": "requires_payment_method", "last_setup_error": {"code": "a"}}, Declined("a")),
        ({"status": "something_new"}, Unknown("unexpected_something_new")),
        ({"status": "succeeded", "payment_method": "pm_1"}, Unknown("no_card_shown")),
        ({"status": "succeeded", "payment_method": {"id": "pm_1", "card": None}}, Declined("not_a_card")),
    ],
)
def test_state_of_a_setup_intent_tells_the_outcome(fields: dict[str, object], outcome: Outcome) -> None:
    assert judge_setup(stripe.SetupIntent.construct_from({"id": "seti_1", **fields}, "sk")) == outcome


def test_setup_intent_that_succeeded_tells_the_card() -> None:
    setup = stripe.SetupIntent.construct_from({"id": "seti_1", "status": "succeeded", "payment_method": CARD}, "sk")

    outcome = judge_setup(setup)

    assert isinstance(outcome, Succeeded)
    assert outcome.card is not None
    assert (outcome.psp_object_id, outcome.card.psp_card_id, outcome.card.last_digits) == ("seti_1", "pm_1", "4242")


def test_setup_intent_that_leads_to_the_banks_page_tells_it() -> None:
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/3ds"}}
    setup = stripe.SetupIntent.construct_from(
        {"id": "seti_1", "status": "requires_action", "client_secret": "seti_1_secret_x", "next_action": action}, "sk"
    )

    outcome = judge_setup(setup)

    assert isinstance(outcome, ActionRequired)
    assert outcome.action is not None
    assert (outcome.action.kind, outcome.action.redirect_url) == ("redirect_to_url", "https://bank.example/3ds")
    assert "secret_x" not in repr(outcome)
