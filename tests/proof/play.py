"""One play: the service on its stage is asked and harmed, and the oracle hears of everything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tests.proof.audit import complaints_about, read_books
from tests.proof.fields import RIDERS
from tests.proof.operations import ENDS, RULES, Names
from tests.proof.oracle import Difference, Oracle
from tests.proof.stage import Stage
from tests.proof.world import Ask, Table

DAY_SECONDS = 25 * 3600.0
WEEK_SECONDS = 8 * 24 * 3600.0
DELAY_SECONDS = 1.2
_ROUNDS = 50
_QUICK_ROUNDS = 12
_PAUSE_SECONDS = 0.1
_REST_SECONDS = 1000.0
"""Longer than any operation rests before its next try."""


class Play:
    """Asks of one small world: some riders, drivers and rides."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.oracle = Oracle(RULES, ENDS)
        stage.names = Names()
        stage.crash_at = ""
        stage.counts["plays"] += 1
        self.story: list[str] = []
        """What happened, for whoever has to understand a difference."""
        self._keys = 0

    def key(self) -> str:
        """A key that was not there before."""
        self._keys += 1
        return f"k{self._keys}"

    async def ask(self, *asks: Ask) -> None:
        """Ask at once, and look at what became of the rides that were asked about."""
        at = f" (dies at {self.stage.crash_at})" if self.stage.crash_at else ""
        answers = await self.stage.ask(*asks)
        for ask, answer in zip(asks, answers, strict=True):
            self.story.append(f"{ask.caller}: {ask.operation} {ask.key} {dict(ask.fields)}{at} -> {answer}")
        self.oracle.heard(*zip(asks, answers, strict=True))
        for ride in dict.fromkeys(ask["ride"] for ask in asks if "ride" in ask.fields):
            await self.look_at(ride)
        for rider in dict.fromkeys(ask.fields.get("rider", ask.caller) for ask in asks if ask.key):
            if rider in RIDERS:
                await self.look_into_wallet(rider)

    def can(self, ask: Ask) -> bool:
        """Whether the card that an ask names has an id by now."""
        card: str = ask.fields.get("card", "")
        return not card.startswith("card of") or card in self.stage.names.ids

    async def look_at(self, ride: str) -> None:
        """Read a ride's payment and journal."""
        for operation in ("get_payment", "list_journal"):
            look = Ask(operation, "operator", fields=Table({"ride": ride}))
            [answer] = await self.stage.ask(look)
            self.oracle.heard((look, answer))

    async def look_into_wallet(self, rider: str) -> None:
        """Read what a rider has and owes."""
        look = Ask("get_wallet", "operator", fields=Table({"rider": rider}))
        [answer] = await self.stage.ask(look)
        self.oracle.heard((look, answer))

    async def lay(self, operation: str, kind: str, **more: object) -> None:
        """Lay a fault at the PSP."""
        if kind == "decline":
            self.oracle.luck = replace(self.oracle.luck, declines=True)
        self.story.append(f"fault {kind} at {operation} {more}")
        await self.stage.records.lay(operation, kind, **more)

    async def calm(self) -> None:
        """Let everything go right until all is known: every operation has an end, and every ask an answer.

        Raises:
            Difference: it does not come to rest by itself.
        """
        self.story.append("all is let come to rest")
        self.stage.crash_at = ""
        await self.stage.clear()
        await self.stage.connect(down=False)
        for turn in range(_ROUNDS):
            if turn >= _QUICK_ROUNDS:
                # The PSP may be at work on something that it was given long ago, by the only clock it cannot move.
                await asyncio.sleep(_PAUSE_SECONDS)
            if await self.stage.records.open_operations():
                await self.stage.advance(_REST_SECONDS)
                await self.stage.sweep()
            elif self.oracle.waiting:
                ask = self.oracle.waiting[0]
                [answer] = await self.stage.ask(ask)
                self.story.append(f"asked again: {ask.operation} {ask.key} -> {answer}")
                self.oracle.heard((ask, answer))
            else:
                self.oracle.comes_to_rest()
                return
        left = await self.stage.records.open_operations()
        raise Difference(f"{left} operations and {len(self.oracle.waiting)} asks come to no end")

    async def later(self, seconds: float) -> None:
        """Let time pass: a lease, a rest, a day. No hold expires."""
        self.story.append(f"{seconds} s pass")
        await self.stage.advance(seconds)

    async def events_come(self, deliveries: Sequence[int], crash_at: str = "") -> None:
        """Let events of the PSP come: by their place among those that wait, in any order, more than once or never."""
        waiting = await self.stage.records.events()
        chosen = [waiting[place % len(waiting)] for place in deliveries] if waiting else []
        self.story.append(f"events {[event['type'] for event in chosen]}{crash_at and ' dies at ' + crash_at}")
        self.stage.crash_at = crash_at
        await self.stage.deliver(chosen)
        await self.stage.apply_events()
        self.stage.crash_at = ""

    async def a_day_later(self) -> None:
        """Let the PSP forget the keys of what is under way."""
        # What the PSP is late with comes within seconds, not a day later.
        await self.stage.records.end_delays()
        await self.later(DAY_SECONDS)
        self.oracle.luck = replace(self.oracle.luck, abandons=True)

    async def a_week_later(self) -> None:
        """Let all holds on cards expire."""
        await self.calm()
        self.story.append("a week passes")
        await self.stage.advance(WEEK_SECONDS)
        self.oracle.a_week_passes()

    async def audit(self) -> None:
        """Compare payments, ledger and PSP with what must be.

        Raises:
            Difference: they do not agree.
        """
        await self.calm()
        for ride in sorted({ride for world in self.oracle.worlds for ride in world.rides}):
            await self.look_at(ride)
        for rider in RIDERS:
            await self.look_into_wallet(rider)
        books = await read_books(self.stage.records, self.stage.names)
        if books.faults:
            raise Difference("\n".join(books.faults))
        self.oracle.only(
            lambda world: not complaints_about(world, books), lambda world: "\n".join(complaints_about(world, books))
        )
        for count, amount in books.counts.items():
            self.stage.counts[f"audited: {count}"] += amount
