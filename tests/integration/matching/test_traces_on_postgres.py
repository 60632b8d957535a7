"""Traces of dispatch on a real database."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from matching_service.adapters.postgres_traces import PostgresTraces
from matching_service.domain.explanation import Candidate, Fate, Trace, Verdict
from tests.fakes.matching_dispatch import NOON
from tests.integration.matching.stage import open_database


async def test_traces_are_read_as_they_were_written_the_newest_of_a_ride(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        store, ride_id, driver_id = PostgresTraces(database), uuid4(), uuid4()
        candidates = (
            Candidate(driver_id, 120, Verdict.CHOSEN, 40, 38.5, {"pickup_eta": 40.0, "head_start": -1.5}),
            Candidate(uuid4(), 90, Verdict.LOST, 30, 30.0, {"pickup_eta": 30.0}, uuid4()),
            Candidate(uuid4(), 80, Verdict.STALE),
        )
        traces = [
            Trace(ride_id, NOON + timedelta(seconds=n), Fate.OFFERED, driver_id, n, 9, 4, candidates, repeats=n)
            for n in range(5)
        ]
        await store.add([*traces, Trace(uuid4(), NOON, Fate.NOBODY, None, 0, 0, 0, ())])
        assert await store.of_ride(ride_id, 10) == traces
        assert await store.of_ride(ride_id, 2) == traces[3:]
