"""Campaigns: news of the operator's for many people, told page by page.

Each person's message has an event id of its own, made of the campaign and the account, so that a page which is told
twice reaches nobody twice. Whom their own wishes, quiet hours or another campaign of the day keep from it, planning
decides. Telling is quick, sending takes its time: a campaign that is stopped has its news sent to nobody else, whoever
was told of them by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from notification_service.domain.facts import Happening, PromotionFact
from shared_kernel.errors import Conflict

MOST_RUNNING = 20
PAGE_ACCOUNTS = 200
LEASE = timedelta(seconds=60)
"""How long a page may take; after that another worker takes it up."""


class CampaignState(StrEnum):
    """Where a campaign stands; the names are those of the contract's CampaignState."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class AudienceRole(StrEnum):
    """Who is told; the names are those of the contract's CampaignAudience."""

    RIDERS = "riders"
    DRIVERS = "drivers"


@dataclass(frozen=True, slots=True)
class Sighting:
    """An account was seen as a rider or a driver, in a city or, where that is empty, at all."""

    account_id: UUID
    role: AudienceRole
    city: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """News, and how far they have come: all accounts up to `told_to` were told.

    `texts` are (title, body) by language.
    """

    campaign_id: UUID
    texts: Mapping[str, tuple[str, str]]
    audience: AudienceRole
    city: str
    starts_at: datetime
    created_at: datetime
    state: CampaignState = CampaignState.RUNNING
    told_to: UUID | None = None
    told_count: int = 0

    def event_for(self, account_id: UUID) -> tuple[UUID, PromotionFact]:
        """Return the fact for one person, and the id by which it is known."""
        fact = PromotionFact(Happening.PROMOTION, self.campaign_id, account_id, self.texts)
        return uuid5(self.campaign_id, account_id.hex), fact


def over() -> Conflict:
    """Make the error of a campaign that cannot be stopped any more."""
    return Conflict("campaign_over", "the campaign's news were sent to everybody, or it was stopped before")
