"""Offers within a transaction, in Postgres: their rows, and who is not asked for a ride again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_service.adapters import statements, tables
from matching_service.adapters.offer_rows import offer_from, offer_row
from matching_service.adapters.ride_metrics import RideWaits
from matching_service.domain.offer import ExclusionCause, Offer


class PostgresOfferRows:
    """What the Transaction of production does with offers. Their ends are noted on the way."""

    def __init__(self, connection: AsyncConnection, waits: RideWaits) -> None:
        self._connection = connection
        self._waits = waits

    async def find(self, offer_id: UUID, driver_id: UUID) -> Offer | None:
        """Return an offer made to this driver, or None."""
        return await self._one(statements.OFFER_OF_DRIVER, {"of_offer": offer_id, "of_driver": driver_id})

    async def open_of_ride(self, ride_id: UUID) -> list[Offer]:
        """Return the open offer of a ride, or all of a broadcast, by their slots."""
        rows = await self._connection.execute(statements.OPEN_OFFERS_OF_RIDE, {"of_ride": ride_id})
        return [offer_from(row) for row in rows.mappings()]

    async def open_of_driver(self, driver_id: UUID) -> Offer | None:
        """Return the open offer of a driver, or None."""
        return await self._one(statements.OPEN_OFFER_OF_DRIVER, {"of_driver": driver_id})

    async def add(self, offer: Offer) -> None:
        """Store a new offer."""
        await self._connection.execute(insert(tables.offers), offer_row(offer))

    async def save(self, offer: Offer) -> None:
        """Store the close of an open offer."""
        changed = await self._connection.execute(statements.SAVE_OFFER, _closing(offer))
        if changed.rowcount != 1:
            raise RuntimeError("an offer was closed that was not open")
        self._waits.note_offer(offer.state)

    async def take_up(self, offer: Offer) -> None:
        """Store that an expired offer was accepted after all: its driver missed nothing, and may have the ride."""
        changed = await self._connection.execute(statements.TAKE_UP_OFFER, _closing(offer))
        if changed.rowcount != 1:
            raise RuntimeError("an offer was taken up that had not expired")
        self._waits.note_offer(offer.state)
        of = {"of_ride": offer.ride_id, "of_driver": offer.driver_id}
        await self._connection.execute(statements.FORGET_EXPIRED_OFFER, of)
        ended = {"of_driver": offer.driver_id, "at": offer.expires_at}
        await self._connection.execute(statements.TAKE_MISSED_BACK, ended)

    async def excluded_for(self, ride_id: UUID, driver_id: UUID) -> ExclusionCause | None:
        """Return why the driver is not asked for that ride again; None of somebody who may be."""
        of = {"of_ride": ride_id, "of_driver": driver_id}
        cause = await self._connection.scalar(statements.EXCLUSION, of)
        return None if cause is None else ExclusionCause(cause)

    async def exclude(self, ride_id: UUID, driver_id: UUID, cause: ExclusionCause, now: datetime) -> None:
        """See to it that the driver is not asked for that ride again."""
        values = {"ride_id": ride_id, "driver_id": driver_id, "cause": cause.value, "excluded_at": now}
        await self._connection.execute(upsert(tables.exclusions).values(**values).on_conflict_do_nothing())

    async def _one(self, statement: Select[Any], given: Mapping[str, Any]) -> Offer | None:
        row = (await self._connection.execute(statement, given)).mappings().one_or_none()
        return None if row is None else offer_from(row)


def _closing(offer: Offer) -> dict[str, Any]:
    return {"of_offer": offer.id, "state": offer.state.value, "closed_at": offer.closed_at}
