"""The rules of rides and cards, one an operation: the second opinion, far simpler than the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.proof.books import credit, debt, journal_of, ledger_of, wallet
from tests.proof.world import Answer, Ask, Card, Line, Luck, Ride, Step, World, begun, nonsense, not_yet, refusal

MAX_AT_PSP_MINOR = 99_999_999
MAX_AMOUNT_MINOR = 10**15
CURRENCIES = ("USD", "JPY", "KWD", "EUR")
ABSENT = ("cancel_fee", "no_show_fee")
"""Lines of a ride that nobody rode: nothing of them is paid into the driver's hand."""
CARD_TOKENS = {
    "pm_card_visa": Card("", fails=False),
    "pm_card_chargeCustomerFail": Card("", fails=True),
    "pm_card_visa_chargeDeclined": "payment_declined",
    "pm_card_nobody": "invalid_card_token",
}


def unreadable(currency: str, *amounts: int) -> str:
    """Why the contract refuses it, whatever is known."""
    if any(abs(amount) > MAX_AMOUNT_MINOR for amount in amounts):
        return "invalid_argument"
    return "" if currency in CURRENCIES else "unknown_currency"


def why_unpayable(currency: str, amount: int) -> str:
    """Why a card cannot be asked for so much: the PSP takes no third digit of three and no more than its limit."""
    if currency == "KWD" and amount % 10:
        return "amount_not_payable"
    return "amount_too_large" if amount > MAX_AT_PSP_MINOR else ""


def declines(world: World, luck: Luck, card: str, currency: str, amount: int) -> list[str]:
    """How asking a card for an amount may end: reasons of its refusal, and empty for a success."""
    if reason := why_unpayable(currency, amount):
        return [reason]
    if world.cards[card].fails:
        return ["generic_decline"]
    return ["", "generic_decline"] if luck.declines else [""]


def card_name(ask: Ask) -> str:
    """What the card is called that an ask adds."""
    return f"card of {ask.caller}, {ask.key}"


def has_card(world: World, rider: str, name: str) -> bool:
    """Whether it is a card that the rider has."""
    card = world.cards.get(name)
    return card is not None and card.kept and card.rider == rider


def add_card(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    card = CARD_TOKENS[ask["token"]]
    if isinstance(card, str):
        return [Step(world, Answer.refused(card))]
    name = card_name(ask)
    return [Step(world.with_card(name, replace(card, rider=ask.caller)), Answer("card", (name,)))]


def remove_card(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    name = ask["card"]
    if not has_card(world, ask.caller, name):
        return refusal(world, "payment_method_not_found")
    rides = [ride for ride in world.rides.values() if ride.card == name]
    charges = [charge for charge in world.charges.values() if charge.card == name]
    if any(ride.state in ("asked", "held") or ride.excess == "pending" for ride in rides) or any(
        charge.state == "pending" for charge in charges
    ):
        return refusal(world, "payment_method_in_use")
    return [Step(world.with_card(name, replace(world.cards[name], kept=False)), Answer("removed"))]


def place_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if reason := unreadable(ask["currency"], ask["amount"]):
        return nonsense(world, reason)
    ride = Ride("held", ask["rider"], ask["funding"], ask["card"], ask["currency"], ask["amount"])
    standing = world.rides.get(ask["ride"])
    if standing is not None:
        return _hold_again(world, ask, ride, standing)
    if ride.funding == "card" and not has_card(world, ride.rider, ride.card):
        return refusal(world, "payment_method_not_found")
    if debt(world, ride.rider, ride.currency) > 0:
        return refusal(world, "rider_in_arrears")
    if ride.requested <= 0:
        return refusal(world, "invalid_amount")
    covered = min(credit(world, ride.rider, ride.currency), ride.requested)
    if ride.currency == "KWD" and covered < ride.requested:
        covered -= covered % 10
    ride = replace(ride, credit=covered)
    rest = ride.requested - ride.credit
    if ride.funding == "card" and rest:
        return begun(world.with_ride(ask["ride"], replace(ride, state="asked", doing=ask)), ask["ride"])
    if ride.funding == "wallet" and wallet(world, ride.rider, ride.currency) < rest:
        end = replace(ride, state="declined", reason="insufficient_funds", credit=0)
    else:
        end = replace(ride, authorized=rest)
    return [Step(world.with_ride(ask["ride"], end), payment(end))]


def _hold_again(world: World, ask: Ask, ride: Ride, standing: Ride) -> list[Step]:
    doing = standing.doing.operation if standing.doing else ""
    if standing.state == "voided" or doing == "void_hold":
        return refusal(world, "ride_closed")
    asked = (ride.rider, ride.funding, ride.card, ride.currency, ride.requested)
    if asked != (standing.rider, standing.funding, standing.card, standing.currency, standing.requested):
        return refusal(world, "payment_exists")
    if doing == "place_hold":
        return begun(world, ask["ride"])
    return not_yet(world) if doing else [Step(world, payment(standing))]


def increment_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if reason := unreadable(ask["currency"], ask["amount"]):
        return nonsense(world, reason)
    ride = world.rides.get(ask["ride"])
    if ride is None or not ride.rider:
        return refusal(world, "payment_not_found")
    if world.is_busy(ask["ride"]):
        return not_yet(world)
    if ride.state != "held":
        return refusal(world, "invalid_transition")
    if ask["currency"] != ride.currency:
        return refusal(world, "currency_mismatch")
    if ask["amount"] <= ride.credit + ride.authorized:
        return refusal(world, "invalid_amount")
    if ride.card and ride.authorized:
        return begun(world.with_ride(ask["ride"], replace(ride, doing=ask)), ask["ride"])
    rest = ask["amount"] - ride.credit
    if ride.card or (ride.funding == "wallet" and wallet(world, ride.rider, ride.currency) < rest - ride.authorized):
        return refusal(world, "increment_declined")
    raised = replace(ride, authorized=rest)
    return [Step(world.with_ride(ask["ride"], raised), payment(raised))]


def capture_payment(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    lines: tuple[Line, ...] = ask["lines"]
    total = _total(lines)
    if reason := unreadable(ask["currency"], *(amount for _, amount, _, _ in lines)):
        return nonsense(world, reason)
    if total < 0 or any(amount < 0 or (kind == "tax" and not owner) for kind, amount, _, owner in lines):
        return nonsense(world, "invalid_charge")
    ride = world.rides.get(ask["ride"])
    if ride is None:
        return refusal(world, "payment_not_found")
    if world.is_busy(ask["ride"]):
        return not_yet(world)
    if ride.state not in ("held", "expired"):
        return refusal(world, "invalid_transition")
    if ask["currency"] != ride.currency:
        return refusal(world, "currency_mismatch")
    if total == 0:
        return refusal(world, "invalid_amount")
    if ride.card and _brought(world, ride, lines):
        return begun(world.with_ride(ask["ride"], replace(ride, doing=ask)), ask["ride"])
    done = _captured(ride, ask, _brought(world, ride, lines))
    return [Step(world.with_ride(ask["ride"], done), payment(done))]


def void_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    ride = world.rides.get(ask["ride"])
    if ride is None:
        ride = Ride("voided")
    elif world.is_busy(ask["ride"]):
        return not_yet(world)
    elif ride.state == "captured":
        return refusal(world, "invalid_transition")
    elif ride.state == "held" and ride.card and ride.authorized:
        return begun(world.with_ride(ask["ride"], replace(ride, doing=ask)), ask["ride"])
    elif ride.state in ("held", "expired"):
        ride = replace(ride, state="voided")
    return [Step(world.with_ride(ask["ride"], ride), payment(ride))]


def ends_of_rides(world: World, luck: Luck) -> Iterable[World]:
    """How what is under way for rides may end, one of them at a time."""
    for name in world.rides:
        yield from _ends_of_ride(world, name, luck)


def _ends_of_ride(world: World, name: str, luck: Luck) -> list[World]:
    ride, ends = world.rides[name], list[World]()
    if ride.doing is not None:
        for end, answer in _ends(world, ride, ride.doing, luck):
            ends.append(world.with_ride(name, replace(end, doing=None)).told(name, answer or payment(end)))
    elif ride.state == "held" and ride.gone and ride.authorized:
        # The service hears of it, or looks.
        ends.append(world.with_ride(name, replace(ride, state="expired")))
    if ride.letting_go:
        ends.append(world.with_ride(name, replace(ride, letting_go=False)))
    if ride.excess == "pending":
        for reason in declines(world, luck, ride.card, ride.currency, ride.receivable):
            ends.append(world.with_ride(name, replace(ride, excess="owed" if reason else "paid")))
    return ends


def _ends(world: World, ride: Ride, ask: Ask, luck: Luck) -> list[tuple[Ride, Answer | None]]:
    match ask.operation:
        case "place_hold":
            rest = ride.requested - ride.credit
            reasons = declines(world, luck, ride.card, ride.currency, rest) + ["abandoned"] * luck.abandons
            return [
                (replace(ride, state="declined", reason=reason), None)
                if reason
                else (replace(ride, state="held", authorized=rest), None)
                for reason in reasons
            ]
        case "increment_hold":
            no = ride, Answer.refused("increment_declined")
            rest = ask["amount"] - ride.credit
            if ride.gone or why_unpayable(ride.currency, rest):
                return [no]
            return [(replace(ride, authorized=rest), None), *([no] if luck.declines else [])]
        case "capture_payment":
            brought = _brought(world, ride, ask["lines"])
            if ride.gone:
                brought = 0
            elif why_unpayable(ride.currency, brought):
                return [(ride, Answer.refused("capture_refused"))]
            return [(_captured(ride, ask, brought), None)]
        case _:
            return [(replace(ride, state="voided"), None)]


def _brought(world: World, ride: Ride, lines: tuple[Line, ...]) -> int:
    """What card, wallet or cash bring: what credit leaves, as far as they can."""
    rest = max(0, _total(lines) - ride.credit) if ride.state != "expired" else 0
    match ride.funding:
        case "card":
            return min(rest, ride.authorized)
        case "wallet":
            return min(rest, ride.authorized + max(0, wallet(world, ride.rider, ride.currency)))
        case _:
            absent = sum(amount for kind, amount, _, _ in lines if kind in ABSENT)
            return min(rest, max(0, _total(lines) - absent))


def _captured(ride: Ride, ask: Ask, brought: int) -> Ride:
    total = _total(ask["lines"])
    credit_used = min(ride.credit, total)
    receivable = total - credit_used - brought
    return replace(
        ride,
        state="captured",
        authorized=ride.authorized if ride.card else max(ride.authorized, brought),
        captured=brought,
        credit_used=credit_used,
        receivable=receivable,
        driver=ask["driver"],
        lines=ask["lines"],
        letting_go=bool(ride.card and ride.authorized and not ride.doing and ride.state == "held"),
        excess=("pending" if ride.card else "owed") if receivable else "",
    )


def _total(lines: tuple[Line, ...]) -> int:
    return sum(-amount if kind == "promotion" else amount for kind, amount, _, _ in lines)


def get_payment(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    ride = world.rides.get(ask["ride"])
    if ride is None or ask.caller not in ("operator", "matching", ride.rider):
        return refusal(world, "payment_not_found")
    return not_yet(world) if ride.doing else [Step(world, payment(ride))]


def get_receipt(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    ride = world.rides.get(ask["ride"])
    if ride is None or ask.caller not in ("operator", "matching", ride.rider):
        return refusal(world, "payment_not_found")
    if ride.state != "captured":
        return refusal(world, "not_captured")
    return [Step(world, Answer("receipt", (ride.captured, ride.credit_used, ride.receivable, ride.lines)))]


def list_cards(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    count = sum(card.kept and card.rider == ask.caller for card in world.cards.values())
    return [Step(world, Answer("cards", (count,)))]


def get_earnings(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    books = ledger_of(world)
    owed = {code: -books[code, f"driver:{ask.caller}"] for code in CURRENCIES}
    return [Step(world, Answer("earnings", tuple(sorted((code, owed[code]) for code in owed if owed[code]))))]


def list_journal(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if ask["ride"] not in world.rides:
        return refusal(world, "payment_not_found")
    entries = ((kind, tuple(sorted(books.items()))) for kind, books in journal_of(world, ask["ride"]))
    return [Step(world, Answer("journal", tuple(sorted(entries))))]


def payment(ride: Ride) -> Answer:
    """What a caller is told of a ride's payment."""
    amounts = (ride.authorized, ride.captured, ride.credit_used, ride.receivable, ride.refunded)
    return Answer("payment", (ride.state, *amounts, ride.reason))


def a_week_later(world: World) -> World:
    """The PSP has let go of every hold on a card."""
    for name, ride in world.rides.items():
        if ride.state == "held" and ride.card:
            world = world.with_ride(name, replace(ride, gone=True))
    return world
