"""What the ledger must say of a world: entries, balances, and what is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tests.proof.world import Charge, Postings, Refund, Ride, World, books_of

SHARED = ("fare", "waiting", "cancel_fee", "no_show_fee")
THE_DRIVERS = ("toll", "tip")

Entry = tuple[str, Mapping[str, int]]
"""Its kind, and its postings by account."""


def journal_of(world: World, name: str) -> list[Entry]:
    """The entries of a ride's payments."""
    ride = world.rides[name]
    entries: list[Entry] = []
    if ride.state == "captured":
        entries.append(("capture", books_of([*_sources(ride), *_shares(ride)])))
    if ride.excess == "paid":
        entries.append(("collection", _collection(ride.rider, ride.receivable)))
    entries += [entry_of(charge) for charge in world.charges.values() if charge.ride == name]
    for refund in world.refunds.values():
        if refund.ride == name:
            entries += _refunded(refund, ride.rider)
    return [(kind, books) for kind, books in entries if books]


def entry_of(charge: Charge) -> Entry:
    """The entry of a charge at once; without postings where nothing was collected."""
    if charge.state != "captured":
        return charge.purpose, {}
    source = "psp_receivable" if charge.card else f"rider_wallet:{charge.rider}"
    match charge.purpose:
        case "tip":
            return "tip", books_of([(source, charge.amount), (f"driver:{charge.driver}", -charge.amount)])
        case "top_up":
            return "top_up", books_of([(source, charge.amount), (f"rider_wallet:{charge.rider}", -charge.amount)])
        case _:
            return "collection", _collection(charge.rider, charge.amount)


def share_back(world: World, name: str, amount: int) -> Postings:
    """What each bearer of a ride gives back for one more refund.

    All refunds together take the largest-remainder split of their sum, so whatever the parts, the whole leaves nothing.
    """
    weights = {account: -part for account, part in sorted(books_of(_shares(world.rides[name])).items())}
    total = sum(weights.values())
    before = [refund for refund in world.refunds.values() if refund.ride == name and refund.shares[0][0] != "goodwill"]
    taken = books_of(leg for refund in before for leg in refund.shares)
    refunded = sum(refund.amount for refund in before) + amount
    parts = {account: divmod(weight * refunded, total) for account, weight in weights.items()}
    left = refunded - sum(whole for whole, _ in parts.values())
    by_remainder = sorted(parts, key=lambda account: -parts[account][1])
    due = [
        (account, parts[account][0] + (account in by_remainder[:left]) - taken.get(account, 0)) for account in weights
    ]
    return tuple((account, part) for account, part in due if part)


def _refunded(refund: Refund, rider: str) -> Iterable[Entry]:
    to = "refund_transit" if refund.to_card else f"rider_wallet:{rider}"
    yield "refund", books_of([*refund.shares, (to, -refund.amount)])
    if refund.to_card and refund.state == "paid":
        yield "refund_paid", {"refund_transit": refund.amount, "psp_receivable": -refund.amount}


def ledger_of(world: World) -> Counter[tuple[str, str]]:
    """All accounts, by currency and name: debits less credits."""
    found: Counter[tuple[str, str]] = Counter()
    for name, ride in world.rides.items():
        for _, books in journal_of(world, name):
            found.update({(ride.currency, account): amount for account, amount in books.items()})
    for charge in world.charges.values():
        if not charge.ride:
            found.update({(charge.currency, account): amount for account, amount in entry_of(charge)[1].items()})
    for payout in world.payouts.values():
        if payout.state != "failed":
            where = "bank" if payout.state == "paid" else "payout_transit"
            found.update(
                {(payout.currency, f"driver:{payout.driver}"): payout.amount, (payout.currency, where): -payout.amount}
            )
    for currency, postings in world.entries.values():
        found.update({(currency, account): amount for account, amount in postings})
    return found


def wallet(world: World, rider: str, currency: str) -> int:
    """What the wallet has that is not held."""
    return -ledger_of(world)[currency, f"rider_wallet:{rider}"] - wallet_held(world, rider, currency)


def credit(world: World, rider: str, currency: str) -> int:
    """What was granted and is neither used nor set aside."""
    return -ledger_of(world)[currency, f"rider_credit:{rider}"] - credit_held(world, rider, currency)


def debt(world: World, rider: str, currency: str) -> int:
    """What the rider owes and nobody is collecting."""
    return ledger_of(world)[currency, f"rider_receivable:{rider}"] - in_collection(world, rider, currency)


def wallet_held(world: World, rider: str, currency: str) -> int:
    held = [ride for ride in _rides_of(world, rider, currency) if ride.state == "held" and ride.funding == "wallet"]
    return sum(ride.authorized for ride in held)


def credit_held(world: World, rider: str, currency: str) -> int:
    return sum(ride.credit for ride in _rides_of(world, rider, currency) if ride.state in ("asked", "held", "expired"))


def in_collection(world: World, rider: str, currency: str) -> int:
    excess = sum(ride.receivable for ride in _rides_of(world, rider, currency) if ride.excess == "pending")
    arrears = [charge for charge in world.charges.values() if (charge.rider, charge.currency) == (rider, currency)]
    return excess + sum(
        charge.amount for charge in arrears if charge.purpose == "arrears" and charge.state == "pending"
    )


def _rides_of(world: World, rider: str, currency: str) -> list[Ride]:
    return [ride for ride in world.rides.values() if (ride.rider, ride.currency) == (rider, currency)]


def _collection(rider: str, amount: int) -> Mapping[str, int]:
    return {"psp_receivable": amount, f"rider_receivable:{rider}": -amount}


def _sources(ride: Ride) -> Iterable[tuple[str, int]]:
    payer = {"card": "psp_receivable", "wallet": f"rider_wallet:{ride.rider}", "cash": f"driver:{ride.driver}"}
    yield payer[ride.funding], ride.captured
    yield f"rider_credit:{ride.rider}", ride.credit_used
    yield f"rider_receivable:{ride.rider}", ride.receivable


def _shares(ride: Ride) -> Iterable[tuple[str, int]]:
    driver = f"driver:{ride.driver}"
    for kind, amount, basis_points, owner in ride.lines:
        if kind in SHARED:
            commission, rest = divmod(amount * basis_points, 10_000)
            # The odd unit goes to the larger remainder, in a tie to the driver.
            commission += rest > 5_000
            yield driver, commission - amount
            yield "commission", -commission
        elif kind in THE_DRIVERS:
            yield driver, -amount
        elif kind == "booking_fee":
            yield "booking_fee", -amount
        elif kind == "promotion":
            yield "promo", amount
        else:
            yield f"tax:{owner}", -amount
