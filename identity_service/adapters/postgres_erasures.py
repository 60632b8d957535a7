"""Erasures in Postgres, and what they leave of an account here: an id that names nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PhoneVault
from identity_service.adapters.driver_tables import driver_documents, drivers
from identity_service.adapters.postgres_person_keys import PostgresPersonKeys
from identity_service.adapters.sign_in_tables import external_identities, sign_ins
from identity_service.adapters.staff_tables import role_grants
from identity_service.adapters.tables import accounts, erasures, idempotency, mail_addresses, saved_places
from identity_service.domain.erasures import Erasure

_MOST_ROWS = 1_000
_NOBODY = b"\x00"


class PostgresErasures:
    """Erasures as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._keys = PostgresPersonKeys(connection, vault)

    async def find(self, account_id: UUID, *, lock: bool = False) -> Erasure | None:
        """Return an account's erasure."""
        query = select(erasures).where(erasures.c.account_id == account_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _erasure(row) if row else None

    async def add(self, erasure: Erasure) -> None:
        """Begin an erasure."""
        await self._connection.execute(insert(erasures).values(account_id=erasure.account_id, **_values(erasure)))

    async def save(self, erasure: Erasure) -> None:
        """Write how far it has come."""
        await self._connection.execute(
            update(erasures).where(erasures.c.account_id == erasure.account_id).values(**_values(erasure))
        )

    async def claim_due(self, now: datetime) -> Erasure | None:
        """Return an erasure whose turn it is, locked; others' are passed over."""
        query = (
            select(erasures)
            .where(erasures.c.next_attempt_at <= now)
            .order_by(erasures.c.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await self._connection.execute(query)).first()
        return _erasure(row) if row else None

    async def empty_account(self, account_id: UUID, now: datetime) -> None:
        """Destroy the person's key and take away all that names them."""
        await self._keys.destroy(account_id, now)
        await self._connection.execute(delete(driver_documents).where(driver_documents.c.driver_id == account_id))
        await self._connection.execute(
            update(drivers)
            .where(drivers.c.driver_id == account_id)
            .values(display_name="", vehicle_model="", vehicle_color="", vehicle_plate="")
        )
        await self._connection.execute(delete(saved_places).where(saved_places.c.account_id == account_id))
        await self._connection.execute(delete(mail_addresses).where(mail_addresses.c.account_id == account_id))
        await self._connection.execute(
            delete(external_identities).where(external_identities.c.account_id == account_id)
        )
        await self._connection.execute(delete(role_grants).where(role_grants.c.account_id == account_id))
        await self._connection.execute(delete(sign_ins).where(sign_ins.c.account_id == account_id))
        await self._connection.execute(delete(idempotency).where(idempotency.c.principal == str(account_id)))
        await self._connection.execute(
            update(accounts)
            .where(accounts.c.account_id == account_id)
            .values(
                # The number is free again, and nothing leads from it to this row.
                phone_index=os.urandom(32),
                phone_sealed=_NOBODY,
                phone_last_digits="",
                display_name="",
                version=accounts.c.version + 1,
            )
        )

    async def own_rows(self, account_id: UUID) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what identity keeps of a person beside their number, without digests, seals and keys."""
        whose = {
            "account": (accounts, accounts.c.account_id),
            "driver": (drivers, drivers.c.driver_id),
            "documents": (driver_documents, driver_documents.c.driver_id),
            "sessions": (sign_ins, sign_ins.c.account_id),
            "roles": (role_grants, role_grants.c.account_id),
            "external_identities": (external_identities, external_identities.c.account_id),
        }
        found: dict[str, Sequence[Mapping[str, Any]]] = {}
        for name, (table, owner) in whose.items():
            told = [column for column in table.c if not column.name.endswith(("_sealed", "_index", "_sha256"))]
            query = select(*told).where(owner == account_id).order_by(*table.primary_key.columns).limit(_MOST_ROWS)
            found[name] = [dict(row) for row in (await self._connection.execute(query)).mappings()]
        return found


def _values(erasure: Erasure) -> dict[str, Any]:
    return {
        "requested_at": erasure.requested_at,
        "due_at": erasure.due_at,
        "next_attempt_at": erasure.next_attempt_at,
        "erased_services": list(erasure.erased_services),
        "attempts": erasure.attempts,
        "last_error": erasure.last_error,
        "completed_at": erasure.completed_at,
    }


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(
        row.account_id,
        row.requested_at,
        row.due_at,
        row.next_attempt_at,
        tuple(row.erased_services),
        row.attempts,
        row.last_error,
        row.completed_at,
    )
