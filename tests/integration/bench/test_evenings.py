"""A small evening through the service's use cases, on real stores."""

from collections.abc import Callable

import pytest

from jitney.bench.evening_greedy import GreedyReplay
from jitney.bench.evening_replay import Replay
from jitney.bench.evening_service import POLICIES, service_on
from tests.fakes.evening import CARS, RIDES, small_evening


def test_greedy_dispatch_serves_who_waits_nearest_and_loses_who_waits_too_long() -> None:
    evening = small_evening()
    outcome = GreedyReplay(evening, lambda trip: int(trip.trip_seconds)).run()
    assert outcome.asked == RIDES
    assert CARS < len(outcome.waits) < RIDES
    assert sum(outcome.earned_minor) == 300 * len(outcome.waits)
    assert set(outcome.swaps) == {0}


@pytest.mark.parametrize("name", ["batch", "own"])
async def test_every_rider_is_picked_up_or_gives_up_and_no_driver_has_two(
    name: str, migrated_postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str]
) -> None:
    evening, policy = small_evening(), POLICIES[name]
    url = migrated_postgres_url("matching")
    async with service_on(url, redis_url_for(11), evening.begin, policy) as service:
        outcome = await Replay(service, evening).run()
        summary = await service.reader.summary(evening.begin)
    states = {state.value: count for state, count in summary.count_by_state.items()}
    assert set(states) <= {"completed", "no_driver_available"}
    assert states["completed"] == len(outcome.waits)
    assert sum(states.values()) == outcome.asked == RIDES
    assert len(outcome.earned_minor) == CARS
    assert outcome.double_assignments == 0
    assert max(outcome.swaps) <= 2
    assert all(wait >= 1 for wait in outcome.waits)
