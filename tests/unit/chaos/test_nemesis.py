"""What becomes of a harm that could not be done: it was not needed, or the attack itself is broken and says so."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, cast

import asyncpg
import httpx
import pytest

from jitney.chaos import nemesis as nemesis_module
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


class Providers:
    """The sandbox: it keeps the rules that it is told, and those of its answers that are named do not arrive."""

    def __init__(self, *lost: tuple[str, int]) -> None:
        self._lost = set(lost)
        """Method, and which call of it, from 1."""
        self._calls = Counter[str]()
        self.rules = {"theirs": {"id": "theirs", "seed": 0}}
        self.most = 0
        self.healed = 0

    async def sandbox(self, method: str, path: str, json: Any = None) -> Any:
        self._calls[method] += 1
        lost = (method, self._calls[method]) in self._lost
        if lost and method == "DELETE":
            raise httpx.ConnectError("it was killed")
        answer: Any = None
        if method == "POST":
            answer = json | {"id": f"rule{len(self.rules)}"}
            self.rules[answer["id"]] = answer
            self.most = max(self.most, len(self.rules))
        elif method == "GET":
            answer = {"faults": list(self.rules.values())}
        elif path == "/_sim/faults":
            self.healed += 1
        else:
            del self.rules[path.rpartition("/")[2]]
        if lost:
            raise httpx.ReadTimeout("it was stopped")
        return answer


def attack(scene: Scene | Providers) -> Nemesis:
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


@pytest.mark.parametrize(
    ("lost", "struck"),
    [
        ((), {"messages": 1}),
        # Killed while the harm lasted: it has the rules when it comes again.
        ((("GET", 1), ("DELETE", 1), ("DELETE", 3)), {"messages": 1}),
        # Stopped while a rule was made, which it makes as soon as it goes on.
        ((("POST", 2),), {}),
    ],
)
async def test_faults_of_providers_last_no_longer_than_their_strike_whatever_befalls_the_sandbox(
    lost: tuple[tuple[str, int], ...], struck: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemesis_module, "_HEAL_SECONDS", 0)
    providers = Providers(*lost)
    nemesis = attack(providers)
    await nemesis.run([Strike(0.0, "messages", "unavailable", 0.0)])
    assert dict(nemesis.struck) == struck
    assert providers.most > 1
    # Those of others are not touched before the end.
    assert (list(providers.rules), providers.healed) == (["theirs"], 1)
