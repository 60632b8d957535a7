"""From a fact to the messages owed: the matrix, applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notification_service.domain.cases import holds
from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.facts import (
    CodeFact,
    ComplaintFact,
    Fact,
    Happening,
    MoneyFact,
    OfferFact,
    PersonFact,
    PromotionFact,
    RatingFact,
    ReceiptFact,
    RideFact,
    SafetyFact,
    ShiftFact,
)
from notification_service.domain.live import live_event
from notification_service.domain.matrix import Audience, Collapse, Row, rows_of
from notification_service.domain.words import Word, words_of


@dataclass(frozen=True, slots=True)
class Message:
    """One message owed to one account, or to numbers that are no account's (`account_id` is None).

    `live_type` and `live_data` are what a connected app is sent; `template` and `context` make the words, and a message
    without a template is for the live stream alone. `expires_at` ends its life earlier than `life` does. `ride_version`
    counts the news of a ride; it is 0 for what is not one of them, and then waits for none and is overtaken by none.
    """

    account_id: UUID | None
    topic: Happening
    priority: Priority
    life: timedelta
    legs: tuple[Leg, ...]
    audience: Audience
    ride_id: UUID | None = None
    ride_version: int = 0
    expires_at: datetime | None = None
    collapse_key: str = ""
    live_type: str = ""
    live_data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    template: str = ""
    context: Mapping[str, Word] = field(default_factory=dict[str, Word])
    campaign_id: UUID | None = None

    def ends_at(self, happened_at: datetime | None, now: datetime) -> datetime:
        """Return when nobody has a use for it any more.

        Its life begins with what it tells of, however late that is heard of; now, where the time is not known or, by
        another's clock, is yet to come.
        """
        begins_at = min(happened_at or now, now)
        return min(begins_at + self.life, self.expires_at or begins_at + self.life)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels it may go by."""
        return tuple(leg.channel for leg in self.legs)

    @property
    def spoken(self) -> tuple[Channel, ...]:
        """Those that carry words."""
        return tuple(channel for channel in self.channels if self.template and channel is not Channel.STREAM)


def messages_for(fact: Fact) -> list[Message]:
    """Return the messages owed for a fact, at most one an account."""
    messages: list[Message] = []
    done: set[Audience] = set()
    told: set[UUID] = set()
    for row in rows_of(fact.happening):
        if row.to in done or not holds(row.case, fact):
            continue
        done.add(row.to)
        account_id = _account(fact, row.to)
        if account_id is None and row.to not in (Audience.PHONE, Audience.MAILBOX, Audience.CONTACTS):
            continue
        if account_id is not None:
            # A driver who is also the former one is told once.
            if account_id in told:
                continue
            told.add(account_id)
        messages.append(message_of(fact, row, account_id))
    return messages


def message_of(fact: Fact, row: Row, account_id: UUID | None) -> Message:
    """Return the message that a row makes of a fact."""
    live_type, live_data = live_event(fact, for_rider=row.to is Audience.RIDER)
    ride_id = _ride(fact)
    return Message(
        account_id=account_id,
        topic=fact.happening,
        priority=row.priority,
        life=row.life,
        legs=row.legs,
        audience=row.to,
        ride_id=ride_id,
        ride_version=fact.version if isinstance(fact, RideFact | OfferFact) else 0,
        expires_at=_end(fact),
        collapse_key=_collapse_key(fact, row.collapse),
        live_type=live_type,
        live_data=live_data,
        template=row.words,
        context=words_of(fact, for_rider=row.to is Audience.RIDER) if row.words else {},
        campaign_id=fact.campaign_id if isinstance(fact, PromotionFact) else None,
    )


def _account(fact: Fact, audience: Audience) -> UUID | None:
    match fact, audience:
        case RideFact(), Audience.RIDER:
            return fact.rider_id
        case RideFact(), Audience.DRIVER:
            return fact.driver.driver_id if fact.driver else None
        case RideFact(), Audience.FORMER_DRIVER:
            return fact.former_driver_id
        case ReceiptFact() | SafetyFact() | ComplaintFact() | RatingFact(), Audience.RIDER:
            return fact.rider_id
        case OfferFact() | ShiftFact(), Audience.DRIVER:
            return fact.driver_id
        case ((PersonFact() | MoneyFact() | PromotionFact()), _):
            return fact.account_id
        case _:
            return None


def _ride(fact: Fact) -> UUID | None:
    match fact:
        case RideFact() | OfferFact() | ReceiptFact() | SafetyFact() | MoneyFact() | ComplaintFact() | RatingFact():
            return fact.ride_id
        case _:
            return None


def _end(fact: Fact) -> datetime | None:
    """Return when nobody has a use for a fact any more, where that is not the matrix's to say."""
    # An offer nobody can accept any more is not worth showing; that it is over is.
    if isinstance(fact, CodeFact) or (isinstance(fact, OfferFact) and fact.happening is Happening.OFFER_CREATED):
        return fact.expires_at
    return None


def _collapse_key(fact: Fact, collapse: Collapse) -> str:
    match fact:
        case RideFact() if collapse is Collapse.RIDE:
            return f"ride:{fact.ride_id}"
        case OfferFact() if collapse is Collapse.OFFER:
            return f"offer:{fact.offer_id}"
        case _:
            return ""
