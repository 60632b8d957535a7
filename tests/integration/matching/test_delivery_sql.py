"""What the database refuses of deliveries, whoever asks for it."""

from collections.abc import AsyncGenerator, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import open_database, stage_on


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database that the attacks share."""
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'completed', ended_at = now()", "ck_ride_delivered_with_proof"),
        ("kind = 'private'", "ck_ride_order_of_a_delivery"),
        ("kind = 'parcel'", "ck_ride_kind"),
        ("delivery = NULL", "ck_ride_order_of_a_delivery"),
        ("hand_over_pin = NULL", "ck_ride_order_of_a_delivery"),
        ("hand_over_pin = '12345'", "ck_ride_hand_over_pin"),
        ("proof_kind = 'pin'", "ck_ride_proof_whole"),
        ("proof_kind = 'word', proof_reference = ''", "ck_ride_proof_kind"),
        ("state = 'returning'", "ck_ride_returns_a_failed_delivery"),
        ("state = 'returning', delivery_failure = 'bored'", "ck_ride_delivery_failure"),
        (
            "state = 'returned', delivery_failure = 'refused', ended_at = now()",
            "fk_ride_transition_legal_ride_move",
        ),
    ],
)
async def test_a_delivery_is_not_bent(stage: Stage, database: Database, change: str, constraint: str):
    ride, _ = await stage.carrying()
    statement = text(f"UPDATE ride SET {change}, version = version + 1 WHERE id = :id")  # noqa: S608 (the test's own)
    with pytest.raises(IntegrityError, match=constraint):
        async with database.transaction() as connection:
            await connection.execute(statement, {"id": ride.id})


async def test_a_ride_that_carries_a_person_does_not_go_back_to_a_shop(stage: Stage, database: Database):
    ride, _ = await stage.under_way()
    statement = text("UPDATE ride SET state = 'returning', version = version + 1 WHERE id = :id")
    with pytest.raises(IntegrityError, match="ck_ride_returns_a_failed_delivery"):
        async with database.transaction() as connection:
            await connection.execute(statement, {"id": ride.id})


async def test_a_shift_declares_nothing_that_nobody_knows(stage: Stage, database: Database):
    driver_id = await stage.driver()
    statement = text("UPDATE shift SET capabilities = '{wings}' WHERE driver_id = :id")
    with pytest.raises(IntegrityError, match="ck_shift_capabilities"):
        async with database.transaction() as connection:
            await connection.execute(statement, {"id": driver_id})
