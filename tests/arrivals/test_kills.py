"""notification_service killed at random points, every event published three times: all arrives, in order, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.arrivals.ground import ground
from tests.arrivals.kills import Ground, Plan, Run
from tests.conftest import FIGURE

KILLS = 5
"""`python -m tests.arrivals kills` does a hundred."""


@pytest.fixture(scope="module")
def arrivals_ground() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.mark.timeout(240)
async def test_a_killed_service_loses_nothing_and_shows_nothing_twice_or_out_of_order(
    arrivals_ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    outcome = await Run(arrivals_ground, Plan(KILLS, events_a_second=30, codes=20, seed=7))()
    for line in outcome.lines():
        record_property(FIGURE, f"arrivals: {line}")
    found = outcome.verdict
    assert (found.lost, found.out_of_order, found.twice_in_an_inbox) == ([], [], [])
