"""The stage of rides and the street of ticks, in memory."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from matching_service.adapters.scipy_assignment import ScipyMatcher
from tests.fakes.matching_dispatch import FakeQuotes, HandClock
from tests.fakes.matching_one_street import City
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_queues import MemoryEditQueue, MemorySagaQueue
from tests.fakes.matching_readers import MemoryRideReader, MemoryShiftReader
from tests.fakes.matching_stage import Stage
from tests.fakes.matching_store import MemoryStore


@pytest.fixture
def payments() -> FakePayments:
    """payment_service, imitated."""
    return FakePayments()


@pytest.fixture
def stage(payments: FakePayments) -> Stage:
    """All use cases of rides on a store in memory."""
    clock = HandClock()
    store = MemoryStore(clock)

    async def told() -> list[tuple[UUID, int]]:
        return [(event.aggregate_id, event.aggregate_version) for event in store.tables.events]

    queue, shifts = MemorySagaQueue(store), MemoryShiftReader(store)
    return Stage(
        store, MemoryRideReader(store), queue, FakeQuotes(), payments, shifts, MemoryEditQueue(store), told, clock
    )


@pytest.fixture
async def matcher() -> AsyncIterator[ScipyMatcher]:
    """The real one."""
    matcher = ScipyMatcher()
    yield matcher
    await matcher.close()


@pytest.fixture
def city(matcher: ScipyMatcher) -> City:
    """A city on one street, where nobody is yet."""
    return City(matcher)
