"""The moves of rides by month: the table of before becomes a partition, and nothing that was refused is let through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.migrations import check, downgrade, migrate
from chassis.partitions import Partitioned, keep_partitions, month_of, partition_name
from matching_service.adapters import tables
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_other_services import FakePayments
from tests.integration.matching.stage import open_database, stage_on

MOVES = "ride_transition"


async def _partitions(database: Database) -> list[str]:
    async with database.connect() as connection:
        names = text(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass) ORDER BY 1"
        )
        return list(await connection.scalars(names, {"table": MOVES}))


async def _moves(database: Database, ride_id: UUID) -> list[tuple[str, str]]:
    async with database.connect() as connection:
        told = text(f"SELECT tableoid::regclass::text, to_state FROM {MOVES} WHERE ride_id = :id ORDER BY version")
        return [(table, state) for table, state in await connection.execute(told, {"id": ride_id})]


async def _refused(database: Database, why: str, statement: str, **given: object) -> None:
    with pytest.raises(DBAPIError, match=why):
        async with database.transaction() as connection:
            await connection.execute(text(statement), given)


async def _ask_like(database: Database, ride_id: UUID, new_id: UUID) -> None:
    """Ask for a ride like another one, with an id of another month; its move is written by the trigger."""
    begun = {"state": "'requested'", "payment_state": "'hold_pending'", "version": "1", "saga_next_attempt_at": "now()"}
    begun |= dict.fromkeys(("id", "quote_id", "rider_id"), ":new_id")
    names = [column.name for column in tables.rides.c]
    values = ", ".join(begun.get(name, name) for name in names)
    async with database.transaction() as connection:
        await connection.execute(
            text(f"INSERT INTO ride ({', '.join(names)}) SELECT {values} FROM ride WHERE id = :id"),
            {"id": ride_id, "new_id": new_id},
        )


async def test_a_table_with_moves_becomes_a_partition_and_refuses_all_that_it_refused(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    url = migrated_postgres_url("matching")
    async with open_database(url) as database:
        # Asked for by the code of now, so in the tables of now; then these go back to what they were.
        ride = await stage_on(database, FakePayments()).ride()
        await asyncio.to_thread(downgrade, "matching_service", url, "0024")
        before = await _moves(database, ride.id)
        assert {table for table, _ in before} == {MOVES}

        await asyncio.to_thread(migrate, "matching_service", url)
        await asyncio.to_thread(check, "matching_service", url)

        assert await _moves(database, ride.id) == [(f"{MOVES}_before", state) for _, state in before]
        now = datetime.now(UTC)
        later = month_of(now, 2)
        next_id = Uuid7Source(lambda: int(later.timestamp() * 1000) + 86_400_000)()
        await _ask_like(database, ride.id, next_id)
        month = partition_name(MOVES, later)
        assert {table for table, _ in await _moves(database, next_id)} == {month}

        for table, ride_id in ((MOVES, ride.id), (MOVES, next_id), (f"{MOVES}_before", ride.id), (month, next_id)):
            again = f"INSERT INTO {table} SELECT * FROM {MOVES} WHERE ride_id = :id LIMIT 1"
            await _refused(database, "duplicate key", again, id=ride_id)
            await _refused(database, "append-only", f"UPDATE {table} SET reason = 'x' WHERE ride_id = :id", id=ride_id)
            await _refused(database, "append-only", f"DELETE FROM {table} WHERE ride_id = :id", id=ride_id)
            await _refused(database, "append-only", f"TRUNCATE {table}")
            illegal = (
                f"INSERT INTO {table} (ride_id, version, from_state, to_state, occurred_at, reason) "
                "VALUES (:id, 99, 'completed', 'requested', now(), '')"
            )
            await _refused(database, "fk_ride_transition_legal_ride_move", illegal, id=ride_id)
            begins = illegal.replace("'completed', 'requested'", "NULL, 'completed'")
            await _refused(database, "begins_requested", begins, id=ride_id)
        nobody = Uuid7Source()()
        unknown = (
            f"INSERT INTO {MOVES} (ride_id, version, to_state, occurred_at, reason) "
            "VALUES (:id, 1, 'requested', now(), '')"
        )
        await _refused(database, "fk_ride_transition_ride_id_ride", unknown, id=nobody)

        await asyncio.to_thread(downgrade, "matching_service", url, "0024")
        assert await _moves(database, ride.id) == before
        assert len(await _moves(database, next_id)) == 1


async def test_months_are_made_ahead_and_dropped_when_they_are_old(migrated_postgres_url: Callable[[str], str]) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        ride = await stage_on(database, FakePayments()).ride()
        now = datetime.now(UTC)
        moves = Partitioned(tables.ride_transitions, keep_months=2, append_only=True)

        async def keep(ahead: int) -> tuple[int, int]:
            async with database.transaction() as connection:
                return await keep_partitions(connection, moves, month_of(now, ahead))

        assert await keep(0) == (0, 0), "the migration made the next months"
        assert await keep(2) == (2, 0)
        assert await keep(2) == (0, 0)
        assert len(await _moves(database, ride.id)) > 0
        assert await keep(3) == (1, 1), "three months later, what is older than two whole ones goes"
        assert await _moves(database, ride.id) == []
        names = await _partitions(database)
        assert names == sorted([f"{MOVES}_default", *(partition_name(MOVES, month_of(now, n)) for n in range(1, 7))])
        fresh = partition_name(MOVES, month_of(now, 6))
        await _refused(database, "append-only", f"TRUNCATE {fresh}")


async def test_one_replica_at_a_time_keeps_partitions(migrated_postgres_url: Callable[[str], str]) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        moves, later = Partitioned(tables.ride_transitions), month_of(datetime.now(UTC), 5)
        async with database.transaction() as first, database.transaction() as second:
            assert (await keep_partitions(first, moves, later))[0] > 0
            assert await keep_partitions(second, moves, later) == (0, 0)


async def test_where_ids_are_not_of_their_time_the_table_of_before_stays_the_only_partition(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    url = migrated_postgres_url("matching")
    async with open_database(url) as database:
        ride = await stage_on(database, FakePayments()).ride()
        far = UUID("f0000000-0000-4000-8000-000000000000")
        await _ask_like(database, ride.id, far)
        await asyncio.to_thread(downgrade, "matching_service", url, "0024")

        await asyncio.to_thread(migrate, "matching_service", url)

        assert await _partitions(database) == [f"{MOVES}_before", f"{MOVES}_default"]
        assert {table for table, _ in await _moves(database, far)} == {f"{MOVES}_before"}
        async with database.transaction() as connection:
            moves = Partitioned(tables.ride_transitions, keep_months=1, append_only=True)
            assert await keep_partitions(connection, moves, month_of(datetime.now(UTC), 24)) == (0, 0)
