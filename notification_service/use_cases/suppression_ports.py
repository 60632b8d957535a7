"""What listing and lifting suppressions needs of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.suppression import LiftedSuppression, Suppression


class SuppressionPlace(NamedTuple):
    """Where a page ended."""

    at: datetime
    account_id: UUID
    channel: Channel


class Suppressions(Protocol):
    """Addresses that are not written to, and what was lifted of them."""

    async def all(
        self, account_id: UUID | None, limit: int, before: SuppressionPlace | None
    ) -> Sequence[Suppression]: ...

    async def lifted(
        self, account_id: UUID | None, limit: int, before: SuppressionPlace | None
    ) -> Sequence[LiftedSuppression]: ...

    async def lift(
        self, request_id: str, operator_id: UUID, account_id: UUID, channel: Channel, reason: str, now: datetime
    ) -> LiftedSuppression | None:
        """Lift a suppression and keep who did it, once a request; None where there is none.

        Raises Conflict `idempotency_key_reused`.
        """
        ...
