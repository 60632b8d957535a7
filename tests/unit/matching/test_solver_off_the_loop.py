"""The numerical work of a tick leaves the event loop free: here it waits for what only the loop can do."""

import asyncio
import threading
from unittest.mock import patch

from matching_service.adapters import scipy_assignment
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.domain.candidates import Limits
from matching_service.domain.positions import Positions

_PATIENCE_SECONDS = 20.0


class Work:
    """A computation that ends only once the event loop says so."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, *_: object) -> list[int]:
        self.begun.set()
        return [1] if self.may_end.wait(_PATIENCE_SECONDS) else []


async def end_from_the_loop(work: Work) -> None:
    while not work.begun.is_set():  # noqa: ASYNC110 (a thread begins; it knows no event of the loop)
        await asyncio.sleep(0)
    work.may_end.set()


async def test_the_assignment_is_solved_while_the_loop_goes_on() -> None:
    matcher, work = ScipyMatcher(), Work()
    with patch.object(scipy_assignment, "assign", work):
        solved, _ = await asyncio.gather(matcher.solve([], [], _PATIENCE_SECONDS), end_from_the_loop(work))
    await matcher.close()
    assert solved == [1]


async def test_candidates_are_found_while_the_loop_goes_on() -> None:
    matcher, work = ScipyMatcher(), Work()
    with patch.object(scipy_assignment, "nearest_pairs", work):
        found, _ = await asyncio.gather(matcher.candidates([], Positions(), Limits(16, 1.0)), end_from_the_loop(work))
    await matcher.close()
    assert len(found) == 1
