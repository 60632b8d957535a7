"""Decide on a driver."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.actors import ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.documents import DocumentKind, DocumentStatus
from identity_service.domain.drivers import Driver, DriverStatus
from identity_service.domain.events import DriverStatusChanged
from identity_service.use_cases.answers import dump, load_driver
from identity_service.use_cases.ports import Request, Store, Transaction
from shared_kernel.errors import Conflict, NotFound


def act_on_driver(staff: ActingStaff, before: Driver, after: Driver) -> Act:
    """Name a decision on a driver for the audit log: approved, rejected, suspended, or restored after a suspension."""
    restored = before.status is DriverStatus.SUSPENDED and after.status is DriverStatus.APPROVED
    word = "restored" if restored else after.status.value
    return Act(staff, f"driver_{word}", "driver", str(after.driver_id), after.status_reason)


class SetDriverStatus:
    """Approves, rejects, suspends or restores a driver."""

    def __init__(self, store: Store, required: frozenset[DocumentKind] = frozenset()) -> None:
        """Take the kinds of documents without which nobody is approved."""
        self._store = store
        self._required = required

    async def __call__(
        self, staff: ActingStaff, request_id: str, driver_id: UUID, status: DriverStatus, reason: str
    ) -> Driver:
        """Return the driver after the decision; where the status stands already, nothing changes.

        Raises:
            NotFound: `driver_not_found`.
            Conflict: `invalid_transition`, `documents_missing`, `idempotency_key_reused`.
            InvalidInput: `invalid_argument`.
        """
        request = Request(staff.actor_id, "SetDriverStatus", request_id, (str(driver_id), status.value, reason))
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                return load_driver(kept)
            driver = await transaction.drivers.find(driver_id, lock=True)
            if driver is None:
                raise NotFound("driver_not_found", "there is no such driver")
            if status is DriverStatus.APPROVED and driver.status is not status:
                await self._check_documents(transaction, driver_id)
            decided = driver.decided(status, reason)
            if decided is not driver:
                await transaction.drivers.save(decided)
                await transaction.record(
                    DriverStatusChanged(driver_id, decided.version, decided.status, decided.status_reason)
                )
            await transaction.requests.keep(request, dump(decided))
            if decided is not driver:
                await transaction.audit.append(act_on_driver(staff, driver, decided))
        return decided

    async def _check_documents(self, transaction: Transaction, driver_id: UUID) -> None:
        if not self._required:
            return
        accepted = await transaction.documents.of_driver(driver_id, len(DocumentKind), DocumentStatus.ACCEPTED)
        missing = self._required - {document.kind for document in accepted}
        if missing:
            names = ", ".join(sorted(missing))
            raise Conflict(
                "documents_missing", f"not accepted yet: {names}", metadata={"kinds": names.replace(" ", "")}
            )
