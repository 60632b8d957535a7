"""From a fact to the messages owed: who is told, by which channels, and for how long it is worth telling.

The priorities are those of an on-call sheet: security first, then what somebody at the kerb waits for, then money. A
message that has outlived its life is dropped, not sent late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import (
    DriverFacts,
    EditFacts,
    Fact,
    Happening,
    OfferFact,
    ReceiptFact,
    RideFact,
    ShiftFact,
)
from shared_kernel.ids import to_public_id
from shared_kernel.money import Money

TRIP_LIFE = timedelta(minutes=2)
"""How long the news of a trip are worth sending; the state itself can be read at any time."""
MONEY_LIFE = timedelta(days=1)
SHIFT_LIFE = timedelta(hours=12)
"""A driver whose phone was off learns at the next look why no rides came."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message owed to one account.

    `live_type` and `live_data` are what a connected app is sent; `template` and `context` make the text for the inbox,
    and a message without a template is for the live stream alone. `expires_at` ends its life earlier than `life` does.
    """

    account_id: UUID
    topic: Happening
    priority: Priority
    life: timedelta
    ride_id: UUID | None
    ride_version: int
    expires_at: datetime | None = None
    collapse_key: str = ""
    live_type: str = ""
    live_data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    template: str = ""
    context: Mapping[str, str | int | Money] = field(default_factory=dict[str, str | int | Money])

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels it goes by: the stream for all, the inbox for what has words."""
        return (Channel.INBOX, Channel.STREAM) if self.template else (Channel.STREAM,)


def messages_for(fact: Fact) -> list[Message]:
    """Return the messages owed for a fact, at most one an account and topic."""
    match fact:
        case OfferFact():
            return [_offer_message(fact)]
        case ReceiptFact():
            return [_receipt_message(fact)]
        case ShiftFact():
            return _shift_messages(fact)
        case RideFact():
            return [*_for_rider(fact), *_for_driver(fact)]


def _driver_words(driver: DriverFacts | None) -> dict[str, str | int | Money]:
    if driver is None:
        return {"driver_name": "", "vehicle": "", "plate": ""}
    return {
        "driver_name": driver.display_name,
        "vehicle": f"{driver.vehicle_color} {driver.vehicle_model}",
        "plate": driver.vehicle_plate,
    }


def _coming_words(fact: RideFact) -> dict[str, str | int | Money]:
    return {
        **_driver_words(fact.driver),
        "start_pin": fact.start_pin,
        "pickup_eta_minutes": max(1, round((fact.pickup_eta_seconds or 0) / 60)),
    }


def _has_fee(fact: RideFact) -> bool:
    return fact.fee is not None and fact.fee.amount_minor > 0


def _canceled_words(fact: RideFact) -> dict[str, str | int | Money]:
    return {"fee": fact.fee} if fact.fee is not None and _has_fee(fact) else {}


_RIDER_TEMPLATES: Mapping[Happening, Callable[[RideFact], Mapping[str, str | int | Money]]] = {
    Happening.RIDE_PAYMENT_FAILED: lambda fact: {"funding": fact.funding, "reason": fact.reason},
    Happening.RIDE_REMINDED: lambda _: {},
    Happening.RIDE_REMATCHING: lambda fact: {"reason": fact.reason},
    Happening.RIDE_ASSIGNED: _coming_words,
    Happening.RIDE_DRIVER_SWAPPED: _coming_words,
    Happening.DRIVER_ARRIVED: lambda fact: {**_driver_words(fact.driver), "start_pin": fact.start_pin},
    Happening.RIDE_EDITED: lambda fact: _edit_words(fact.edit),
    Happening.RIDE_EDIT_CLOSED: lambda fact: _edit_words(fact.edit),
    Happening.RIDE_COMPLETED: lambda fact: {"funding": fact.funding},
    Happening.RIDE_CANCELED: _canceled_words,
    Happening.RIDE_NO_SHOW: _canceled_words,
    Happening.RIDE_UNMATCHED: lambda _: {},
}
# Of a delivery: to whoever ordered, who does not travel.
_ORDER_TEMPLATES: Mapping[Happening, Callable[[RideFact], Mapping[str, str | int | Money]]] = {
    **_RIDER_TEMPLATES,
    Happening.TRIP_STARTED: lambda fact: {**_driver_words(fact.driver), "hand_over_pin": fact.hand_over_pin},
    Happening.RIDE_RETURNING: lambda fact: {"failure": fact.reason},
    Happening.RIDE_RETURNED: _canceled_words,
}
_ORDER_WORDS = frozenset(
    {
        Happening.RIDE_ASSIGNED,
        Happening.DRIVER_ARRIVED,
        Happening.TRIP_STARTED,
        Happening.RIDE_COMPLETED,
        Happening.RIDE_RETURNING,
        Happening.RIDE_RETURNED,
        Happening.RIDE_NO_SHOW,
    }
)
"""Where an order is spoken of in words of its own."""
_DRIVER_TEMPLATES = frozenset(
    {
        Happening.RIDE_CANCELED,
        Happening.RIDE_DRIVER_SWAPPED,
        Happening.RIDE_EDIT_PROPOSED,
        Happening.RIDE_EDITED,
    }
)
_TAKEN_BACK = frozenset({"pickup_moved"})
"""Reasons of a driver's ride to be matched again that are not the driver's own."""
_TOLD_SHIFT_ENDS = frozenset({"silent", "break_over"})
_MONEY_TOPICS = frozenset({Happening.RIDE_PAYMENT_FAILED})


def _edit_words(edit: EditFacts | None) -> dict[str, str | int | Money]:
    if edit is None:
        return {}
    return {"fare": edit.fare, "reason": edit.reason, "added_minutes": max(0, round(edit.added_seconds / 60))}


_DRIVER_WORDS: Mapping[Happening, Callable[[RideFact], Mapping[str, str | int | Money]]] = {
    Happening.RIDE_EDIT_PROPOSED: lambda fact: _edit_words(fact.edit),
}


def _for_rider(fact: RideFact) -> list[Message]:
    of_order = fact.kind == "delivery"
    words = (_ORDER_TEMPLATES if of_order else _RIDER_TEMPLATES).get(fact.happening)
    whose = "order" if of_order and fact.happening in _ORDER_WORDS else "rider"
    # A rider who canceled knows; what the cancel cost is told.
    told = words is not None and not (fact.state == "canceled_by_rider" and not _has_fee(fact))
    return [
        Message(
            account_id=fact.rider_id,
            topic=fact.happening,
            priority=Priority.MONEY if fact.happening in _MONEY_TOPICS else Priority.TRIP_CRITICAL,
            life=MONEY_LIFE if fact.happening in _MONEY_TOPICS else TRIP_LIFE,
            ride_id=fact.ride_id,
            ride_version=fact.version,
            live_type="ride_updated",
            live_data=ride_updated(fact, for_rider=True),
            template=f"{whose}_{fact.happening}" if told else "",
            context=words(fact) if told and words is not None else {},
        )
    ]


def _for_driver(fact: RideFact) -> list[Message]:
    driver_id = fact.driver.driver_id if fact.driver else fact.former_driver_id
    if driver_id is None:
        return []
    taken_back = fact.happening is Happening.RIDE_REMATCHING and fact.reason in _TAKEN_BACK
    told = fact.happening in _DRIVER_TEMPLATES or taken_back
    messages = [_driver_message(fact, driver_id, f"driver_{fact.happening}" if told else "")]
    if fact.happening is Happening.RIDE_DRIVER_SWAPPED and fact.former_driver_id is not None:
        messages.append(_driver_message(fact, fact.former_driver_id, "driver_ride_taken_over"))
    return messages


def _driver_message(fact: RideFact, driver_id: UUID, template: str) -> Message:
    words = _DRIVER_WORDS.get(fact.happening)
    return Message(
        account_id=driver_id,
        topic=fact.happening,
        priority=Priority.TRIP_CRITICAL,
        life=TRIP_LIFE,
        ride_id=fact.ride_id,
        ride_version=fact.version,
        live_type="ride_updated",
        live_data=ride_updated(fact, for_rider=False),
        template=template,
        context=words(fact) if template and words is not None else {},
    )


def _offer_message(fact: OfferFact) -> Message:
    return Message(
        account_id=fact.driver_id,
        topic=fact.happening,
        priority=Priority.TRIP_CRITICAL,
        life=TRIP_LIFE,
        ride_id=fact.ride_id,
        ride_version=fact.version,
        # An offer nobody can accept any more is not worth showing; that it is over is.
        expires_at=fact.expires_at if fact.happening is Happening.OFFER_CREATED else None,
        live_type=fact.happening.value,
        live_data=fact.public,
    )


def _receipt_message(fact: ReceiptFact) -> Message:
    return Message(
        account_id=fact.rider_id,
        topic=fact.happening,
        priority=Priority.MONEY,
        life=MONEY_LIFE,
        ride_id=fact.ride_id,
        ride_version=fact.version,
        template=f"rider_{fact.happening}",
        context=_receipt_words(fact),
    )


def _shift_messages(fact: ShiftFact) -> list[Message]:
    """Tell a driver who was taken offline; who asked for it knows."""
    if fact.reason not in _TOLD_SHIFT_ENDS:
        return []
    return [
        Message(
            account_id=fact.driver_id,
            topic=fact.happening,
            priority=Priority.TRIP_CRITICAL,
            life=SHIFT_LIFE,
            ride_id=None,
            ride_version=0,
            template=f"driver_{fact.happening}",
            context={"reason": fact.reason},
        )
    ]


def _receipt_words(fact: ReceiptFact) -> dict[str, str | int | Money]:
    """Return the words of a receipt; an amount of nothing is left out, and then not spoken of."""
    amounts = {"captured": fact.captured, "credit_used": fact.credit_used, "receivable": fact.receivable}
    return {
        "funding": fact.funding,
        "card_brand": fact.card_brand,
        "card_last_digits": fact.card_last_digits,
        **{name: amount for name, amount in amounts.items() if amount.amount_minor},
    }


def ride_updated(fact: RideFact, *, for_rider: bool) -> dict[str, Any]:
    """Return the `ride_updated` event as the REST interface writes it; the start PIN is the rider's alone."""
    data: dict[str, Any] = {
        "ride_id": to_public_id("ride", fact.ride_id),
        "state": fact.state,
        "payment_state": fact.payment_state,
        "funding": fact.funding,
        "kind": fact.kind,
        "version": fact.version,
        "reason": fact.reason or None,
        "driver": None,
    }
    if fact.driver is not None:
        data["driver"] = {
            "id": to_public_id("acct", fact.driver.driver_id),
            "display_name": fact.driver.display_name,
            "vehicle": {
                "model": fact.driver.vehicle_model,
                "color": fact.driver.vehicle_color,
                "plate": fact.driver.vehicle_plate,
            },
        }
    if fact.pickup_at is not None:
        data["pickup_at"] = fact.pickup_at.isoformat().replace("+00:00", "Z")
    if fact.edit is not None:
        data["edit_id"] = to_public_id("edit", fact.edit.edit_id)
    if for_rider and fact.start_pin:
        data["start_pin"] = fact.start_pin
    if for_rider and fact.hand_over_pin:
        data["hand_over_pin"] = fact.hand_over_pin
    return data
