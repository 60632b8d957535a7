"""Keeps the worlds that are still possible, and notices when none is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from tests.proof.rules import a_week_later
from tests.proof.world import LATE, Answer, Ask, Luck, Step, World

MAX_WORLDS = 1000
"""So many are judged in a second or two; beyond, each further step would take longer than the last."""
_PASSING = Answer.refused("capture_refused")
"""Told to whoever waits for it and not kept: the same request begins again."""
Rule = Callable[[World, Ask, Luck], list[Step]]
Ends = Callable[[World, Luck], Iterable[World]]


class Difference(AssertionError):
    """The service did or told what is possible in no world."""


class TooManyWorlds(Exception):
    """Too much is uncertain at once to be judged."""


class Oracle:
    """What may be, after all that was asked and answered so far."""

    def __init__(self, rules: Mapping[str, Rule], ends: Sequence[Ends]) -> None:
        """Make it of the rules of what is asked, and of those of how things end by themselves."""
        self._rules = rules
        self._ends = ends
        self._worlds: frozenset[World] = frozenset([World()])
        self.waiting: tuple[Ask, ...] = ()
        """Asks without a definite answer so far."""
        self.luck = Luck()

    @property
    def worlds(self) -> frozenset[World]:
        """All possible worlds, whatever of the waiting asks has been carried out in them."""
        found, new = set[World](), set(self._worlds)
        while new:
            found |= new
            if len(found) > MAX_WORLDS:
                raise TooManyWorlds
            new = {world for known in new for world in self._next(known)} - found
        return frozenset(found)

    def heard(self, *answers: tuple[Ask, Answer]) -> None:
        """Take in what was answered to asks that were made at once; one alone is the usual case.

        Raises:
            Difference: it is not possible.
        """
        asks = [ask for ask, _ in answers]
        self.waiting = (*self.waiting, *(ask for ask in asks if ask.key and ask not in self.waiting))
        # A read that says that something is under way says so of this moment.
        definite = [(ask, answer) for ask, answer in answers if answer != LATE or not ask.key]
        possible = set[World]()
        for order in permutations(definite):
            worlds = self.worlds
            for ask, answer in order:
                # What is waiting may be carried out in between.
                worlds = self._closed(self._after(worlds, ask, answer))
            possible |= worlds
        if not possible:
            raise Difference(self._complaint(answers))
        self._worlds = frozenset(possible)
        told = [ask for ask, _ in definite]
        self.waiting = tuple(ask for ask in self.waiting if ask not in told)

    def only(self, fits: Callable[[World], bool], complaint: Callable[[World], str]) -> None:
        """Keep the worlds that fit what was seen; Difference where none does."""
        worlds = self.worlds
        fitting = frozenset(world for world in worlds if fits(world))
        if not fitting:
            raise Difference("\n".join(complaint(world) for world in list(worlds)[:3]))
        self._worlds = fitting

    def comes_to_rest(self) -> None:
        """Nothing is under way any more; Difference where something must be."""
        self.only(lambda world: world.is_at_rest, lambda world: f"something is under way in {world}")
        self.luck = Luck()

    def a_week_passes(self) -> None:
        """Nothing may be waiting."""
        self._worlds = frozenset(a_week_later(world) for world in self.worlds)

    def apply(self, world: World, ask: Ask) -> list[Step]:
        """All that an ask may come to in a world."""
        steps = self._rules[ask.operation](world, ask, self.luck)
        if not ask.key or steps[0].unheard:
            return steps
        earlier = world.answered.get(ask.request)
        if earlier is not None and earlier[1] != _PASSING:
            fields, answer = earlier
            if fields != ask.fields:
                return [Step(world, Answer.refused("idempotency_key_reused"))]
            return [Step(world, LATE if answer.what == "brought by" else answer)]
        anew = [
            replace(
                step,
                world=replace(step.world, answered=step.world.answered.having(ask.request, (ask.fields, step.answer))),
            )
            if step.kept
            else step
            for step in steps
        ]
        return anew if earlier is None or earlier[0] != ask.fields else [Step(world, _PASSING), *anew]

    def _after(self, worlds: Iterable[World], ask: Ask, answer: Answer) -> frozenset[World]:
        return frozenset(step.world for world in worlds for step in self.apply(world, ask) if step.answer == answer)

    def _closed(self, worlds: frozenset[World]) -> frozenset[World]:
        before, self._worlds = self._worlds, worlds
        try:
            return self.worlds
        finally:
            self._worlds = before

    def _next(self, world: World) -> Iterable[World]:
        for end in self._ends:
            yield from end(world, self.luck)
        for ask in self.waiting:
            yield from (step.world for step in self.apply(world, ask))

    def _complaint(self, answers: Sequence[tuple[Ask, Answer]]) -> str:
        told = "; ".join(f"{ask.operation} {ask.key} {dict(ask.fields)} -> {answer}" for ask, answer in answers)
        worlds = self.worlds
        expected = {
            f"{ask.operation}: {step.answer}"
            for ask, _ in answers
            for world in worlds
            for step in self.apply(world, ask)
        }
        return f"{told}\nis possible in none of {len(worlds)} worlds; possible: {sorted(expected)[:8]}"
