"""Drivers in Postgres."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.driver_tables import drivers
from identity_service.domain.drivers import Driver, DriverStatus, Vehicle, VehicleClass
from identity_service.use_cases.ports import DriverPage


class PostgresDrivers:
    """Drivers as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, driver_id: UUID, *, owner: UUID | None = None, lock: bool = False) -> Driver | None:
        """Return a driver; with an owner, only the owner's own."""
        query = select(drivers).where(drivers.c.driver_id == driver_id)
        if owner is not None:
            query = query.where(drivers.c.driver_id == owner)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _driver(row) if row else None

    async def add(self, driver: Driver) -> bool:
        """Add a driver; False if the account has applied already."""
        statement = (
            insert(drivers)
            .values(
                driver_id=driver.driver_id,
                display_name=driver.display_name,
                status=driver.status.value,
                status_reason=driver.status_reason,
                vehicle_model=driver.vehicle.model,
                vehicle_color=driver.vehicle.color,
                vehicle_plate=driver.vehicle.plate,
                vehicle_class=driver.vehicle.vehicle_class.value,
                applied_at=driver.applied_at,
                version=driver.version,
                suspended_by=driver.suspended_by or None,
            )
            .on_conflict_do_nothing()
            .returning(drivers.c.driver_id)
        )
        return (await self._connection.execute(statement)).first() is not None

    async def save(self, driver: Driver) -> None:
        """Write what a decision changes."""
        await self._connection.execute(
            update(drivers)
            .where(drivers.c.driver_id == driver.driver_id)
            .values(
                status=driver.status.value,
                status_reason=driver.status_reason,
                version=driver.version,
                suspended_by=driver.suspended_by or None,
            )
        )

    async def page(self, status: DriverStatus | None, after: tuple[datetime, UUID] | None, size: int) -> DriverPage:
        """Return drivers, newest application first."""
        query = select(drivers).order_by(drivers.c.applied_at.desc(), drivers.c.driver_id.desc()).limit(size + 1)
        if status is not None:
            query = query.where(drivers.c.status == status.value)
        if after is not None:
            query = query.where(tuple_(drivers.c.applied_at, drivers.c.driver_id) < tuple_(*after))
        rows = (await self._connection.execute(query)).all()
        found = [_driver(row) for row in rows[:size]]
        last = found[-1] if len(rows) > size else None
        return DriverPage(found, (last.applied_at, last.driver_id) if last else None)


def _driver(row: Row[Any]) -> Driver:
    return Driver(
        driver_id=row.driver_id,
        display_name=row.display_name,
        status=DriverStatus(row.status),
        status_reason=row.status_reason,
        vehicle=Vehicle(row.vehicle_model, row.vehicle_color, row.vehicle_plate, VehicleClass(row.vehicle_class)),
        applied_at=row.applied_at,
        version=row.version,
        suspended_by=row.suspended_by or "",
    )
