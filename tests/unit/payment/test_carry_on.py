"""Callers that go away: what has begun goes on, what has not is dropped, and both have bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from payment_service.use_cases import carry_on
from payment_service.use_cases.carry_on import Begun, CarryOn
from shared_kernel.errors import Conflict, Unavailable


class Work:
    """Work that can be watched: it waits for its turn, begins, and ends when it is let go."""

    def __init__(self) -> None:
        self.turn, self.has_begun, self.go = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.ended = ""

    async def __call__(self, begun: Begun) -> str:
        try:
            await self.turn.wait()
            begun()
            self.has_begun.set()
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended = "dropped"
            raise
        self.ended = "done"
        return self.ended


@pytest.fixture
def work() -> Work:
    return Work()


async def give_up(asked: asyncio.Task[Any]) -> None:
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


def failing_with(error: Exception) -> Callable[[Begun], Coroutine[Any, Any, None]]:
    async def work(begun: Begun) -> None:
        raise error

    return work


async def test_what_has_begun_goes_on_without_its_caller(work: Work) -> None:
    carried = CarryOn(60)
    asked = asyncio.create_task(carried(work))
    work.turn.set()
    await work.has_begun.wait()

    await give_up(asked)
    assert work.ended == ""
    work.go.set()
    await carried.drain(60)

    assert work.ended == "done"


async def test_what_waits_for_its_turn_is_dropped_with_its_caller(work: Work) -> None:
    carried = CarryOn(60)
    asked = asyncio.create_task(carried(work))
    await asyncio.sleep(0)

    await give_up(asked)
    await carried.drain(60)

    assert work.ended == "dropped"


async def test_work_without_a_caller_ends_with_its_time(work: Work) -> None:
    carried = CarryOn(0)
    asked = asyncio.create_task(carried(work))
    work.turn.set()
    await work.has_begun.wait()

    await give_up(asked)
    await carried.drain(60)

    assert work.ended == "dropped"


async def test_a_caller_that_stays_is_told_the_result_however_long_it_takes(work: Work) -> None:
    asked = asyncio.create_task(CarryOn(0)(work))
    work.turn.set()
    await work.has_begun.wait()
    work.go.set()

    assert await asked == "done"


async def test_a_refusal_is_told_as_it_is() -> None:
    with pytest.raises(Conflict) as caught:
        await CarryOn(60)(failing_with(Conflict("tip_exists", "there is one")))

    assert caught.value.reason == "tip_exists"


async def test_no_more_is_begun_than_the_bound_and_what_ended_makes_room(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_on, "MOST_RUNNING", 1)
    carried = CarryOn(60)
    asked = asyncio.create_task(carried(work))
    work.turn.set()
    await work.has_begun.wait()
    await give_up(asked)

    with pytest.raises(Unavailable) as caught:
        await carried(Work())
    assert caught.value.reason == "database_busy"
    assert "this process" in caught.value.message
    work.go.set()
    await carried.drain(60)

    second = Work()
    second.turn.set()
    second.go.set()
    assert await carried(second) == "done"


async def test_a_drain_has_a_bound(work: Work) -> None:
    carried = CarryOn(60)
    asked = asyncio.create_task(carried(work))
    work.turn.set()
    await work.has_begun.wait()

    await carried.drain(0)

    assert work.ended == ""
    work.go.set()
    await asked
