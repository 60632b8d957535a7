"""What other services say happened, as far as people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared_kernel.money import Money


class Happening(StrEnum):
    """The kinds of facts that people are told of; each is a topic of its own."""

    RIDE_REQUESTED = "ride_requested"
    RIDE_SCHEDULED = "ride_scheduled"
    RIDE_REMINDED = "ride_reminded"
    RIDE_PAYMENT_FAILED = "ride_payment_failed"
    RIDE_MATCHING = "ride_matching"
    RIDE_REMATCHING = "ride_rematching"
    RIDE_ASSIGNED = "ride_assigned"
    RIDE_DRIVER_SWAPPED = "ride_driver_swapped"
    DRIVER_ARRIVING = "driver_arriving"
    DRIVER_ARRIVED = "driver_arrived"
    TRIP_STARTED = "trip_started"
    STOP_REACHED = "stop_reached"
    STOP_LEFT = "stop_left"
    RIDE_EDIT_PROPOSED = "ride_edit_proposed"
    RIDE_EDITED = "ride_edited"
    RIDE_EDIT_CLOSED = "ride_edit_closed"
    RIDE_COMPLETED = "ride_completed"
    RIDE_RETURNING = "ride_returning"
    RIDE_RETURNED = "ride_returned"
    RIDE_CANCELED = "ride_canceled"
    RIDE_NO_SHOW = "ride_no_show"
    RIDE_UNMATCHED = "ride_unmatched"
    RIDE_PAYMENT_SETTLED = "ride_payment_settled"
    OFFER_CREATED = "offer_created"
    OFFER_CLOSED = "offer_closed"
    RECEIPT_READY = "receipt_ready"
    SHIFT_ENDED = "shift_ended"
    TIP_RECEIVED = "tip_received"
    REFUND_PAID = "refund_paid"
    REFUND_FAILED = "refund_failed"
    COMPLAINT_DECIDED = "complaint_decided"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    CASH_STOPPED = "cash_stopped"
    CASH_ALLOWED = "cash_allowed"
    DRIVER_APPROVED = "driver_approved"
    DRIVER_REJECTED = "driver_rejected"
    DRIVER_SUSPENDED = "driver_suspended"
    DOCUMENT_EXPIRING = "document_expiring"
    NEW_DEVICE = "new_device"
    SIGN_IN_STOLEN = "sign_in_stolen"
    ONE_TIME_CODE = "one_time_code"
    TRIP_SHARED = "trip_shared"
    SOS_RAISED = "sos_raised"
    ROUTE_DEVIATED = "route_deviated"
    LONG_STOP = "long_stop"
    RIDE_RATING_DUE = "ride_rating_due"
    PROMOTION = "promotion"


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What a rider may know of the driver."""

    driver_id: UUID
    display_name: str
    vehicle_model: str
    vehicle_color: str
    vehicle_plate: str


@dataclass(frozen=True, slots=True)
class EditFacts:
    """What people are told of an edit of a ride: what the whole ride costs by it, and how it ended."""

    edit_id: UUID
    fare: Money
    reason: str
    added_seconds: int


@dataclass(frozen=True, slots=True)
class RideFact:
    """A ride changed. `state`, `payment_state`, `funding` and `kind` are public words (`arrived`, `held`, `cash`)."""

    happening: Happening
    ride_id: UUID
    version: int
    rider_id: UUID
    state: str
    payment_state: str
    driver: DriverFacts | None
    start_pin: str
    pickup_eta_seconds: int | None
    reason: str
    funding: str = "card"
    former_driver_id: UUID | None = None
    fee: Money | None = None
    kind: str = "private"
    hand_over_pin: str = ""
    """Of a delivery that is carried: for the recipient, told to whoever ordered."""
    edit: EditFacts | None = None
    pickup_at: datetime | None = None
    """Of a ride that was asked for ahead."""


@dataclass(frozen=True, slots=True)
class OfferFact:
    """An offer was made to a driver, or is over. `public` is the offer as the REST interface shows it."""

    happening: Happening
    offer_id: UUID
    ride_id: UUID
    version: int
    driver_id: UUID
    expires_at: datetime
    public: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """Money was collected for a ride: the funding brought `captured`, granted credit a part, a part is still owed."""

    happening: Happening
    ride_id: UUID
    version: int
    rider_id: UUID
    funding: str
    captured: Money
    credit_used: Money
    receivable: Money
    card_brand: str
    card_last_digits: str


@dataclass(frozen=True, slots=True)
class ShiftFact:
    """A driver went offline. `reason` is a public word (`silent`, `break_over`, `asked`)."""

    happening: Happening
    driver_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PersonFact:
    """Something befell an account. `device` is its own name for itself, `document` a public word (`insurance`)."""

    happening: Happening
    account_id: UUID
    device: str = ""
    document: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class MoneyFact:
    """Money moved for somebody, or did not. `destination` says where a refund went: `card`, `wallet` or `credit`."""

    happening: Happening
    account_id: UUID
    amount: Money
    ride_id: UUID | None = None
    destination: str = ""
    bank_last_digits: str = ""


@dataclass(frozen=True, slots=True)
class ComplaintFact:
    """What a rider complained of was decided. `outcome` is a public word (`refunded`, `rejected`), `answer` is the
    operator's own."""

    happening: Happening
    complaint_id: UUID
    ride_id: UUID
    rider_id: UUID
    outcome: str
    answer: str


@dataclass(frozen=True, slots=True)
class RatingFact:
    """A rider has not said how a ride was: no news of the ride, of which nothing changed. `kind` is a public word."""

    happening: Happening
    ride_id: UUID
    rider_id: UUID
    driver: DriverFacts | None
    kind: str = "private"


@dataclass(frozen=True, slots=True)
class SafetyFact:
    """Somebody on a ride called for help, shares it, or it goes strangely. `link` shows where the ride is now."""

    happening: Happening
    fact_id: UUID
    ride_id: UUID
    rider_id: UUID
    rider_name: str
    driver: DriverFacts | None
    link: str


@dataclass(frozen=True, slots=True)
class SharedTrip:
    """A rider sends contacts of their own the link of a ride, whose secret is sealed for us; a release before wrote it
    as it is."""

    ride_id: UUID
    rider_id: UUID
    rider_name: str
    driver: DriverFacts | None
    contact_ids: frozenset[UUID]
    sealed_token: bytes
    token: str = ""


@dataclass(frozen=True, slots=True)
class CodeFact:
    """Somebody proves that a phone is theirs. `expires_at` is the code's end."""

    happening: Happening
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionFact:
    """The operator has news for an account; `texts` are (title, body) by language: en, es and fr."""

    happening: Happening
    campaign_id: UUID
    account_id: UUID
    texts: Mapping[str, tuple[str, str]]


Fact = (
    RideFact
    | OfferFact
    | ReceiptFact
    | ShiftFact
    | PersonFact
    | MoneyFact
    | ComplaintFact
    | RatingFact
    | SafetyFact
    | CodeFact
    | PromotionFact
)
