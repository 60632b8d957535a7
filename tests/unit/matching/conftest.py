"""The stage of rides, in memory."""

from uuid import UUID

import pytest

from tests.fakes.matching_dispatch import FakeQuotes, HandClock
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
