"""Why dispatch did what it did, as operators see it."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, OpenEnum, Timestamp, public_id, public_id_or_none, timestamp
from rider_api.schemas.operators import OperatorOffer, operator_offer
from rider_api.schemas.rides import OperatorRide, operator_ride
from ridesharing.matching.v1 import dispatch_operator_service_pb2, explanations_pb2

VERDICTS = OpenEnum(explanations_pb2.CandidateVerdict.items(), "CANDIDATE_VERDICT")
FATES = OpenEnum(explanations_pb2.TickFate.items(), "TICK_FATE")


class CostTerm(Answer):
    """A part of what a pair of ride and driver costs."""

    name: str = Field(examples=["pickup_eta"])
    seconds: float


class CandidateFacts(Answer):
    """A driver around a ride at a tick of dispatch."""

    driver_id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    distance_meters: int
    verdict: str = Field(
        description="chosen, lost, dearer, awaited, unchosen, too_far, stale, busy, off_shift, wrong_class,"
        " not_capable, declined, no_cash, heading, contended or refused.",
        examples=["lost"],
    )
    pickup_eta_seconds: int | None
    cost_seconds: float | None
    terms: list[CostTerm]
    lost_to_ride_id: str | None = Field(description="The ride that the driver was chosen for instead.")


class TickTrace(Answer):
    """What one tick of dispatch knew and did about a ride."""

    ticked_at: Timestamp
    fate: str = Field(
        description="offered, swap_offered, rerouted, contended, driver_taken, ride_gone, fenced, left_over or nobody.",
        examples=["offered"],
    )
    driver_id: str | None
    waited_seconds: int
    drivers_seen_count: int
    drivers_free_count: int
    repeat_count: int = Field(description="How many ticks before it came to the same as the one before them.")
    candidates: list[CandidateFacts]


class DispatchExplanation(Answer):
    """Why a ride got its driver, or none; everything oldest first."""

    ride: OperatorRide
    ticks: list[TickTrace]
    offers: list[OperatorOffer]


def dispatch_explanation(message: dispatch_operator_service_pb2.ExplainDispatchResponse) -> DispatchExplanation:
    """Convert an explanation."""
    return DispatchExplanation(
        ride=operator_ride(message.ride),
        ticks=[_tick(tick) for tick in message.ticks],
        offers=[operator_offer(item) for item in message.offers],
    )


def _tick(message: explanations_pb2.TickTrace) -> TickTrace:
    return TickTrace(
        ticked_at=timestamp(message.tick_time),
        fate=FATES.text(message.fate),
        driver_id=public_id_or_none("acct", message.driver_id),
        waited_seconds=message.waited_seconds,
        drivers_seen_count=message.drivers_seen_count,
        drivers_free_count=message.drivers_free_count,
        repeat_count=message.repeat_count,
        candidates=[_candidate(item) for item in message.candidates],
    )


def _candidate(message: explanations_pb2.CandidateFacts) -> CandidateFacts:
    return CandidateFacts(
        driver_id=public_id("acct", message.driver_id),
        distance_meters=message.distance_meters,
        verdict=VERDICTS.text(message.verdict),
        pickup_eta_seconds=message.pickup_eta_seconds if message.HasField("pickup_eta_seconds") else None,
        cost_seconds=message.cost_seconds if message.HasField("cost_seconds") else None,
        terms=[CostTerm(name=term.name, seconds=term.seconds) for term in message.terms],
        lost_to_ride_id=public_id_or_none("ride", message.lost_to_ride_id),
    )
