"""What riders were told a cancel costs, in Postgres."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_service.adapters import tables
from matching_service.use_cases.store_ports import FeeConsent
from shared_kernel.money import Money


async def keep_consent(connection: AsyncConnection, consent: FeeConsent) -> None:
    """Store what the rider of a ride was told, in place of what was told before."""
    values = {
        "token": consent.token,
        "currency_code": consent.fee.currency_code,
        "fee_minor": consent.fee.amount_minor,
        "assigned_at": consent.assigned_at,
        "expires_at": consent.expires_at,
    }
    statement = insert(tables.cancel_consents).values(ride_id=consent.ride_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["ride_id"], set_=values))


async def consent_of(connection: AsyncConnection, ride_id: UUID) -> FeeConsent | None:
    """Return what the rider of a ride was told last; None before."""
    told = select(tables.cancel_consents).where(tables.cancel_consents.c.ride_id == ride_id)
    row = (await connection.execute(told)).mappings().one_or_none()
    if row is None:
        return None
    fee = Money(row["currency_code"], row["fee_minor"])
    return FeeConsent(row["ride_id"], row["token"], fee, row["assigned_at"], row["expires_at"])
