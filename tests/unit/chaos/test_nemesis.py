"""What becomes of a harm that could not be done: it was not needed, or the attack itself is broken and says so."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import asyncpg
import pytest

from jitney.chaos.faults import Strike
from jitney.chaos.ground import Ground
from jitney.chaos.nemesis import Nemesis
from jitney.chaos.wires import Wires


class Scene:
    """A stack whose processes cannot be found for the reason given; `healed` counts the faults that were taken back."""

    def __init__(self, reason: Exception) -> None:
        self._reason = reason
        self.healed = 0

    def family_of(self, name: str) -> list[object]:
        del name
        raise self._reason

    async def sandbox(self, method: str, path: str) -> None:
        assert (method, path) == ("DELETE", "/_sim/faults")
        self.healed += 1


def attack(scene: Scene) -> Nemesis:
    return Nemesis(cast("Ground", cast("Any", scene)), Wires({}, asyncio.get_running_loop()), lambda line: None)


STRIKES = [Strike(0.0, "kill", "payment", 0.0), Strike(0.0, "pause", "payment", 1.0)]


@pytest.mark.parametrize("reason", [LookupError("payment"), asyncpg.InternalClientError("cut in the middle")])
async def test_a_harm_to_what_is_down_already_is_counted_as_missed(reason: Exception) -> None:
    scene = Scene(reason)
    nemesis = attack(scene)
    await nemesis.run(STRIKES)
    assert (dict(nemesis.struck), dict(nemesis.missed)) == ({}, {"kill": 1, "pause": 1})
    assert scene.healed == 1


async def test_an_attack_that_is_broken_itself_ends_with_its_reasons_after_all_is_taken_back() -> None:
    scene = Scene(ValueError("no such word"))
    with pytest.raises(ExceptionGroup) as broken:
        await attack(scene).run(STRIKES)
    assert [str(failure) for failure in broken.value.exceptions] == ["no such word", "no such word"]
    assert scene.healed == 1
