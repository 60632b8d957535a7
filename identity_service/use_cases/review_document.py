"""Look at a driver's document and decide on it."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.actors import POLICY, ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.documents import Document, DocumentStatus
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.events import DocumentReviewed, DriverStatusChanged
from identity_service.use_cases.answers import dump_json
from identity_service.use_cases.ports import Request, Store, Transaction
from identity_service.use_cases.set_driver_status import act_on_driver
from identity_service.use_cases.submit_document import MOST_DOCUMENTS
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound

_RENEWED = "documents renewed"


class ReviewDocument:
    """Opens documents and accepts or rejects them; each look and each decision stands in the audit log."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def read(self, staff: ActingStaff, document_id: UUID) -> tuple[Document, str, bytes]:
        """Return a document with its number and its bytes.

        Raises:
            NotFound: `document_not_found`.
        """
        async with self._store.transaction() as transaction:
            found = await transaction.documents.read(document_id)
            if found is None:
                raise _not_found()
            await transaction.audit.append(
                Act(staff, "document_read", "document", str(document_id), "", {"driver_id": str(found[0].driver_id)})
            )
        return found

    async def __call__(
        self, staff: ActingStaff, request_id: str, document_id: UUID, status: DocumentStatus, reason: str
    ) -> Document:
        """Return the document after the decision.

        Raises:
            NotFound: `document_not_found`.
            Conflict: `invalid_transition`, `document_expired`, `idempotency_key_reused`.
            InvalidInput: `invalid_argument`, without a reason to reject.
        """
        now = self._clock.now()
        request = Request(staff.actor_id, "ReviewDocument", request_id, (str(document_id), status.value, reason))
        async with self._store.transaction() as transaction:
            repeated = await transaction.requests.claim(request) is not None
            document = await transaction.documents.lock(document_id)
            if document is None:
                raise _not_found()
            if repeated:
                return document
            reviewed = document.reviewed(status, reason, now)
            acts: list[Act] = []
            if reviewed is not document:
                # The driver's lock makes decisions on one driver's documents queue, so that one of a kind counts.
                await transaction.drivers.find(document.driver_id, lock=True)
                if status is DocumentStatus.ACCEPTED:
                    await _supersede_older(transaction, reviewed)
                await transaction.documents.save(reviewed)
                accepted = status is DocumentStatus.ACCEPTED
                await transaction.record(
                    DocumentReviewed(
                        document_id, reviewed.version, reviewed.driver_id, reviewed.kind, accepted, reviewed.reason
                    )
                )
                details = {"driver_id": str(reviewed.driver_id), "kind": reviewed.kind.value}
                acts.append(
                    Act(staff, f"document_{status.value}", "document", str(document_id), reviewed.reason, details)
                )
                if accepted:
                    acts += await _restore(transaction, reviewed.driver_id)
            await transaction.requests.keep(request, dump_json({}))
            for act in acts:
                await transaction.audit.append(act)
        return reviewed


async def _supersede_older(transaction: Transaction, accepted: Document) -> None:
    for older in await transaction.documents.of_driver(accepted.driver_id, MOST_DOCUMENTS):
        counts = older.status in (DocumentStatus.ACCEPTED, DocumentStatus.EXPIRED)
        if counts and older.kind is accepted.kind and older.document_id != accepted.document_id:
            await transaction.documents.save(older.superseded())


async def _restore(transaction: Transaction, driver_id: UUID) -> list[Act]:
    """Let a driver drive again who was suspended by documents, if none is expired any more."""
    driver = await transaction.drivers.find(driver_id, lock=True)
    if driver is None or driver.status is not DriverStatus.SUSPENDED or driver.suspended_by != "documents":
        return []
    if await transaction.documents.of_driver(driver_id, 1, DocumentStatus.EXPIRED):
        return []
    restored = driver.decided(DriverStatus.APPROVED, _RENEWED)
    await transaction.drivers.save(restored)
    await transaction.record(DriverStatusChanged(driver_id, restored.version, restored.status, restored.status_reason))
    return [act_on_driver(POLICY, driver, restored)]


def _not_found() -> NotFound:
    return NotFound("document_not_found", "there is no such document")
