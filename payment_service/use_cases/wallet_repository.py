"""What the store tells of riders' wallets, and keeps of what operators changed in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.ledger import Balance
from payment_service.domain.wallet import WalletEntry


class Wallets(Protocol):
    """Riders' accounts, read."""

    async def balances_of(self, rider_id: UUID) -> Sequence[Balance]:
        """Return the balances of a rider's accounts in all currencies; an account that nothing came to is left out."""
        ...

    async def entries_of(self, rider_id: UUID, limit: int, before: tuple[UUID, int] | None) -> Sequence[WalletEntry]:
        """Return lines of wallet and credit, newest first, those before a posting (entry, seq) if one is named."""
        ...


class Adjustments(Protocol):
    """What operators changed in riders' accounts; never changed itself."""

    async def insert(self, adjustment: RiderAdjustment) -> None: ...

    async def list_of(
        self, kinds: Collection[AdjustmentKind], rider_id: UUID | None, limit: int, before: UUID | None
    ) -> Sequence[RiderAdjustment]:
        """Return adjustments of these kinds, of one rider or all, newest first, those before one if it is named."""
        ...
