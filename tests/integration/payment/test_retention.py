"""Operations that ended long ago go, but for those that something still names."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from chassis.retention import still_named, trim
from payment_service.adapters import tables
from tests.fakes.payment_clock import StillClock
from tests.integration.payment.conftest import Payments


async def test_old_operations_go_once_no_request_names_them(payments: Payments, clock: StillClock) -> None:
    ride_id = uuid4()
    payment = await payments.hold(ride_id)
    clock.advance(days=500)
    other = await payments.hold(uuid4())
    operations, before = tables.psp_operation, clock.now() - timedelta(days=400)

    async def left() -> list[object]:
        rows = await payments.rows("SELECT payment_id FROM psp_operation WHERE kind = 'hold'")
        return [row["payment_id"] for row in rows if row["payment_id"] in (payment.id, other.id)]

    async def trimmed() -> int:
        async with payments.database.transaction() as connection:
            return await trim(
                connection, operations, operations.c.finished_at, before, still_named(tables.psp_operation)
            )

    await trimmed()
    assert await left() == [payment.id, other.id]

    async with payments.database.transaction() as connection:
        await connection.execute(text("DELETE FROM request WHERE key LIKE :key"), {"key": f"{ride_id}:%"})
    assert await trimmed() >= 1
    assert await left() == [other.id]
