"""What time does to documents: warn, then end them and suspend their drivers."""

from __future__ import annotations

from identity_service.domain.actors import POLICY
from identity_service.domain.documents import Document, DocumentStatus
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.events import DocumentExpired, DocumentExpiring, DriverStatusChanged
from identity_service.use_cases.ports import Store, Transaction
from identity_service.use_cases.set_driver_status import act_on_driver
from shared_kernel.clock import Clock


class EndDocuments:
    """Works the timers off, one document a transaction; a timer is a row, so no restart drops one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def one(self) -> bool:
        """Work one timer off; False if none is due."""
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            document = await transaction.documents.claim_due(now)
            if document is None or document.expires_on is None:
                return False
            later = document.after_timer(now)
            await transaction.documents.save(later)
            if later.status is DocumentStatus.EXPIRED:
                await transaction.record(
                    DocumentExpired(later.document_id, later.version, later.driver_id, later.kind, document.expires_on)
                )
                await _suspend(transaction, later)
            else:
                await transaction.record(
                    DocumentExpiring(later.document_id, later.version, later.driver_id, later.kind, document.expires_on)
                )
        return True


async def _suspend(transaction: Transaction, document: Document) -> None:
    driver = await transaction.drivers.find(document.driver_id, lock=True)
    if driver is None or driver.status is not DriverStatus.APPROVED:
        return
    suspended = driver.decided(DriverStatus.SUSPENDED, f"document expired: {document.kind.value}", "documents")
    await transaction.drivers.save(suspended)
    await transaction.record(
        DriverStatusChanged(driver.driver_id, suspended.version, suspended.status, suspended.status_reason)
    )
    await transaction.audit.append(act_on_driver(POLICY, driver, suspended))
