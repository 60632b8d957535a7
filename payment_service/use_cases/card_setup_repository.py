"""The set-ups of cards, as the store keeps them."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from payment_service.domain.card_setup import CardSetup


class CardSetups(Protocol):
    """Set-ups of cards. One changes only under the lock of its open operation and of its rider's cards."""

    async def insert(self, setup: CardSetup) -> None: ...

    async def get(self, setup_id: UUID) -> CardSetup:
        """Return a set-up; `setup_not_found` (NotFound)."""
        ...

    async def save(self, setup: CardSetup) -> None: ...
