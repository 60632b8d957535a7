"""What the proof knows of the money: worlds, asks and answers. Pure; nothing of the service is imported here.

A world is one possible state of everything. A fault makes an answer late, never different, so after a late answer the
ask may have been carried out or not: both worlds are kept, and what is answered or shown later says which one it was.
When none is left, the service has done what no rule allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Table(dict[str, Value], Generic[Value]):
    """A dict that is never changed, so that worlds can be compared and kept in sets."""

    def __hash__(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]: a dict has none
        return hash(frozenset(self.items()))

    def having(self, name: str, value: Value) -> Table[Value]:
        """The same with one entry put in."""
        return Table({**self, name: value})


@dataclass(frozen=True)
class Card:
    """A rider's card; one that `fails` is refused whenever it is charged."""

    rider: str
    fails: bool = False
    kept: bool = True


Line = tuple[str, int, int, str]
"""Kind, amount, commission in basis points, jurisdiction."""


@dataclass(frozen=True)
class Ride:
    """The money of a ride. Amounts are minor units."""

    state: str
    """held, declined, voided or captured."""
    rider: str = ""
    funding: str = ""
    card: str = ""
    currency: str = ""
    requested: int = 0
    authorized: int = 0
    captured: int = 0
    receivable: int = 0
    reason: str = ""
    driver: str = ""
    lines: tuple[Line, ...] = ()
    gone: bool = False
    """The PSP let go of the hold by itself."""
    excess: str = ""
    """What became of the charge above the hold: pending, paid or owed."""


@dataclass(frozen=True)
class Answer:
    """What a caller is told: `what` it is about (payment, card, refused, ...), and the facts in order."""

    what: str
    facts: tuple[Any, ...] = ()

    @classmethod
    def refused(cls, reason: str) -> Answer:
        return cls("refused", (reason,))


LATE = Answer("late")
"""Nothing is known yet: ask again with the same key."""


@dataclass(frozen=True)
class Ask:
    """One call: the operation's name, who calls, the request's key (empty for a read), and the fields."""

    operation: str
    caller: str
    key: str = ""
    fields: Table[Any] = field(default_factory=Table[Any])

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    @property
    def request(self) -> str:
        """What the key is unique in."""
        return f"{self.caller}/{self.operation}/{self.key}"


@dataclass(frozen=True)
class World:
    """Everything. `answered` holds what was answered to each key, with the fields it came with."""

    cards: Table[Card] = field(default_factory=Table[Card])
    rides: Table[Ride] = field(default_factory=Table[Ride])
    answered: Table[tuple[Table[Any], Answer]] = field(default_factory=Table[tuple[Table[Any], Answer]])

    def with_ride(self, name: str, ride: Ride) -> World:
        return replace(self, rides=self.rides.having(name, ride))

    def with_card(self, name: str, card: Card) -> World:
        return replace(self, cards=self.cards.having(name, card))


@dataclass(frozen=True)
class Luck:
    """What may happen unasked: a card that is good is refused; a hold that came to nothing for a day is given up."""

    declines: bool = False
    abandons: bool = False


@dataclass(frozen=True)
class Step:
    """What an ask makes of a world. What is not `kept` may be asked again with the same key and be judged anew."""

    world: World
    answer: Answer
    kept: bool = True


def refusal(world: World, reason: str) -> list[Step]:
    """Nothing is done, and nothing is remembered of it."""
    return [Step(world, Answer.refused(reason), kept=False)]


def books_of(postings: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Add up by account; what adds up to zero is left out."""
    sums: dict[str, int] = {}
    for account, amount in postings:
        sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount}
