"""Addresses that are not written to any more, and what operators lifted of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel

SUPPRESSED_CHANNELS = frozenset({Channel.SMS, Channel.VOICE, Channel.EMAIL})
"""Those with an address that can be dead; a dead device is removed instead."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person's address of a channel, what was said of it, who said it and when."""

    account_id: UUID
    channel: Channel
    reason: str
    provider: str
    suppressed_at: datetime


@dataclass(frozen=True, slots=True)
class LiftedSuppression:
    """A suppression as it was, and who lifted it why."""

    suppression: Suppression
    lifted_at: datetime
    operator_id: UUID
    reason: str
