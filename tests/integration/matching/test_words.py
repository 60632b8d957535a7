"""What people say of a ride's moves: kept beside its history, for operators and for who said it, and gone with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.migrations import downgrade, migrate
from chassis.partitions import Partitioned, keep_partitions, month_of
from matching_service.adapters import tables
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.domain.delivery import DeliveryFailure, ProofKind
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.use_cases.hand_over_order import HandOver
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import DROPOFF, ORDER, Stage
from tests.integration.matching.stage import open_database, stage_on

CANARY = "my sister Wilhelmina is ill"
_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns JOIN pg_class ON oid = table_name::regclass"
    " WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'character varying') AND relkind = 'r'"
)


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on a database with nothing in it."""
    return stage_on(database, FakePayments())


async def places_of(database: Database, words: str) -> list[str]:
    """Find some words in any column of any table."""
    async with database.connect() as connection:
        found = [
            f"{table}.{column}"
            for table, column in await connection.execute(_COLUMNS)
            if await connection.scalar(
                text(f"SELECT count(*) FROM {table} WHERE position(:words IN {column}::text) > 0"),  # noqa: S608 (names out of the catalog)
                {"words": words},
            )
        ]
    return sorted(found)


async def told(stage: Stage, ride: Ride) -> list[tuple[str, str]]:
    """Tell the last reasons of a ride's moves with what was said."""
    moves, _ = await stage.reader.history(ride.id, 100)
    return [(move.reason, move.words) for move in moves if move.reason]


async def canceled(stage: Stage, words: str = CANARY) -> tuple[Ride, UUID]:
    ride = await stage.ride()
    return await stage.cancel(stage.key(), ride.rider_id, ride.id, "", words), ride.rider_id


async def given_back(stage: Stage, words: str = CANARY) -> tuple[Ride, UUID]:
    ride, driver_id = await stage.assigned()
    await stage.give_back(stage.key(), driver_id, ride.id, words)
    await stage.end_shift(stage.key(), driver_id)
    return ride, driver_id


async def brought_back(stage: Stage, words: str = CANARY) -> tuple[Ride, UUID]:
    ride, driver_id = await stage.carrying()
    await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.RECIPIENT_ABSENT, words)
    await stage.return_order(stage.key(), driver_id, ride.id, "the baker")
    await stage.end_shift(stage.key(), driver_id)
    return ride, driver_id


async def reassigned(stage: Stage, words: str = CANARY) -> tuple[Ride, UUID]:
    ride, _ = await stage.assigned()
    await stage.reassign(stage.key(), UUID(int=7), ride.id, words)
    await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
    return ride, ride.rider_id


async def force_canceled(stage: Stage, words: str = CANARY) -> tuple[Ride, UUID]:
    ride = await stage.ride()
    return await stage.force_cancel(stage.key(), UUID(int=7), ride.id, words), ride.rider_id


SCENES = [
    (canceled, "rider_canceled", True),
    (given_back, "driver_canceled", True),
    (brought_back, "recipient_absent", True),
    (reassigned, "operator_reassigned", False),
    (force_canceled, "operator_canceled", False),
]


@pytest.mark.parametrize(("scene", "reason", "by_the_person"), SCENES)
async def test_words_stand_beside_the_reason_are_exported_to_who_said_them_and_erased(
    database: Database,
    stage: Stage,
    scene: Callable[[Stage], Awaitable[tuple[Ride, UUID]]],
    reason: str,
    by_the_person: bool,
) -> None:
    ride, account_id = await scene(stage)
    await stage.settle()
    assert (reason, CANARY) in await told(stage, ride)
    people = MatchingPersonalData(database)
    lists, _ = await people.export(account_id, 0)
    assert [row["words"] for row in lists["words_of_rides"]] == ([CANARY] if by_the_person else [])

    await people.erase(account_id, "key")

    assert await places_of(database, CANARY) == []
    assert (reason, "") in await told(stage, ride), "the history stands"


async def test_who_signed_for_a_delivery_is_erased_with_who_ordered_it(database: Database, stage: Stage) -> None:
    ride, driver_id = await stage.carrying(replace(ORDER, proof_required=ProofKind.SIGNATURE))
    signed = HandOver(ProofKind.SIGNATURE, reference=CANARY)
    await stage.hand_over(stage.key(), driver_id, ride.id, signed)
    await stage.settle()
    assert await places_of(database, CANARY) == ["ride.proof_reference"]
    people = MatchingPersonalData(database)
    driven, _ = await people.export(driver_id, 0)
    assert CANARY not in str(driven)
    await people.erase(ride.rider_id, "key")
    assert await places_of(database, CANARY) == []


async def test_where_somebody_asked_the_price_to_is_erased_though_they_never_rode_there(
    database: Database, stage: Stage
) -> None:
    rider_id, other_id = stage.new_id(), stage.new_id()
    asked = replace(await stage.quote(rider_id), id=stage.new_id(), dropoff=Place(DROPOFF.point, CANARY))
    await stage.quotes.add([asked])
    kept = await stage.quote(other_id)
    assert await places_of(database, CANARY) == ["quote.dropoff_address"]
    await MatchingPersonalData(database).erase(rider_id, "key")
    assert await places_of(database, CANARY) == []
    assert await stage.quotes.get(kept.id, other_id) == kept


async def test_what_a_rider_said_stays_when_the_driver_is_erased(database: Database, stage: Stage) -> None:
    ride, driver_id = await stage.assigned()
    await stage.cancel(stage.key(), ride.rider_id, ride.id, "", CANARY)
    await stage.end_shift(stage.key(), driver_id)
    await stage.settle()
    await MatchingPersonalData(database).erase(driver_id, "key")
    assert ("rider_canceled", CANARY) in await told(stage, ride)


async def test_words_are_taken_away_and_not_changed(database: Database, stage: Stage) -> None:
    await canceled(stage)
    with pytest.raises(DBAPIError, match="not changed"):
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE ride_words SET words = 'all is well'"))


async def test_words_go_with_the_month_of_their_moves(migrated_postgres_url: Callable[[str], str]) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        await canceled(stage_on(database, FakePayments()))
        later = month_of(datetime.now(UTC), 3)
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE ride SET words = ''"))
            both = (tables.ride_transitions, tables.ride_words)
            kept = [await keep_partitions(connection, Partitioned(table, keep_months=2), later) for table in both]
        assert kept[0] == kept[1] == (3, 1)
        assert await places_of(database, CANARY) == []


async def test_words_that_stood_for_reasons_move_and_those_of_the_erased_go(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    url = migrated_postgres_url("matching")
    async with open_database(url) as database:
        await asyncio.to_thread(downgrade, "matching_service", url, "0028")
        stage = stage_on(database, FakePayments())
        rides = [(await scene(stage))[0] for scene, _, _ in SCENES]
        silent, _ = await canceled(stage, "")
        gone, _ = await canceled(stage, "a word of somebody gone")
        async with database.transaction() as connection:
            erased = "UPDATE ride SET rider_name = '', words = '', start_pin = '0000' WHERE id = :id"
            await connection.execute(text(erased), {"id": gone.id})
        assert "ride_transition_before.reason" in await places_of(database, CANARY)

        await asyncio.to_thread(migrate, "matching_service", url)

        for ride, (_, reason, _) in zip(rides, SCENES, strict=True):
            assert (reason, CANARY) in await told(stage, ride)
        assert await told(stage, silent) == [("rider_canceled", "")]
        assert await told(stage, gone) == [("rider_canceled", "")]
        assert await places_of(database, "a word of somebody gone") == []
        assert "ride_transition_before.reason" not in await places_of(database, CANARY)
        async with database.connect() as connection:
            spoke = set(await connection.scalars(text("SELECT said_by FROM ride_words WHERE said_by IS NOT NULL")))
        assert len(spoke) == 3
        for statement in ("UPDATE ride_transition SET reason = 'x'", "DELETE FROM ride_transition_before"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with database.transaction() as connection:
                    await connection.execute(text(statement))
