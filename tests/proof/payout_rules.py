"""The rules of drivers' payouts. A driver sets a bank account once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.proof.books import ledger_of
from tests.proof.rules import CURRENCIES, MAX_AMOUNT_MINOR
from tests.proof.world import Answer, Ask, Luck, Payout, Step, World, begun, nonsense, refusal

BANK_CURRENCY = "USD"
BANK_TOKENS = {"btok_us": "pays", "btok_us_verified_accountClosed": "fails"}
LEAST_MINOR = 100


def set_bank(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    return begun(replace(world, banks=world.banks.having(ask.caller, "under_way")), _bank(ask))


def request_payout(world: World, ask: Ask, luck: Luck) -> list[Step]:
    """Ask for an amount, or (zero) for all that is there."""
    del luck
    if not 0 <= ask["amount"] <= MAX_AMOUNT_MINOR:
        return nonsense(world, "invalid_argument")
    if ask["currency"] not in CURRENCIES:
        return nonsense(world, "unknown_currency")
    if ask["currency"] != BANK_CURRENCY or world.banks.get(ask.caller, "under_way") == "under_way":
        return refusal(world, "payout_account_missing")
    there = -ledger_of(world)[BANK_CURRENCY, f"driver:{ask.caller}"]
    amount = ask["amount"] or there
    if amount <= 0 or there < amount:
        return refusal(world, "insufficient_balance")
    if amount < LEAST_MINOR:
        return refusal(world, "below_minimum")
    payouts = world.payouts.having(ask.request, Payout(ask.caller, BANK_CURRENCY, amount))
    return [Step(replace(world, payouts=payouts), Answer("payout", (amount,)))]


def ends_of_payouts(world: World, luck: Luck) -> Iterable[World]:
    """How banks are added, and payouts end."""
    del luck
    for driver, bank in world.banks.items():
        if bank == "under_way":
            for fields, answer in world.answered.values():
                if answer.facts == (f"bank of {driver}",) and "bank_token" in fields:
                    ready = replace(world, banks=world.banks.having(driver, BANK_TOKENS[fields["bank_token"]]))
                    yield ready.told(f"bank of {driver}", Answer("bank", (driver,)))
                    break
    for name, payout in world.payouts.items():
        if payout.state == "on_its_way":
            end = "paid" if world.banks[payout.driver] == "pays" else "failed"
            yield replace(world, payouts=world.payouts.having(name, replace(payout, state=end)))


def _bank(ask: Ask) -> str:
    return f"bank of {ask.caller}"
