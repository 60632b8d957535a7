"""Disputes, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.dispute import Dispute, DisputeStatus


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Which disputes; what is None does not matter."""

    ride_id: UUID | None = None
    payment_id: UUID | None = None
    status: DisputeStatus | None = None


class Disputes(Protocol):
    """Disputes. Who changes one holds the lock of its payment."""

    async def insert(self, dispute: Dispute) -> None: ...

    async def get(self, dispute_id: UUID) -> Dispute | None: ...

    async def lock(self, dispute_id: UUID) -> Dispute | None:
        """Return a dispute, locked until the end of the transaction."""
        ...

    async def lock_seen(self, psp_dispute_id: str) -> Dispute | None:
        """Return the dispute that the PSP names so, locked until the end of the transaction."""
        ...

    async def save(self, dispute: Dispute) -> None:
        """Write a changed dispute over the version before it."""
        ...

    async def statuses_of_payment(self, payment_id: UUID) -> Sequence[DisputeStatus]: ...

    async def known(self, psp_dispute_ids: Sequence[str]) -> Mapping[str, DisputeStatus]:
        """Return where those of these disputes stand that are known."""
        ...

    async def due_for_a_look(self, now: datetime, until: datetime, limit: int) -> Sequence[Dispute]:
        """Return disputes that the PSP is to be asked about, and put the next look of each off until a time."""
        ...

    async def page(self, which: DisputeFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Dispute]:
        """Return disputes, newest first, after the (created_at, id) of the last page."""
        ...
