"""Documents of drivers in Postgres: found by id alone, their numbers and bytes sealed with the driver's own key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PhoneVault
from identity_service.adapters.driver_tables import driver_documents as documents
from identity_service.adapters.driver_tables import drivers
from identity_service.adapters.postgres_person_keys import PostgresPersonKeys
from identity_service.domain.documents import Document, DocumentKind, DocumentStatus

_SEALED = ("number_sealed", "content_sealed")
_COLUMNS = tuple(column for column in documents.c if column.name not in _SEALED)


class PostgresDocuments:
    """Documents as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._keys = PostgresPersonKeys(connection, vault)

    async def add(self, document: Document, number: str, content: bytes) -> bool:
        """Add a document; False if its driver was erased."""
        vault = await self._keys.find_or_add(document.driver_id, document.submitted_at)
        if vault is None:
            return False
        await self._connection.execute(
            insert(documents).values(
                document_id=document.document_id,
                driver_id=document.driver_id,
                kind=document.kind.value,
                status=document.status.value,
                number_sealed=vault.seal("document number", number.encode(), document.document_id),
                number_last_digits=document.number_last_digits,
                expires_on=document.expires_on,
                reason=document.reason,
                content_type=document.content_type,
                size_bytes=document.size_bytes,
                content_sha256=document.content_sha256,
                content_sealed=vault.seal("document", content, document.document_id),
                submitted_at=document.submitted_at,
                version=document.version,
            )
        )
        return True

    async def of_driver(
        self, driver_id: UUID, at_most: int, status: DocumentStatus | None = None
    ) -> Sequence[Document]:
        """Return a driver's documents, the newest first."""
        query = select(*_COLUMNS).where(documents.c.driver_id == driver_id)
        if status is not None:
            query = query.where(documents.c.status == status.value)
        newest = query.order_by(documents.c.submitted_at.desc(), documents.c.document_id.desc()).limit(at_most)
        return [_document(row) for row in await self._connection.execute(newest)]

    async def count_open(self, driver_id: UUID) -> int:
        """Count a driver's documents that await a review."""
        query = select(func.count()).where(
            documents.c.driver_id == driver_id, documents.c.status == DocumentStatus.SUBMITTED.value
        )
        return int(await self._connection.scalar(query) or 0)

    async def lock(self, document_id: UUID) -> Document | None:
        """Return a document, locked."""
        query = select(*_COLUMNS).where(documents.c.document_id == document_id).with_for_update()
        row = (await self._connection.execute(query)).first()
        return _document(row) if row else None

    async def read(self, document_id: UUID) -> tuple[Document, str, bytes] | None:
        """Return a document with its number and bytes; None also where they cannot be opened any more."""
        row = (await self._connection.execute(select(documents).where(documents.c.document_id == document_id))).first()
        vault = await self._keys.find(row.driver_id) if row else None
        if row is None or vault is None:
            return None
        number = vault.open("document number", row.number_sealed, document_id).decode()
        return _document(row), number, vault.open("document", row.content_sealed, document_id)

    async def save(self, document: Document) -> None:
        """Write what a review or time changed."""
        await self._connection.execute(
            update(documents)
            .where(documents.c.document_id == document.document_id)
            .values(
                status=document.status.value,
                reason=document.reason,
                reviewed_at=document.reviewed_at,
                next_timer_at=document.next_timer_at,
                warned_at=document.warned_at,
                version=document.version,
            )
        )

    async def claim_due(self, now: datetime) -> Document | None:
        """Return a document whose timer is due, locked with its driver; those that others work on are passed over."""
        query = (
            select(*_COLUMNS)
            .join(drivers, drivers.c.driver_id == documents.c.driver_id)
            .where(documents.c.next_timer_at <= now)
            .order_by(documents.c.next_timer_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await self._connection.execute(query)).first()
        return _document(row) if row else None


def _document(row: Row[Any]) -> Document:
    return Document(
        document_id=row.document_id,
        driver_id=row.driver_id,
        kind=DocumentKind(row.kind),
        status=DocumentStatus(row.status),
        number_last_digits=row.number_last_digits,
        expires_on=row.expires_on,
        reason=row.reason,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        content_sha256=row.content_sha256,
        submitted_at=row.submitted_at,
        reviewed_at=row.reviewed_at,
        next_timer_at=row.next_timer_at,
        warned_at=row.warned_at,
        version=row.version,
    )
