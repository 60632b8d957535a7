"""What the people who run the service see and do."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    Moment,
    PageQuery,
    Parameters,
    Request,
    Timestamp,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.drivers import Driver, Offer, offer
from rider_api.schemas.rides import RIDE_STATES, OperatorRide, operator_ride
from ridesharing.common.v1 import dead_letter_service_pb2
from ridesharing.matching.v1 import dispatch_operator_service_pb2, rides_pb2

RideStateName = Literal[
    "requested",
    "payment_failed",
    "matching",
    "offered",
    "driver_en_route",
    "arrived",
    "in_progress",
    "completed",
    "no_driver_available",
    "canceled_by_rider",
    "canceled_by_platform",
    "no_show",
    "scheduled",
    "returning",
    "returned",
]


class RideSearchQuery(PageQuery):
    """Which rides."""

    state: list[RideStateName] = Field(default=[], max_length=16, description="May be repeated; all when absent.")


class SinceQuery(Parameters):
    """Since when."""

    since: Moment


class DriverSearchQuery(PageQuery):
    """Which drivers."""

    status: Literal["pending", "approved", "rejected", "suspended"] | None = None


class DriverPath(Parameters):
    """Names a driver."""

    driver_id: AccountId


class DriverStatusChange(Request):
    """Decides on a driver."""

    status: Literal["approved", "rejected", "suspended"]
    reason: str = Field(default="", max_length=500)


class Drivers(Answer):
    """A page of drivers, newest first."""

    items: list[Driver]
    next_cursor: str | None


class ForcedCancellation(Request):
    """Ends a live ride for the platform."""

    reason: str = Field(min_length=1, max_length=200)


class OperatorRides(Answer):
    """A page of rides, newest first."""

    items: list[OperatorRide]
    next_cursor: str | None


class OperatorOffer(Offer):
    """An offer, and whom it was made to."""

    driver_id: str


def operator_offer(message: rides_pb2.Offer) -> OperatorOffer:
    """Convert an offer for operators."""
    return OperatorOffer(**dict(offer(message)), driver_id=public_id("acct", message.driver_id))


class RideTransition(Answer):
    """One move of a ride."""

    version: int
    from_state: str | None
    to_state: str
    occurred_at: Timestamp
    driver_id: str | None
    reason: str | None
    words: str | None = Field(
        description="What the person who made it gave as the cause; null where they gave none, or were erased."
    )


class RideHistory(Answer):
    """A ride's story, oldest first."""

    ride: OperatorRide
    transitions: list[RideTransition]
    offers: list[OperatorOffer]


def ride_history(message: dispatch_operator_service_pb2.GetRideHistoryResponse) -> RideHistory:
    """Convert a history."""
    return RideHistory(
        ride=operator_ride(message.ride),
        transitions=[
            RideTransition(
                version=move.version,
                from_state=RIDE_STATES.text_or_none(move.from_state),
                to_state=RIDE_STATES.text(move.to_state),
                occurred_at=timestamp(move.occur_time),
                driver_id=public_id_or_none("acct", move.driver_id),
                reason=move.reason or None,
                words=move.words or None,
            )
            for move in message.transitions
        ],
        offers=[operator_offer(item) for item in message.offers],
    )


class RideStateCount(Answer):
    """How many rides stand in a state."""

    state: str
    count: int


class WaitSummary(Answer):
    """How long something took."""

    count: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float


class RideSummary(Answer):
    """The rides asked for since a time."""

    states: list[RideStateCount]
    double_assignment_count: int = Field(description="Anything but zero is a defect.")
    request_to_offer: WaitSummary
    request_to_pickup: WaitSummary
    open_shift_count: int
    offer_count: int
    broadcast_offer_count: int = Field(description="Offers that were open together with others of their ride.")


def ride_summary(message: dispatch_operator_service_pb2.SummarizeRidesResponse) -> RideSummary:
    """Convert a summary."""
    return RideSummary(
        states=[RideStateCount(state=RIDE_STATES.text(item.state), count=item.count) for item in message.states],
        double_assignment_count=message.double_assignment_count,
        request_to_offer=_wait(message.request_to_offer),
        request_to_pickup=_wait(message.request_to_pickup),
        open_shift_count=message.open_shift_count,
        offer_count=message.offer_count,
        broadcast_offer_count=message.broadcast_offer_count,
    )


def _wait(message: dispatch_operator_service_pb2.WaitSummary) -> WaitSummary:
    return WaitSummary(
        count=message.count,
        mean_seconds=message.mean_seconds,
        p50_seconds=message.p50_seconds,
        p95_seconds=message.p95_seconds,
    )


ServiceName = Literal["matching", "notification"]
"""The services that take in events; only these can have parked some."""


class DeadLettersPath(Parameters):
    """Names the service that could not take events in."""

    service: ServiceName


class DeadLetterPath(DeadLettersPath):
    """Names one parked event."""

    event_id: UUID


class DeadLetter(Answer):
    """One parked event."""

    event_id: str
    type: str
    aggregate_id: str
    error: str
    attempt_count: int
    parked_at: Timestamp


class DeadLetters(Answer):
    """A page of parked events, oldest first."""

    items: list[DeadLetter]
    next_cursor: str | None


def dead_letter(message: dead_letter_service_pb2.DeadLetter) -> DeadLetter:
    """Convert a parked event; its ids are the event's own."""
    return DeadLetter(
        event_id=message.event_id,
        type=message.type,
        aggregate_id=message.aggregate_id,
        error=message.error,
        attempt_count=message.attempts,
        parked_at=timestamp(message.park_time),
    )
