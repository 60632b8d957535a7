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


Postings = tuple[tuple[str, int], ...]
"""Accounts with what they are debited (credits below zero)."""
Line = tuple[str, int, int, str]
"""Kind, amount, commission in basis points, jurisdiction."""


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


def brought_by(subject: str) -> Answer:
    """What is kept for a key until the PSP's answer about a ride or a charge is known."""
    return Answer("brought by", (subject,))


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
class Ride:
    """The money of a ride. Amounts are minor units."""

    state: str
    """asked, held, declined, expired, voided or captured."""
    rider: str = ""
    funding: str = ""
    card: str = ""
    currency: str = ""
    requested: int = 0
    credit: int = 0
    """Set aside of the rider's credit, as long as it is asked or held."""
    authorized: int = 0
    captured: int = 0
    credit_used: int = 0
    receivable: int = 0
    reason: str = ""
    driver: str = ""
    lines: tuple[Line, ...] = ()
    doing: Ask | None = None
    """What the PSP has been asked for and the service does not know the end of."""
    letting_go: bool = False
    """Credit covered it all, and the hold on the card is being released."""
    gone: bool = False
    """The PSP let go of the hold by itself."""
    refunded: int = 0
    excess: str = ""
    """What became of the charge above the hold: pending, paid or owed."""


@dataclass(frozen=True)
class Charge:
    """Money that was charged at once: a tip, a top_up, arrears. It is pending, captured or declined."""

    purpose: str
    rider: str
    currency: str
    amount: int
    card: str = ""
    """Empty: by wallet."""
    ride: str = ""
    driver: str = ""
    state: str = "pending"
    reason: str = ""


@dataclass(frozen=True)
class Refund:
    """Captured money of a ride that goes back, and what its bearers are debited. It is pending or paid."""

    ride: str
    amount: int
    to_card: bool
    shares: Postings
    state: str = "pending"


@dataclass(frozen=True)
class Payout:
    """A driver's earnings on their way to a bank. It is on_its_way, paid or failed."""

    driver: str
    currency: str
    amount: int
    state: str = "on_its_way"


@dataclass(frozen=True)
class World:
    """Everything. `answered` holds what was answered to each key, with the fields it came with."""

    cards: Table[Card] = field(default_factory=Table[Card])
    rides: Table[Ride] = field(default_factory=Table[Ride])
    charges: Table[Charge] = field(default_factory=Table[Charge])
    refunds: Table[Refund] = field(default_factory=Table[Refund])
    banks: Table[str] = field(default_factory=Table[str])
    """Drivers' banks: pays or fails; under_way while one is being added."""
    payouts: Table[Payout] = field(default_factory=Table[Payout])
    entries: Table[tuple[str, Postings]] = field(default_factory=Table[tuple[str, Postings]])
    """Entries of an operator's word, with their currency."""
    answered: Table[tuple[Table[Any], Answer]] = field(default_factory=Table[tuple[Table[Any], Answer]])

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way; payouts take days."""
        settled = (*self.charges.values(), *self.refunds.values())
        if "under_way" in self.banks.values():
            return False
        return all(thing.state != "pending" for thing in settled) and not any(
            ride.doing or ride.letting_go or ride.excess == "pending" for ride in self.rides.values()
        )

    def is_busy(self, ride: str) -> bool:
        """Whether something about a ride's own payment is under way."""
        refunds = [refund for refund in self.refunds.values() if refund.ride == ride and refund.state == "pending"]
        return bool(self.rides[ride].doing or self.rides[ride].letting_go or refunds)

    def told(self, subject: str, answer: Answer) -> World:
        """The same with everybody told who waited to be told about a subject."""
        waiting = brought_by(subject)
        found = {
            request: (fields, answer if kept == waiting else kept) for request, (fields, kept) in self.answered.items()
        }
        return replace(self, answered=Table(found))

    def with_ride(self, name: str, ride: Ride) -> World:
        return replace(self, rides=self.rides.having(name, ride))

    def with_charge(self, name: str, charge: Charge) -> World:
        return replace(self, charges=self.charges.having(name, charge))

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
    unheard: bool = False
    """It is refused for what it is, before its key is looked at."""


def refusal(world: World, reason: str) -> list[Step]:
    """Nothing is done, and nothing is remembered of it."""
    return [Step(world, Answer.refused(reason), kept=False)]


def nonsense(world: World, reason: str) -> list[Step]:
    """Refused whatever came before it, and whatever its key was used for."""
    return [Step(world, Answer.refused(reason), kept=False, unheard=True)]


def not_yet(world: World) -> list[Step]:
    """Something else is under way: ask again."""
    return [Step(world, LATE, kept=False)]


def begun(world: World, subject: str) -> list[Step]:
    """The PSP is being asked."""
    return [Step(world, brought_by(subject))]


def books_of(postings: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Add up by account; what adds up to zero is left out."""
    sums: dict[str, int] = {}
    for account, amount in postings:
        sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount}
