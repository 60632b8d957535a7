"""Reads of the past from a streaming replica, and what is never read there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from chassis.database import Database
from chassis.replica import Replica
from jitney.stack.postgres import Cluster
from matching_service.adapters.replica_reads import ReplicatedMdsReader, ReplicatedRideReader
from matching_service.domain.ride import Ride
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.embedded import embedded_postgres
from tests.integration.matching.stage import open_database, stage_on
from tests.integration.replica import streaming_replica
from tests.unit.matching.test_mds import driven, hour_of


class _InTwoMinutes:
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=2)


class _Looks:
    """Makes each read look at the replica anew."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 10
        return self.seconds


@asynccontextmanager
async def _both(primary: Database, standby: Cluster, url: str) -> AsyncGenerator[Database]:
    """The replica's database, once it has all that the primary has."""
    parts = url.rsplit("@", 1)[0]
    async with open_database(f"{parts}@{standby.host}:{standby.port}/{url.rsplit('/', 1)[1]}", 2) as database:
        async with primary.connect() as connection:
            # Not what is written: commits of tests do not wait for that.
            position = await connection.scalar(text("SELECT pg_current_wal_insert_lsn()::text"))
        async with asyncio.timeout(30), database.connect() as connection:
            caught_up = text("SELECT pg_last_wal_replay_lsn() >= CAST(CAST(:position AS text) AS pg_lsn)")
            while not await connection.scalar(caught_up, {"position": position}):  # noqa: ASYNC110 (the server's state)
                await asyncio.sleep(0.02)
        yield database


async def _rides(stage: Stage) -> tuple[UUID, list[Ride]]:
    rides = [await driven(stage) for _ in range(3)]
    return rides[0].rider_id, rides


async def _note(database: Database, ride: Ride, note: str) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE ride SET note = :note WHERE id = :id"), {"note": note, "id": ride.id})


async def test_old_pages_figures_and_exports_come_from_the_replica_and_the_newest_never() -> None:
    with ExitStack() as stack:
        own = stack.enter_context(embedded_postgres())
        url = own.migrated("matching")
        followed = stack.enter_context(ExitStack())
        standby = followed.enter_context(streaming_replica(own.cluster))
        async with open_database(url) as primary:
            stage = stage_on(primary, FakePayments())
            hour = hour_of(stage)
            _, [oldest, middle, newest] = await _rides(stage)
            async with _both(primary, standby, url) as behind:
                owner = Database(standby.superuser_url(), 1)
                async with owner.connect() as connection:
                    await connection.execute(text("SELECT pg_wal_replay_pause()"))
                for ride in (oldest, middle, newest):
                    await _note(primary, ride, "changed since")
                latest = await stage.ride(uuid4())

                patient = Replica(behind, _Looks(), most_lag_seconds=3600)
                reader = ReplicatedRideReader(primary, patient, _InTwoMinutes())
                page = await reader.rides(10)
                assert [ride.id for ride in page] == [latest.id, newest.id, middle.id, oldest.id]
                assert {ride.note for ride in page[1:]} == {"changed since"}, "the newest page is the primary's"
                assert await _notes(reader, middle) == [oldest.note], "an old page is the replica's"
                assert sum((await reader.summary(hour)).count_by_state.values()) == 3
                mds = ReplicatedMdsReader(primary, patient)
                assert {ride.note for ride in await mds.completed(hour, hour + timedelta(hours=2), 10, None)} == {
                    oldest.note
                }
                recent = ReplicatedRideReader(primary, patient, stage.clock)
                assert await _notes(recent, middle) == ["changed since"], "what is new yet is read from the primary"

                strict = Replica(behind, _Looks(), most_lag_seconds=0)
                late = ReplicatedRideReader(primary, strict, _InTwoMinutes())
                assert await _notes(late, middle) == ["changed since"], "a replica that is late is not asked"

                await owner.dispose()
                followed.close()
                assert await _notes(reader, middle) == ["changed since"], "nor is one that is away"
                assert sum((await reader.summary(hour)).count_by_state.values()) == 4


async def _notes(reader: ReplicatedRideReader, below: Ride) -> list[str]:
    return [ride.note for ride in await reader.rides(10, before=below.id)]
