"""What is read to find rides of drivers: at each offer, at each end of a ride, for drivers' apps and for operators."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import event, text

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.use_cases.reader_ports import ShiftFilter
from tests.fakes.matching_other_services import FakePayments
from tests.integration.matching.stage import open_database, stage_on

MANY = 300
_OWN = ("id", "quote_id", "rider_id", "driver_id", "run_id", "run_slot")
_REST = ", ".join(f"ride.{column.name}" for column in tables.rides.columns if column.name not in _OWN)
_INSERT = f"INSERT INTO ride (id, quote_id, rider_id, driver_id, run_id, run_slot, {_REST.replace('ride.', '')})"
_NEW_IDS = "SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid()"


async def test_rides_of_drivers_are_found_without_a_look_at_any_other(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        stage = stage_on(database, FakePayments())
        made, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, made.id)
        theirs, _ = await stage.assigned()
        await _add_a_long_past_and_a_full_city(database, made.id, theirs.id)
        sent: list[tuple[str, Sequence[Any]]] = []

        def note(_: Any, __: Any, statement: str, parameters: Sequence[Any], *___: Any) -> None:
            sent.append((statement, parameters))

        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        async with stage.store.transaction() as tx:
            assert await tx.live_ride_id_of_driver(driver_id) is None
        assert await stage.reader.live_ride(driver_id=driver_id) is None
        assert {each.ride_id for each in await stage.shifts.open_shifts(10, None, ShiftFilter.ALL)} == {None, theirs.id}
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)

        looked_at = [await _rows_looked_at(database, *each) for each in sent if "FROM ride" in each[0]]
        assert looked_at == [0, 0, 1]


async def _add_a_long_past_and_a_full_city(database: Database, made_id: UUID, live_id: UUID) -> None:
    """Make one ride one of many that its driver made, and another one of many that are under way."""
    past = f"{_NEW_IDS}, driver_id, NULL, NULL, {_REST} FROM ride, generate_series(1, :many) WHERE id = :id"
    runs = """
        INSERT INTO run (id, driver_id, parties, seats, opened_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 2, 4, now() FROM generate_series(1, :many)
    """
    live = f"{_NEW_IDS}, run.driver_id, run.id, 0, {_REST} FROM ride, run WHERE ride.id = :id AND run.parties = 2"
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE ride DISABLE TRIGGER USER"))
        await connection.execute(text(f"{_INSERT} {past}"), {"id": made_id, "many": MANY})
        await connection.execute(text(runs), {"many": MANY})
        await connection.execute(text(f"{_INSERT} {live}"), {"id": live_id})
        await connection.execute(text("ALTER TABLE ride ENABLE TRIGGER USER"))
        await connection.execute(text("ANALYZE ride, run"))


async def _rows_looked_at(database: Database, statement: str, parameters: Sequence[Any]) -> float:
    """How many rows of rides, or entries of their indexes, were read to answer a statement."""
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        [plan] = await driver.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters)
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in _nodes(plan["Plan"])
        if node.get("Relation Name") == "ride" or "_ride_" in node.get("Index Name", "")
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
