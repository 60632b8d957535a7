"""What promotions need beside the ports of rides: their rows within a transaction, and reads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.promotion import Promotion, Redemption
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.money import Money


class PromotionRows(Protocol):
    """Promotions, and who redeemed them, within a transaction. The database counts redemptions and uses itself."""

    async def add(self, promotion: Promotion) -> None:
        """Store a new promotion; Conflict `promotion_code_taken` where another one has, or had, its code."""
        ...

    async def lock(self, promotion_id: UUID) -> Promotion | None:
        """Return a promotion and keep others from changing it."""
        ...

    async def save_end(self, promotion: Promotion) -> None:
        """Store that a locked promotion was ended."""
        ...

    async def by_code(self, code: str) -> Promotion | None: ...

    async def redeem(self, promotion_id: UUID, rider_id: UUID, now: datetime) -> None:
        """Put a promotion on a rider's account.

        What the database refuses is a Conflict: `promotion_used_up`, `promotion_ended`, `promotion_redeemed`.
        """
        ...

    async def redemption(self, promotion_id: UUID, rider_id: UUID) -> Redemption | None: ...

    async def has_ridden(self, rider_id: UUID) -> bool:
        """Tell whether a rider has a ride, under way or made; one that came to nothing is none."""
        ...

    async def count_try(self, rider_id: UUID, now: datetime) -> float | None:
        """Count that a rider tries a code; where that is too often, return for how many seconds."""
        ...

    async def forgive_try(self, rider_id: UUID) -> None:
        """Take back a try that was none: the code was right."""
        ...


class PromotionTransaction(Protocol):
    """One transaction of promotions."""

    @property
    def promotions(self) -> PromotionRows: ...

    async def claim(self, request: RequestKey) -> bytes | None:
        """See `store_ports.Transaction.claim`."""
        ...

    async def complete(self, answer: bytes) -> None:
        """See `store_ports.Transaction.complete`."""
        ...


class PromotionStore(Protocol):
    """The service's own store, as far as promotions go."""

    def transaction(self) -> AbstractAsyncContextManager[PromotionTransaction]:
        """Run a block in one transaction: committed at its end, rolled back when it raises."""
        ...


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """A promotion and what became of it: rides that have it, under way or made, and what it took off these so far."""

    promotion: Promotion
    use_count: int
    taken_off: Money


class UsablePromotions(Protocol):
    """What prices need to know of promotions."""

    async def usable(self, rider_id: UUID, city: str, currency_code: str, now: datetime) -> Sequence[Promotion]:
        """Return the promotions in force that a rider has a use left of for rides in a city; a bounded number."""
        ...


class PromotionReader(UsablePromotions, Protocol):
    """Reads that change nothing. Lists are newest first."""

    async def get(self, promotion_id: UUID) -> PromotionRecord | None: ...

    async def page(self, limit: int, before: UUID | None) -> list[PromotionRecord]: ...

    async def redeemed(self, rider_id: UUID, limit: int) -> list[Redemption]:
        """Return what is on a rider's account."""
        ...
