"""Withdrawals, as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from payment_service.domain.withdrawal import Withdrawal


class Withdrawals(Protocol):
    """What riders withdrew; never changed itself: how a part stands is told by its refund."""

    async def insert(self, withdrawal: Withdrawal) -> None:
        """Write a withdrawal and its parts, whose refunds are written already."""
        ...

    async def list_of(self, rider_id: UUID, limit: int, before: UUID | None) -> Sequence[Withdrawal]:
        """Return a rider's withdrawals, newest first, those before one if it is named."""
        ...

    async def get(self, withdrawal_id: UUID) -> Withdrawal: ...
