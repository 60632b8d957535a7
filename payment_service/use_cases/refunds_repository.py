"""Refunds, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.refund import Refund, RefundStatus


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds; what is None does not matter."""

    rider_id: UUID | None = None
    ride_id: UUID | None = None
    payment_id: UUID | None = None
    status: RefundStatus | None = None


class Refunds(Protocol):
    """Refunds. Who changes one holds the lock of its payment."""

    async def insert(self, refund: Refund) -> None: ...

    async def get(self, refund_id: UUID) -> Refund | None: ...

    async def lock(self, refund_id: UUID) -> Refund | None:
        """Return a refund, locked until the end of the transaction."""
        ...

    async def lock_seen(self, refund_id: UUID | None, psp_refund_id: str) -> Refund | None:
        """Return the refund with our id or with the PSP's, locked until the end of the transaction."""
        ...

    async def save(self, refund: Refund) -> None:
        """Write a changed refund over the version before it."""
        ...

    async def of_payments(self, payment_ids: Sequence[UUID]) -> Sequence[Refund]:
        """Return all refunds of payments, oldest first."""
        ...

    async def due_for_a_look(self, now: datetime, until: datetime, limit: int) -> Sequence[Refund]:
        """Return refunds that the PSP is to be asked about, and put the next look of each off until a time."""
        ...

    async def page(self, which: RefundFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Refund]:
        """Return refunds, newest first, after the (created_at, id) of the last page."""
        ...
