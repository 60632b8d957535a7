"""The rules of what riders have here and owe: wallet, credit, tips, debts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.proof import books
from tests.proof.rules import CURRENCIES, declines, has_card, unreadable
from tests.proof.world import Answer, Ask, Charge, Luck, Step, World, begun, nonsense, not_yet, refusal

TIP_FLOOR_MINOR = 2_000
TOP_UP_MINOR = (500, 50_000)
"""The least and the most."""


def top_up(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if reason := unreadable(ask["currency"], ask["amount"]):
        return nonsense(world, reason)
    if not TOP_UP_MINOR[0] <= ask["amount"] <= TOP_UP_MINOR[1]:
        return nonsense(world, "invalid_amount")
    if not has_card(world, ask.caller, ask["card"]):
        return refusal(world, "payment_method_not_found")
    charge = Charge("top_up", ask.caller, ask["currency"], ask["amount"], ask["card"])
    return begun(world.with_charge(ask.request, charge), ask.request)


def add_tip(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if reason := unreadable(ask["currency"], ask["amount"]):
        return nonsense(world, reason)
    ride = world.rides.get(ask["ride"])
    if ride is None or ride.rider != ask.caller:
        return refusal(world, "payment_not_found")
    for name, tip in world.charges.items():
        if tip.ride == ask["ride"] and tip.state != "declined":
            if (tip.currency, tip.amount) != (ask["currency"], ask["amount"]):
                return refusal(world, "tip_exists")
            return begun(world, name) if tip.state == "pending" else [Step(world, told(tip))]
    if ride.state != "captured":
        return refusal(world, "not_captured")
    if ride.funding == "cash":
        return refusal(world, "cash_tip_not_taken")
    if ride.currency != ask["currency"]:
        return refusal(world, "currency_mismatch")
    total = ride.captured + ride.credit_used + ride.receivable
    if not 1 <= ask["amount"] <= max(total, TIP_FLOOR_MINOR):
        return refusal(world, "invalid_amount")
    tip = Charge("tip", ask.caller, ask["currency"], ask["amount"], ride.card, ask["ride"], ride.driver)
    if not ride.card:
        poor = books.wallet(world, ask.caller, tip.currency) < tip.amount
        tip = replace(tip, state="declined" if poor else "captured", reason="insufficient_funds" if poor else "")
        return [Step(world.with_charge(ask.request, tip), told(tip))]
    if not has_card(world, ask.caller, ride.card):
        return refusal(world, "payment_method_not_found")
    return begun(world.with_charge(ask.request, tip), ask.request)


def pay_arrears(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if ask["currency"] not in CURRENCIES:
        return nonsense(world, "unknown_currency")
    mine = [charge for charge in world.charges.values() if (charge.rider, charge.purpose) == (ask.caller, "arrears")]
    if any(charge.state == "pending" and charge.currency == ask["currency"] for charge in mine):
        return not_yet(world)
    if not has_card(world, ask.caller, ask["card"]):
        return refusal(world, "payment_method_not_found")
    owed = books.debt(world, ask.caller, ask["currency"])
    if owed <= 0:
        collecting = books.in_collection(world, ask.caller, ask["currency"])
        return refusal(world, "arrears_in_collection" if collecting else "no_arrears")
    charge = Charge("arrears", ask.caller, ask["currency"], owed, ask["card"])
    return begun(world.with_charge(ask.request, charge), ask.request)


def grant_credit(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    return _adjusted(world, ask, None, "promo", f"rider_credit:{ask['rider']}")


def revoke_credit(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    there = books.credit(world, ask["rider"], ask["currency"])
    return _adjusted(world, ask, (there, "insufficient_credit"), f"rider_credit:{ask['rider']}", "promo")


def write_off(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    there = books.debt(world, ask["rider"], ask["currency"])
    return _adjusted(world, ask, (there, "exceeds_arrears"), "bad_debt", f"rider_receivable:{ask['rider']}")


def get_wallet(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    rider = ask.fields.get("rider", ask.caller)
    rows: list[tuple[str, tuple[int, ...]]] = []
    for currency in CURRENCIES:
        of = world, rider, currency
        held = (books.wallet_held(*of), books.credit_held(*of), books.in_collection(*of))
        free = (books.wallet(*of), books.credit(*of), books.debt(*of))
        row = tuple(amount for pair in zip(free, held, strict=True) for amount in (sum(pair), pair[1]))
        if any(row):
            rows.append((currency, row))
    return [Step(world, Answer("wallet", tuple(sorted(rows))))]


def ends_of_charges(world: World, luck: Luck) -> Iterable[World]:
    """How charges that are under way may end, one of them at a time."""
    for name, charge in world.charges.items():
        if charge.state == "pending":
            for reason in declines(world, luck, charge.card, charge.currency, charge.amount):
                end = replace(charge, state="declined" if reason else "captured", reason=reason)
                yield world.with_charge(name, end).told(name, told(end))


def told(charge: Charge) -> Answer:
    """What a caller is told of a charge's payment."""
    amount = charge.amount if charge.state == "captured" else 0
    return Answer("payment", (charge.state, amount, amount, 0, 0, 0, charge.reason))


def _adjusted(world: World, ask: Ask, there: tuple[int, str] | None, debited: str, credited: str) -> list[Step]:
    amount = ask["amount"]
    if reason := unreadable(ask["currency"], amount):
        return nonsense(world, reason)
    if amount <= 0:
        return nonsense(world, "invalid_amount")
    if there is not None and there[0] < amount:
        return refusal(world, there[1])
    postings = ((debited, amount), (credited, -amount))
    entries = world.entries.having(ask.request, (ask["currency"], postings))
    return [Step(replace(world, entries=entries), Answer("adjusted", (amount,)))]
