"""Webhooks: what programs of the operator's and of partners are told of, how it is written, and when it is tried again.

They are told what happened and to whom by ids alone: no name, number, PIN or place. Whoever may know more asks for it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from notification_service.domain.facts import (
    ComplaintFact,
    Fact,
    Happening,
    MoneyFact,
    PersonFact,
    ReceiptFact,
    RideFact,
    SafetyFact,
    ShiftFact,
)
from notification_service.domain.safety import Sos
from shared_kernel.ids import to_public_id
from shared_kernel.money import Money

MAX_ENDPOINTS = 20
MOST_UNDER_WAY = 8
"""At one endpoint: one that hangs keeps nobody else's waiting."""
LEASE = timedelta(seconds=60)
PATIENCE_SECONDS = 15.0
_WAITS_SECONDS = (5.0, 30.0, 120.0, 600.0, 3_600.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Between the attempts: ten in 29 hours, so that a receiver may be down for a night."""
MAX_ATTEMPTS = len(_WAITS_SECONDS) + 1
_GONE = 410

_NOT_TOLD = frozenset(
    {
        Happening.ONE_TIME_CODE,
        Happening.NEW_DEVICE,
        Happening.SIGN_IN_STOLEN,
        Happening.OFFER_CREATED,
        Happening.OFFER_CLOSED,
        Happening.TRIP_SHARED,
        Happening.RIDE_RATING_DUE,
        Happening.PROMOTION,
    }
)
TOPICS = frozenset(happening.value for happening in Happening if happening not in _NOT_TOLD)
"""What an endpoint may ask for."""


class WebhookState(StrEnum):
    """Where a webhook stands; all but pending are ends, though each may be replayed."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks are posted. `topics` are those it is told of; none: all. `secret` is what they are signed with,
    empty where nothing is to be signed."""

    endpoint_id: UUID
    url: str
    topics: frozenset[str]
    secret: str
    created_at: datetime
    disabled_because: str = ""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something that happened, as it will be posted to each endpoint that wants it; `key` makes it one of its kind."""

    key: str
    topic: str
    body: Mapping[str, Any]
    trace: str = ""
    """Where the telemetry of what happened goes on."""


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """A claimed webhook: the how-manieth attempt, where to, and what is signed and posted."""

    webhook_id: UUID
    endpoint: Endpoint
    attempts: int
    payload: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What the receiver answered; `status` is 0 where nobody did, and then `error` says why."""

    status: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class WebhookOutcome:
    """What follows an attempt."""

    state: WebhookState
    status: int
    error: str
    next_attempt_at: datetime | None = None
    gone: bool = False
    """The receiver says that the endpoint is no more: it is not posted to again."""


def after_posting(webhook: DueWebhook, posted: Posted, now: datetime, jitter: random.Random) -> WebhookOutcome:
    """Judge an answer as Standard Webhooks asks: 2xx took it, 410 wants no more, all else is tried again."""
    if 200 <= posted.status < 300:
        return WebhookOutcome(WebhookState.SENT, posted.status, "")
    error = posted.error or f"status_{posted.status}"
    if posted.status == _GONE:
        return WebhookOutcome(WebhookState.FAILED, posted.status, error, gone=True)
    if webhook.attempts >= MAX_ATTEMPTS:
        return WebhookOutcome(WebhookState.FAILED, posted.status, error)
    wait = _WAITS_SECONDS[webhook.attempts - 1] * jitter.uniform(0.9, 1.1)
    return WebhookOutcome(WebhookState.PENDING, posted.status, error, now + timedelta(seconds=wait))


def webhook_of(event_id: UUID, fact: Fact, now: datetime) -> WebhookEvent | None:
    """Write a fact as a webhook; None where nobody is told of such."""
    data = _data(fact)
    if data is None or fact.happening in _NOT_TOLD:
        return None
    return WebhookEvent(str(event_id), fact.happening.value, _body(fact.happening.value, data, now))


def webhook_of_sos(call: Sos) -> WebhookEvent:
    """Write a call for help; it alone says where, since somebody is to go there."""
    data = {
        "sos_id": to_public_id("sos", call.sos_id),
        "account_id": to_public_id("acct", call.account_id),
        "ride_id": _public("ride", call.ride_id),
        "latitude": call.latitude,
        "longitude": call.longitude,
        "contacts_written_to": call.contact_count,
    }
    topic = Happening.SOS_RAISED.value
    return WebhookEvent(str(call.sos_id), topic, _body(topic, data, call.raised_at))


def _body(topic: str, data: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    return {"type": topic, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}


def _data(fact: Fact) -> dict[str, Any] | None:  # noqa: PLR0911 (an arm a kind of fact)
    match fact:
        case RideFact():
            return _ride(fact)
        case ReceiptFact():
            return {
                "ride_id": to_public_id("ride", fact.ride_id),
                "rider_id": to_public_id("acct", fact.rider_id),
                "funding": fact.funding,
                "captured": _money(fact.captured),
                "credit_used": _money(fact.credit_used),
                "receivable": _money(fact.receivable),
            }
        case MoneyFact():
            account_id, ride_id = to_public_id("acct", fact.account_id), _public("ride", fact.ride_id)
            return {"account_id": account_id, "ride_id": ride_id, "amount": _money(fact.amount)}
        case ComplaintFact():
            # What the operator answered is the rider's to read.
            return {
                "complaint_id": to_public_id("cmpl", fact.complaint_id),
                "ride_id": to_public_id("ride", fact.ride_id),
                "rider_id": to_public_id("acct", fact.rider_id),
                "outcome": fact.outcome,
            }
        case SafetyFact():
            return {
                "ride_id": to_public_id("ride", fact.ride_id),
                "rider_id": to_public_id("acct", fact.rider_id),
                "driver_id": _public("acct", fact.driver.driver_id if fact.driver else None),
            }
        case ShiftFact():
            return {"driver_id": to_public_id("acct", fact.driver_id), "reason": fact.reason}
        case PersonFact():
            account_id, until = to_public_id("acct", fact.account_id), fact.expires_on
            return {
                "account_id": account_id,
                "document": fact.document or None,
                "expires_on": until.isoformat() if until else None,
            }
        case _:
            return None


def _ride(fact: RideFact) -> dict[str, Any]:
    return {
        "ride_id": to_public_id("ride", fact.ride_id),
        "rider_id": to_public_id("acct", fact.rider_id),
        "driver_id": _public("acct", fact.driver.driver_id if fact.driver else None),
        "former_driver_id": _public("acct", fact.former_driver_id),
        "state": fact.state,
        "payment_state": fact.payment_state,
        "kind": fact.kind,
        "funding": fact.funding,
        "version": fact.version,
        "reason": fact.reason or None,
        "fee": _money(fact.fee) if fact.fee else None,
    }


def _public(prefix: str, value: UUID | None) -> str | None:
    return to_public_id(prefix, value) if value else None


def _money(money: Money) -> dict[str, Any]:
    return {"currency_code": money.currency_code, "amount_minor": money.amount_minor}
