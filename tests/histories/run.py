"""Plays histories until there are enough, or one has no order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.histories import offers
from tests.histories.checker import Model, UndecidedError, is_linearizable
from tests.histories.record import History
from tests.histories.wallet import WALLET, Wallets
from tests.races.ground import Lane

WALLET_OPERATIONS, AT_A_TIME = 24, 6
ACCEPTS = 3


@dataclass
class Found:
    """What came of some histories."""

    histories: int = 0
    operations: int = 0
    unanswered: int = 0
    undecided: int = 0
    wrong: list[str] = field(default_factory=list[str])
    """Histories without an order, written down."""

    def add(self, history: History, model: Model[Any]) -> None:
        """Judge one more."""
        self.histories += 1
        self.operations += len(history.operations)
        self.unanswered += sum(operation.answered_at is None for operation in history.operations)
        try:
            if not is_linearizable(history.operations, model):
                self.wrong.append(history.told())
        except UndecidedError:
            self.undecided += 1

    def __str__(self) -> str:
        return (
            f"{self.histories} histories, {self.operations} operations ({self.unanswered} never answered), "
            f"{len(self.wrong)} without an order, {self.undecided} undecided"
        )


async def play_wallet(made: Wallets, histories: int, most_wrong: int = 3) -> Found:
    """Play histories of a rider's credit, one after the other."""

    async def one() -> History:
        return await made.play(WALLET_OPERATIONS, AT_A_TIME)

    return await _play(one, WALLET, histories, most_wrong)


async def play_offers(lanes: Sequence[Lane], histories: int, most_wrong: int = 3) -> Found:
    """Play histories of rides that are offered to three drivers, one after the other."""

    async def one() -> History:
        lane = lanes[0]
        # Whoever has a ride now is not asked again.
        lane.drivers = []
        return await offers.play(lane, ACCEPTS)

    return await _play(one, offers.OFFERS, histories, most_wrong)


async def _play(one: Callable[[], Awaitable[History]], model: Model[Any], histories: int, most_wrong: int) -> Found:
    found = Found()
    while found.histories < histories and len(found.wrong) < most_wrong:
        found.add(await one(), model)
    return found
