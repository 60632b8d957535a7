"""Trusted contacts and calls for help in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from notification_service.adapters import postgres_owing, postgres_webhooks
from notification_service.adapters.people_tables import sos, trusted_contacts
from notification_service.domain.safety import Sos, TrustedContact
from notification_service.domain.webhooks import webhook_of_sos
from notification_service.use_cases.ports import OwedMessage
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


class PostgresSafety:
    """The SafetyStore of production."""

    def __init__(self, database: Database, new_id: IdSource) -> None:
        self._database = database
        self._new_id = new_id

    async def add_contact(self, account_id: UUID, name: str, phone_number: str, now: datetime) -> TrustedContact:
        """Keep a contact; Conflict `too_many_contacts` where the trigger says so."""
        same = (trusted_contacts.c.account_id == account_id, trusted_contacts.c.phone_number == phone_number)
        renamed = trusted_contacts.update().where(*same).values(name=name).returning(trusted_contacts)
        statement = insert(trusted_contacts).values(
            contact_id=self._new_id(), account_id=account_id, name=name, phone_number=phone_number, created_at=now
        )
        kept = statement.on_conflict_do_update(
            index_elements=["account_id", "phone_number"], set_={"name": name}
        ).returning(trusted_contacts)
        try:
            async with self._database.transaction() as connection:
                row = (await connection.execute(renamed)).first() or (await connection.execute(kept)).one()
        except IntegrityError as error:
            raise Conflict("too_many_contacts", "five trusted contacts are the most: remove one first") from error
        return _contact(row)

    async def contacts(self, account_id: UUID) -> Sequence[TrustedContact]:
        """Return a person's contacts, in the order of their making."""
        statement = (
            select(trusted_contacts)
            .where(trusted_contacts.c.account_id == account_id)
            .order_by(trusted_contacts.c.created_at, trusted_contacts.c.contact_id)
        )
        async with self._database.connect() as connection:
            return [_contact(row) for row in await connection.execute(statement)]

    async def remove_contact(self, account_id: UUID, contact_id: UUID) -> bool:
        """Forget a contact of a person's own; False where there is none."""
        statement = delete(trusted_contacts).where(
            trusted_contacts.c.contact_id == contact_id, trusted_contacts.c.account_id == account_id
        )
        async with self._database.connect() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def sos_of(self, account_id: UUID, request_id: str) -> Sos | None:
        """Return the call that a key made."""
        async with self._database.connect() as connection:
            return await _known(connection, account_id, request_id)

    async def raise_sos(self, call: Sos, request_id: str, owed: OwedMessage | None) -> Sos:
        """Store a call with its messages; of two with one key the first is returned, and the other owes nothing."""
        statement = insert(sos).values(
            sos_id=call.sos_id,
            account_id=call.account_id,
            request_id=request_id,
            ride_id=call.ride_id,
            latitude=call.latitude,
            longitude=call.longitude,
            contacts=call.contact_count,
            raised_at=call.raised_at,
        )
        async with self._database.transaction() as connection:
            new = await connection.scalar(
                statement.on_conflict_do_nothing(index_elements=["account_id", "request_id"]).returning(sos.c.sos_id)
            )
            if new is None:
                return await _known(connection, call.account_id, request_id) or call
            if owed is not None:
                await postgres_owing.owe(connection, [owed], self._new_id)
            await postgres_webhooks.owe(connection, [webhook_of_sos(call)], call.raised_at)
        return call

    async def calls(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[Sos]:
        """Return calls for help, newest first, from before a place in them."""
        statement = select(sos).order_by(sos.c.raised_at.desc(), sos.c.sos_id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(tuple_(sos.c.raised_at, sos.c.sos_id) < tuple_(*before))
        async with self._database.connect() as connection:
            return [_sos(row) for row in await connection.execute(statement)]


async def _known(connection: AsyncConnection, account_id: UUID, request_id: str) -> Sos | None:
    statement = select(sos).where(sos.c.account_id == account_id, sos.c.request_id == request_id)
    row = (await connection.execute(statement)).first()
    return _sos(row) if row else None


def _contact(row: Any) -> TrustedContact:
    return TrustedContact(row.contact_id, row.name, row.phone_number)


def _sos(row: Any) -> Sos:
    return Sos(row.sos_id, row.account_id, row.ride_id, row.latitude, row.longitude, row.contacts, row.raised_at)
