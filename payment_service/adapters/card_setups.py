"""Set-ups of cards in Postgres."""

from __future__ import annotations

from dataclasses import asdict, fields
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.rider_tables import card_setup as setups
from payment_service.domain.card_setup import CardSetup, CardSetupStatus
from shared_kernel.errors import NotFound

_SELECT = select(*(setups.c[field.name] for field in fields(CardSetup)))


class PostgresCardSetups:
    """See `card_setup_repository.CardSetups`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, setup: CardSetup) -> None:
        await self._connection.execute(insert(setups).values(asdict(setup)))

    async def get(self, setup_id: UUID) -> CardSetup:
        row = (await self._connection.execute(_SELECT.where(setups.c.id == setup_id))).first()
        if row is None:
            raise NotFound("setup_not_found", "there is no such set-up of a card")
        values = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]: SQLAlchemy's documented name
        values["status"] = CardSetupStatus(row.status)
        return CardSetup(**values)

    async def save(self, setup: CardSetup) -> None:
        await self._connection.execute(update(setups).where(setups.c.id == setup.id).values(asdict(setup)))
