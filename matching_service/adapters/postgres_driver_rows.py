"""Drivers within a transaction, in Postgres: their shifts, where they head, and whether they may take cash."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_service.adapters import statements, tables
from matching_service.adapters.shift_rows import shift_from, shift_row, shift_wishes
from matching_service.domain.shift import Shift
from matching_service.use_cases.store_ports import DriverStanding
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


class PostgresDriverRows:
    """What the Transaction of production does with drivers and their shifts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_shift(self, driver_id: UUID) -> Shift | None:
        """Return the driver's open shift and keep others from changing it."""
        return await self._shift(statements.LOCK_SHIFT, driver_id)

    async def keep_shift_open(self, driver_id: UUID) -> Shift | None:
        """Return the driver's open shift, which cannot end before this transaction does."""
        return await self._shift(statements.KEEP_SHIFT_OPEN, driver_id)

    async def last_shift(self, driver_id: UUID) -> Shift | None:
        """Return the driver's newest shift, open or not."""
        return await self._shift(statements.LAST_SHIFT, driver_id)

    async def add_shift(self, shift: Shift) -> None:
        """Store a new shift."""
        await self._connection.execute(insert(tables.shifts), shift_row(shift))

    async def save_shift(self, shift: Shift) -> None:
        """Store a locked shift after a change."""
        await self._connection.execute(statements.SAVE_SHIFT, {**shift_wishes(shift), "of_shift": shift.id})

    async def count_answer(self, driver_id: UUID, *, accepted: bool) -> None:
        """Count an offer in the driver's open shift as accepted, or as declined or left unanswered."""
        counting = statements.COUNT_ACCEPTED if accepted else statements.COUNT_MISSED
        await self._connection.execute(counting, {"of_driver": driver_id})

    async def count_earnings(self, driver_id: UUID, earnings: Money) -> None:
        """Add what a ride brought the driver to the open shift; the first one's currency is the shift's."""
        of = {"of_driver": driver_id, "of_currency": earnings.currency_code, "more_minor": earnings.amount_minor}
        await self._connection.execute(statements.COUNT_EARNINGS, of)

    async def headings_since(self, driver_id: UUID, since: datetime) -> list[datetime]:
        """Return when the driver set a destination after that."""
        heading = tables.shift_headings.c
        recent = select(heading.set_at).where(heading.driver_id == driver_id, heading.set_at > since)
        return list(await self._connection.scalars(recent))

    async def add_heading(self, driver_id: UUID, destination: GeoPoint, now: datetime) -> None:
        """Note that the driver set a destination."""
        values = {"latitude": destination.latitude, "longitude": destination.longitude, "set_at": now}
        await self._connection.execute(insert(tables.shift_headings).values(driver_id=driver_id, **values))

    async def may_take_cash(self, driver_id: UUID, currency_code: str) -> bool:
        """Tell a driver's standing, true where none was told."""
        of = {"of_driver": driver_id, "of_currency": currency_code}
        return await self._connection.scalar(statements.CASH_ALLOWED, of) is not False

    async def keep_standing(self, standing: DriverStanding, version: int) -> None:
        """Store a standing unless this or a later version of it is known."""
        row, values = tables.driver_standings.c, {"cash_allowed": standing.cash_allowed, "version": version}
        told = upsert(tables.driver_standings).values(
            driver_id=standing.driver_id, currency_code=standing.currency_code, **values
        )
        newer = told.on_conflict_do_update(
            index_elements=["driver_id", "currency_code"], set_=values, where=row.version < version
        )
        await self._connection.execute(newer)

    async def _shift(self, statement: Select[Any], driver_id: UUID) -> Shift | None:
        row = (await self._connection.execute(statement, {"of_driver": driver_id})).mappings().one_or_none()
        return None if row is None else shift_from(row)
