"""What the database refuses of stops, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from tests.fakes.matching_other_services import FakePayments
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_stops import BAKERY, SCHOOL


@pytest.mark.parametrize(
    ("attack", "constraint"),
    [
        ("UPDATE ride_stop SET state = 'reached', reached_at = now()", "uq_ride_stop_reached"),
        ("UPDATE ride_stop SET state = 'reached' WHERE position = 1", "ck_ride_stop_reached"),
        ("UPDATE ride_stop SET state = 'left', reached_at = now() WHERE position = 1", "ck_ride_stop_left"),
        (
            "UPDATE ride_stop SET state = 'left', reached_at = now(), left_at = now() - interval '1 s'",
            "ck_ride_stop_left_after_reached",
        ),
        ("UPDATE ride_stop SET position = 1", "uq_ride_stop_ride_id_position"),
        ("UPDATE ride_stop SET position = 0 WHERE position = 1", "ck_ride_stop_position"),
        ("UPDATE ride_stop SET state = 'here'", "ck_ride_stop_state"),
        ("UPDATE ride SET passengers = 0", "ck_ride_passengers"),
    ],
)
async def test_a_hand_at_the_console_is_refused(database: Database, attack: str, constraint: str) -> None:
    await stage_on(database, FakePayments()).ride(stops=(BAKERY, SCHOOL))
    with pytest.raises(IntegrityError) as refused:
        async with database.transaction() as connection:
            await connection.execute(text(attack))
    assert constraint in str(refused.value)
