"""What is asked, drawn by hypothesis: mostly what makes sense, now and then what does not.

What makes sense is told from what was asked before, never from what the service answered: its timing differs from run
to run, and a play must be drawn the same way again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.proof.rules import CARD_TOKENS, card_name
from tests.proof.world import Ask, Table

RIDERS = ("rider 1", "rider 2")
DRIVERS = ("driver 1", "driver 2")
RIDES = tuple(f"ride {number}" for number in range(1, 9))
NOWHERE = "a card of nobody"

_WEIGHTED = {
    "place_hold": 10,
    "capture_payment": 10,
    "increment_hold": 4,
    "void_hold": 3,
    "top_up": 3,
    "add_tip": 3,
    "pay_arrears": 3,
    "create_refund": 4,
    "request_payout": 3,
    "grant_credit": 2,
    "revoke_credit": 1,
    "write_off": 1,
    "add_card": 1,
    "remove_card": 1,
    "get_receipt": 1,
    "list_cards": 1,
    "get_earnings": 1,
    "get_payment": 1,
}
_GOOD_AMOUNTS = st.one_of(st.sampled_from((2500, 990, 1200, 4010, 5000)), st.integers(500, 9000))
_BAD_AMOUNTS = st.sampled_from((1, 0, -5, 99_999_999, 100_000_000, 10**15 + 1, 2**62))
_GOOD_CURRENCIES = st.sampled_from(("USD",) * 8 + ("JPY", "KWD"))
_BAD_CURRENCIES = st.sampled_from(("EUR", "XXX"))
_LINE = st.one_of(
    st.tuples(
        st.sampled_from(("fare", "waiting", "cancel_fee", "no_show_fee")),
        st.integers(1, 4000),
        st.sampled_from((0, 1, 2000, 2500, 3333, 10_000)),
        st.just(""),
    ),
    st.tuples(st.just("toll"), st.integers(0, 400), st.just(0), st.just("")),
    st.tuples(st.just("booking_fee"), st.integers(0, 300), st.just(0), st.just("")),
    st.tuples(st.just("tax"), st.integers(0, 300), st.just(0), st.sampled_from(("us-ca", "us-ca-sf"))),
    st.tuples(st.just("promotion"), st.integers(0, 200), st.just(0), st.just("")),
)
_BAD_LINE = st.sampled_from(
    [("fare", 0, 2500, ""), ("fare", -1, 2500, ""), ("tax", 50, 0, ""), ("promotion", 9_999_999, 0, "")]
)
_GOOD_LINES = st.one_of(
    st.tuples(st.tuples(st.just("fare"), st.integers(100, 250).map(lambda n: n * 10), st.just(2500), st.just(""))),
    st.tuples(st.tuples(st.just("fare"), st.integers(600, 900).map(lambda n: n * 10), st.just(2000), st.just(""))),
    st.lists(_LINE, min_size=1, max_size=5).map(tuple),
)
_BAD_LINES = st.lists(st.one_of(_LINE, _BAD_LINE), min_size=1, max_size=3).map(tuple)

Fields = st.SearchStrategy[Table[Any]]


@dataclass(frozen=True)
class Hints:
    """What was asked so far."""

    past: Sequence[Ask]

    @property
    def cards(self) -> list[str]:
        """All cards that were ever to be added."""
        return [card_name(ask) for ask in self.past if ask.operation == "add_card"]

    @property
    def holds(self) -> dict[str, Ask]:
        """By ride the hold that was asked and may still stand."""
        found: dict[str, Ask] = {}
        for ask in self.past:
            if ask.operation == "place_hold":
                found.setdefault(ask["ride"], ask)
            elif ask.operation in ("capture_payment", "void_hold"):
                found.pop(ask["ride"], None)
        return found

    @property
    def asked(self) -> dict[str, Ask]:
        """By ride the first hold that was asked."""
        return {ask["ride"]: ask for ask in reversed(self.past) if ask.operation == "place_hold"}

    @property
    def captured(self) -> list[str]:
        """Rides that were to be captured."""
        return sorted({ask["ride"] for ask in self.past if ask.operation == "capture_payment"})

    @property
    def fresh(self) -> list[str]:
        """Rides nobody has asked about."""
        named = {ask["ride"] for ask in self.past if "ride" in ask.fields}
        return [ride for ride in RIDES if ride not in named]


def table(**parts: st.SearchStrategy[Any]) -> Fields:
    return st.fixed_dictionaries(parts).map(Table[Any])


def mostly(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw from the first nine times of ten."""
    return st.integers(0, 9).flatmap(lambda chance: bad if chance == 9 else good)


_AMOUNTS = mostly(_GOOD_AMOUNTS, _BAD_AMOUNTS)
_CURRENCIES = mostly(_GOOD_CURRENCIES, _BAD_CURRENCIES)


def _ride(sensible: Sequence[str]) -> st.SearchStrategy[str]:
    return mostly(st.sampled_from(sensible), st.sampled_from(RIDES)) if sensible else st.sampled_from(RIDES)


def _hold(hints: Hints) -> Fields:
    def funded(base: Table[Any]) -> Fields:
        mine = [card for card in hints.cards if card.startswith(f"card of {base['rider']}")] or [NOWHERE]
        by_card = mostly(st.sampled_from([mine[0], *mine]), st.sampled_from([*hints.cards, NOWHERE])).map(
            lambda card: base.having("card", card).having("funding", "card")
        )
        by_hand = st.sampled_from(("cash", "wallet")).map(
            lambda funding: base.having("card", "").having("funding", funding)
        )
        return st.integers(0, 4).flatmap(lambda chance: by_hand if chance == 4 else by_card)

    return table(ride=_ride(hints.fresh), rider=st.sampled_from(RIDERS), currency=_CURRENCIES, amount=_AMOUNTS).flatmap(
        funded
    )


def _about_a_hold(hints: Hints, rides: Sequence[str] | None = None, **parts: st.SearchStrategy[Any]) -> Fields:
    def in_its_currency(base: Table[Any]) -> Fields:
        hold = hints.asked.get(base["ride"])
        currencies = _CURRENCIES if hold is None else mostly(st.just(hold["currency"]), _CURRENCIES)
        return currencies.map(lambda currency: base.having("currency", currency))

    return table(ride=_ride(sorted(hints.holds) if rides is None else rides), **parts).flatmap(in_its_currency)


def _card(hints: Hints) -> st.SearchStrategy[str]:
    return st.sampled_from([*hints.cards, NOWHERE])


def _adjustment(_: Hints) -> Fields:
    amounts = mostly(st.sampled_from((100, 500, 1500)), st.sampled_from((0, -5, 10**15 + 1)))
    return table(rider=st.sampled_from(RIDERS), currency=_CURRENCIES, amount=amounts)


def _about_a_ride(hints: Hints) -> Fields:
    return table(ride=_ride(sorted({ask["ride"] for ask in hints.past if "ride" in ask.fields})))


FIELDS: dict[str, Callable[[Hints], Fields]] = {
    "add_card": lambda _: table(token=st.sampled_from(sorted(CARD_TOKENS))),
    "remove_card": lambda hints: table(card=st.sampled_from([*hints.cards, NOWHERE])),
    "place_hold": _hold,
    "increment_hold": lambda hints: _about_a_hold(
        hints, amount=mostly(st.integers(500, 900).map(lambda n: n * 10), _BAD_AMOUNTS)
    ),
    "capture_payment": lambda hints: _about_a_hold(
        hints, driver=st.sampled_from(DRIVERS), lines=mostly(_GOOD_LINES, _BAD_LINES)
    ),
    "top_up": lambda hints: table(card=_card(hints), currency=_CURRENCIES, amount=_AMOUNTS),
    "pay_arrears": lambda hints: table(card=_card(hints), currency=_CURRENCIES),
    "add_tip": lambda hints: _about_a_hold(
        hints, hints.captured, amount=mostly(st.sampled_from((100, 300, 1990)), _BAD_AMOUNTS)
    ),
    "request_payout": lambda _: table(
        currency=mostly(st.just("USD"), _CURRENCIES), amount=mostly(st.sampled_from((0, 0, 100, 500)), _BAD_AMOUNTS)
    ),
    "create_refund": lambda hints: _about_a_hold(
        hints,
        hints.captured,
        amount=mostly(st.sampled_from((0, 1, 100, 333, 1000)), _BAD_AMOUNTS),
        borne_by=st.sampled_from(("", "proportional", "platform")),
    ),
    "grant_credit": _adjustment,
    "revoke_credit": _adjustment,
    "write_off": _adjustment,
    "void_hold": lambda hints: table(ride=_ride(sorted(hints.holds))),
    "get_payment": _about_a_ride,
    "get_receipt": _about_a_ride,
    "list_cards": lambda _: table(),
    "get_earnings": lambda _: table(),
}
CALLERS = {
    "top_up": RIDERS,
    "add_tip": RIDERS,
    "pay_arrears": RIDERS,
    "create_refund": ("operator", "matching"),
    "request_payout": DRIVERS,
    "grant_credit": ("operator",),
    "revoke_credit": ("operator",),
    "write_off": ("operator",),
    "add_card": RIDERS,
    "remove_card": RIDERS,
    "list_cards": RIDERS,
    "get_earnings": DRIVERS,
    "get_payment": (*RIDERS, "operator"),
    "get_receipt": (*RIDERS, "matching"),
}
READS = ("get_payment", "get_receipt", "list_cards", "get_earnings")
CHANGES = tuple(name for name in _WEIGHTED if name not in READS)


def asks(key: str, past: Sequence[Ask], names: Sequence[str] = tuple(_WEIGHTED)) -> st.SearchStrategy[Ask]:
    """An ask with a key, of one of these operations."""
    hints = Hints(past)

    def ask(name: str) -> st.SearchStrategy[Ask]:
        def of(drawn: tuple[str, Table[Any]]) -> Ask:
            caller, fields = drawn
            return Ask(name, caller, "" if name in READS else key, fields)

        return st.tuples(st.sampled_from(CALLERS.get(name, ("matching",))), FIELDS[name](hints)).map(of)

    return st.sampled_from([name for name in names for _ in range(_WEIGHTED[name])]).flatmap(ask)
