"""Places in Postgres, sealed with the person's own key: where somebody lives is theirs alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PersonVault, PhoneVault
from identity_service.adapters.postgres_person_keys import PostgresPersonKeys
from identity_service.adapters.tables import saved_places
from identity_service.domain.places import PlaceKind, SavedPlace

_USE = "place"


class PostgresPlaces:
    """Places as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._keys = PostgresPersonKeys(connection, vault)

    async def of(self, account_id: UUID) -> Sequence[SavedPlace]:
        """Return a person's places; none once their key is destroyed."""
        vault = await self._keys.find(account_id)
        if vault is None:
            return ()
        query = select(saved_places).where(saved_places.c.account_id == account_id)
        rows = (await self._connection.execute(query)).all()
        return [_opened(vault, row.place_id, PlaceKind(row.kind), row.sealed) for row in rows]

    async def put(self, account_id: UUID, place: SavedPlace, now: datetime) -> bool:
        """Keep a place, or change it; False where the person was erased, or the place is somebody else's."""
        vault = await self._keys.find_or_add(account_id, now)
        if vault is None:
            return False
        content = json.dumps([place.label, place.latitude, place.longitude, place.address]).encode()
        sealed = vault.seal(_USE, content, place.place_id)
        statement = (
            insert(saved_places)
            .values(place_id=place.place_id, account_id=account_id, kind=place.kind.value, sealed=sealed)
            .on_conflict_do_update(
                index_elements=[saved_places.c.place_id],
                set_={"sealed": sealed, "kind": place.kind.value},
                where=saved_places.c.account_id == account_id,
            )
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def remove(self, account_id: UUID, place_id: UUID) -> bool:
        """Forget a place; False if the person has none of that id."""
        statement = delete(saved_places).where(
            saved_places.c.account_id == account_id, saved_places.c.place_id == place_id
        )
        return (await self._connection.execute(statement)).rowcount == 1


def _opened(vault: PersonVault, place_id: UUID, kind: PlaceKind, sealed: bytes) -> SavedPlace:
    label, latitude, longitude, address = json.loads(vault.open(_USE, sealed, place_id))
    return SavedPlace(place_id, kind, label, latitude, longitude, address)
