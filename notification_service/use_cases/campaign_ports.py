"""What campaigns need of the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from notification_service.domain.campaigns import Campaign, Sighting


class CampaignStore(Protocol):
    """Campaigns and whom they may reach."""

    async def taken_in(self, event_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of some events that were taken in before."""
        ...

    async def see(self, sightings: Sequence[Sighting]) -> None:
        """Remember accounts as riders or drivers; those known before change nothing."""
        ...

    async def add(self, campaign: Campaign, request_id: str, created_by: str) -> Campaign:
        """Store a campaign; the same key returns the first one.

        Raises:
            Conflict: `too_many_campaigns`; `idempotency_key_reused`.
        """
        ...

    async def stop(self, campaign_id: UUID) -> Campaign | None:
        """Stop a campaign that runs, or whose news are not all sent: what of it waits is dropped when its turn comes.

        None where there is none; Conflict `campaign_over`.
        """
        ...

    async def page(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[Campaign]: ...

    async def claim(self, now: datetime, lease: timedelta) -> Campaign | None:
        """Return a campaign that has somebody to tell, for the time of a lease."""
        ...

    async def audience(self, campaign: Campaign, limit: int) -> Sequence[UUID]:
        """Return the next accounts that it is for, in the order of their ids."""
        ...

    async def told(self, campaign: Campaign, accounts: Sequence[UUID], now: datetime, *, is_last: bool) -> None:
        """Note that the next accounts were told; nothing where somebody else noted it, or it was stopped."""
        ...
