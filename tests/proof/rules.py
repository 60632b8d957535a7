"""The rules of the money, one an operation: the second opinion, far simpler than the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from tests.proof.world import Answer, Ask, Card, Line, Luck, Ride, Step, World, books_of, refusal

MAX_AT_PSP_MINOR = 99_999_999
MAX_AMOUNT_MINOR = 10**15
CURRENCIES = ("USD", "JPY", "KWD")
SHARED = ("fare", "waiting", "cancel_fee", "no_show_fee")
THE_DRIVERS = ("toll", "tip")
CARD_TOKENS = {
    "pm_card_visa": Card("", fails=False),
    "pm_card_chargeCustomerFail": Card("", fails=True),
    "pm_card_visa_chargeDeclined": "payment_declined",
    "pm_card_nobody": "invalid_card_token",
}


def why_unpayable(currency: str, amount: int) -> str:
    """Why a card cannot be asked for so much: the PSP takes no third digit of three and no more than its limit."""
    if currency == "KWD" and amount % 10:
        return "amount_not_payable"
    return "amount_too_large" if amount > MAX_AT_PSP_MINOR else ""


def card_name(ask: Ask) -> str:
    """What the card is called that an ask adds."""
    return f"card of {ask.caller}, {ask.key}"


def add_card(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    card = CARD_TOKENS[ask["token"]]
    if isinstance(card, str):
        return [Step(world, Answer.refused(card))]
    name = card_name(ask)
    return [Step(world.with_card(name, replace(card, rider=ask.caller)), Answer("card", (name,)))]


def remove_card(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    card = world.cards.get(ask["card"])
    if card is None or not card.kept or card.rider != ask.caller:
        return refusal(world, "payment_method_not_found")
    mine = [ride for ride in world.rides.values() if ride.card == ask["card"]]
    if any(ride.state == "held" or ride.excess == "pending" for ride in mine):
        return refusal(world, "payment_method_in_use")
    return [Step(world.with_card(ask["card"], replace(card, kept=False)), Answer("removed"))]


def place_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    if reason := _unreadable(ask["currency"], ask["amount"]):
        return refusal(world, reason)
    ride = Ride(
        "held", ask["rider"], ask["funding"], ask["card"], ask["currency"], ask["amount"], authorized=ask["amount"]
    )
    standing = world.rides.get(ask["ride"])
    if standing is not None:
        if standing.state == "voided":
            return refusal(world, "ride_closed")
        asked = (ride.rider, ride.funding, ride.card, ride.currency, ride.requested)
        if asked != (standing.rider, standing.funding, standing.card, standing.currency, standing.requested):
            return refusal(world, "payment_exists")
        return [Step(world, payment(standing))]
    card = world.cards.get(ride.card)
    if ride.funding == "card" and (card is None or not card.kept or card.rider != ride.rider):
        return refusal(world, "payment_method_not_found")
    if ride.requested <= 0:
        return refusal(world, "invalid_amount")
    ends = [ride]
    if ride.funding == "wallet":
        ends = [_declined(ride, "insufficient_funds")]
    elif card is not None:
        if reason := why_unpayable(ride.currency, ride.requested):
            ends = [_declined(ride, reason)]
        elif card.fails:
            ends = [_declined(ride, "generic_decline")]
        elif luck.declines:
            ends.append(_declined(ride, "generic_decline"))
        if luck.abandons:
            ends.append(_declined(ride, "abandoned"))
    return [Step(world.with_ride(ask["ride"], end), payment(end)) for end in ends]


def increment_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    if reason := _unreadable(ask["currency"], ask["amount"]):
        return refusal(world, reason)
    ride = world.rides.get(ask["ride"])
    if ride is None or not ride.rider:
        return refusal(world, "payment_not_found")
    if ride.state != "held":
        return refusal(world, "invalid_transition")
    if ask["currency"] != ride.currency:
        return refusal(world, "currency_mismatch")
    if ask["amount"] <= ride.authorized:
        return refusal(world, "invalid_amount")
    raised = replace(ride, authorized=ask["amount"])
    steps = [Step(world.with_ride(ask["ride"], raised), payment(raised))]
    no = Step(world, Answer.refused("increment_declined"))
    if ride.card and (ride.gone or why_unpayable(ride.currency, ask["amount"])):
        return [no]
    return [*steps, no] if ride.card and luck.declines else steps


def capture_payment(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    lines: tuple[Line, ...] = ask["lines"]
    total = sum(-amount if kind == "promotion" else amount for kind, amount, _, _ in lines)
    if reason := _unreadable(ask["currency"], *(amount for _, amount, _, _ in lines)):
        return refusal(world, reason)
    if total < 0 or any(amount < 0 or (kind == "tax" and not owner) for kind, amount, _, owner in lines):
        return refusal(world, "invalid_charge")
    ride = world.rides.get(ask["ride"])
    if ride is None:
        return refusal(world, "payment_not_found")
    if ride.state != "held":
        return refusal(world, "invalid_transition")
    if ask["currency"] != ride.currency:
        return refusal(world, "currency_mismatch")
    if total == 0:
        return refusal(world, "invalid_amount")
    brought = total if ride.funding == "cash" else min(total, ride.authorized)
    if ride.card and ride.gone:
        brought = 0
    elif ride.card and why_unpayable(ride.currency, brought):
        return [Step(world, Answer.refused("capture_refused"))]
    done = replace(
        ride,
        state="captured",
        authorized=max(ride.authorized, brought),
        captured=brought,
        receivable=total - brought,
        driver=ask["driver"],
        lines=lines,
        excess="pending" if total > brought else "",
    )
    return [Step(world.with_ride(ask["ride"], done), payment(done))]


def void_hold(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    ride = world.rides.get(ask["ride"])
    if ride is not None and ride.state == "captured":
        return refusal(world, "invalid_transition")
    done = Ride("voided") if ride is None else ride
    if done.state == "held":
        done = replace(done, state="voided")
    return [Step(world.with_ride(ask["ride"], done), payment(done))]


def get_payment(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    ride = world.rides.get(ask["ride"])
    if ride is None or ask.caller not in ("operator", "matching", ride.rider):
        return refusal(world, "payment_not_found")
    return [Step(world, payment(ride))]


def get_receipt(world: World, ask: Ask, luck: Luck) -> list[Step]:
    [seen] = get_payment(world, ask, luck)
    if seen.answer.what == "refused":
        return [seen]
    ride = world.rides[ask["ride"]]
    if ride.state != "captured":
        return refusal(world, "not_captured")
    return [Step(world, Answer("receipt", (ride.captured, ride.receivable, ride.lines)))]


def list_cards(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    count = sum(card.kept and card.rider == ask.caller for card in world.cards.values())
    return [Step(world, Answer("cards", (count,)))]


def get_earnings(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    owed: Counter[str] = Counter()
    for name, ride in world.rides.items():
        for books in journal_of(world, name).values():
            owed[ride.currency] -= books.get(f"driver:{ask.caller}", 0)
    return [Step(world, Answer("earnings", tuple(sorted((code, owed[code]) for code in owed if owed[code]))))]


def list_journal(world: World, ask: Ask, luck: Luck) -> list[Step]:
    del luck
    if ask["ride"] not in world.rides:
        return refusal(world, "payment_not_found")
    found = journal_of(world, ask["ride"])
    return [Step(world, Answer("journal", tuple(sorted((kind, tuple(sorted(found[kind].items()))) for kind in found))))]


def payment(ride: Ride) -> Answer:
    """What a caller is told of a ride's payment."""
    return Answer("payment", (ride.state, ride.authorized, ride.captured, ride.receivable, ride.reason))


def by_itself(world: World, luck: Luck) -> list[World]:
    """What may happen next without anybody's asking: the charge above a hold comes to its end."""
    ends: list[World] = []
    for name, ride in world.rides.items():
        if ride.excess == "pending":
            fails = why_unpayable(ride.currency, ride.receivable) or world.cards[ride.card].fails
            outcomes = ["owed"] if fails else ["paid", "owed"] if luck.declines else ["paid"]
            ends += [world.with_ride(name, replace(ride, excess=outcome)) for outcome in outcomes]
    return ends


def a_week_later(world: World) -> World:
    """The PSP has let go of every hold on a card."""
    for name, ride in world.rides.items():
        if ride.state == "held" and ride.card:
            world = world.with_ride(name, replace(ride, gone=True))
    return world


def journal_of(world: World, name: str) -> Mapping[str, Mapping[str, int]]:
    """The entries of a ride, by kind: what each account is debited (credits below zero)."""
    ride = world.rides[name]
    if ride.state != "captured":
        return {}
    payer = {"card": "psp_receivable", "wallet": f"rider_wallet:{ride.rider}", "cash": f"driver:{ride.driver}"}
    debts = f"rider_receivable:{ride.rider}"
    legs = [(payer[ride.funding], ride.captured), (debts, ride.receivable)]
    for kind, amount, basis_points, owner in ride.lines:
        if kind in SHARED:
            commission, rest = divmod(amount * basis_points, 10_000)
            # The odd unit goes to the larger remainder, in a tie to the driver.
            commission += rest > 5_000
            legs += [(f"driver:{ride.driver}", commission - amount), ("commission", -commission)]
        elif kind in THE_DRIVERS:
            legs.append((f"driver:{ride.driver}", -amount))
        elif kind == "booking_fee":
            legs.append(("booking_fee", -amount))
        elif kind == "promotion":
            legs.append(("promo", amount))
        else:
            legs.append((f"tax:{owner}", -amount))
    entries = {"capture": books_of(legs)}
    if ride.excess == "paid":
        entries["collection"] = {"psp_receivable": ride.receivable, debts: -ride.receivable}
    return {kind: books for kind, books in entries.items() if books}


def _declined(ride: Ride, reason: str) -> Ride:
    return replace(ride, state="declined", authorized=0, reason=reason)


def _unreadable(currency: str, *amounts: int) -> str:
    if any(abs(amount) > MAX_AMOUNT_MINOR for amount in amounts):
        return "invalid_argument"
    return "" if currency in (*CURRENCIES, "EUR") else "unknown_currency"
