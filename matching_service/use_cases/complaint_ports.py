"""What complaints need beside the ports of rides: their rows, the refunds that are owed, and payment_service."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.complaint import Complaint, ComplaintState, RefundDecision
from matching_service.domain.events import Event
from matching_service.domain.ride import Ride
from matching_service.use_cases.store_ports import RequestKey


class ComplaintRows(Protocol):
    """Complaints within a transaction."""

    async def count(self, ride_id: UUID) -> int:
        """Count the complaints of a locked ride."""
        ...

    async def add(self, complaint: Complaint) -> None:
        """Store a new complaint; Conflict `complaint_open` where another one of the ride is not decided."""
        ...

    async def lock(self, complaint_id: UUID) -> Complaint | None:
        """Return a complaint and keep others from changing it."""
        ...

    async def save(self, complaint: Complaint) -> None:
        """Store a locked complaint after its move; a refund that is owed is tried by who decided it, for a while."""
        ...


class ComplaintTransaction(Protocol):
    """One transaction of complaints. The ride is locked before its complaint."""

    @property
    def complaints(self) -> ComplaintRows: ...

    async def claim(self, request: RequestKey) -> bytes | None:
        """See `store_ports.Transaction.claim`."""
        ...

    async def complete(self, answer: bytes) -> None:
        """See `store_ports.Transaction.complete`."""
        ...

    async def lock_ride(self, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride | None:
        """See `store_ports.Transaction.lock_ride`."""
        ...

    async def tell(self, event: Event) -> None:
        """See `store_ports.Transaction.tell`."""
        ...


class ComplaintStore(Protocol):
    """The service's own store, as far as complaints go."""

    def transaction(self) -> AbstractAsyncContextManager[ComplaintTransaction]:
        """Run a block in one transaction: committed at its end, rolled back when it raises."""
        ...


class ComplaintReader(Protocol):
    """Reads that change nothing. Lists are newest first."""

    async def get(self, complaint_id: UUID) -> Complaint | None: ...

    async def of_ride(self, ride_id: UUID, rider_id: UUID) -> list[Complaint]:
        """Return a rider's complaints of a ride."""
        ...

    async def page(self, limit: int, before: UUID | None, state: ComplaintState | None) -> list[Complaint]: ...


@dataclass(frozen=True, slots=True)
class OwedRefund:
    """A refund that payment_service is to be asked for; `attempts` were made before."""

    complaint: Complaint
    attempts: int


class RefundQueue(Protocol):
    """The refunds that are owed; a row each, so that a restart drops none."""

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedRefund]:
        """Lease refunds that are due to this replica; others skip them until the lease is over."""
        ...

    async def postpone(self, complaint_id: UUID, until: datetime, error: str) -> None:
        """Give the lease back after an attempt without an outcome; nothing happens if the complaint moved on."""
        ...


class RefundStatus(StrEnum):
    """Where payment_service says that a refund stands."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """A refund that payment_service has."""

    refund_id: UUID
    status: RefundStatus
    failure_reason: str = ""


class Refunds(Protocol):
    """payment_service. Errors are DomainErrors; Unknown and Unavailable ask to call again with the same key."""

    async def refund(
        self, key: str, ride_id: UUID, decision: RefundDecision, reason: str, timeout_seconds: float
    ) -> RefundOutcome: ...
