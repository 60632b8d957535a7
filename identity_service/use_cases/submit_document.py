"""Take in a driver's document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from identity_service.domain.documents import MOST_OPEN, Document, DocumentKind, submitted
from identity_service.domain.texts import clean_text
from identity_service.use_cases.answers import dump_json, load_json
from identity_service.use_cases.ports import Request, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import IdSource

MOST_DOCUMENTS = 100


class SubmitDocument:
    """Keeps a document for review, its number and bytes sealed."""

    def __init__(self, store: Store, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def __call__(
        self, driver_id: UUID, request_id: str, kind: DocumentKind, number: str, expires_on: date | None, content: bytes
    ) -> Document:
        """Return the document as it stands; the same request submits it once.

        Raises:
            NotFound: `driver_not_found`, the person has not applied.
            InvalidInput: `document_type_refused`, `document_too_large`, `document_expired`, `invalid_argument`.
            Conflict: `too_many_documents` await a review, `idempotency_key_reused`.
        """
        document = submitted(self._new_id(), driver_id, kind, number, expires_on, content, self._clock.now())
        fields = (kind.value, number, str(expires_on or ""), document.content_sha256)
        request = Request(str(driver_id), "SubmitDocument", request_id, fields)
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                known = UUID(load_json(kept)["document_id"])
                found = await transaction.documents.of_driver(driver_id, MOST_DOCUMENTS)
                return next((item for item in found if item.document_id == known), document)
            # The driver's lock makes submissions of one driver queue, so that the bound holds.
            if await transaction.drivers.find(driver_id, lock=True) is None:
                raise NotFound("driver_not_found", "there is no such driver: apply first")
            if await transaction.documents.count_open(driver_id) >= MOST_OPEN:
                raise Conflict("too_many_documents", f"{MOST_OPEN} documents await a review already")
            if not await transaction.documents.add(document, clean_text("number", number), content):
                raise NotFound("driver_not_found", "there is no such driver")
            await transaction.requests.keep(request, dump_json({"document_id": document.document_id}))
        return document

    async def of_driver(self, driver_id: UUID) -> Sequence[Document]:
        """Return a driver's documents, the newest first; at most a hundred."""
        async with self._store.transaction() as transaction:
            return await transaction.documents.of_driver(driver_id, MOST_DOCUMENTS)
