"""Between explanations of dispatch and the contract's messages."""

from __future__ import annotations

from matching_service.domain.explanation import Candidate, Fate, Trace, Verdict
from matching_service.entrypoints import wire, wire_drivers, wire_rides
from matching_service.use_cases.explain_dispatch import Explanation
from ridesharing.matching.v1 import dispatch_operator_service_pb2 as pb
from ridesharing.matching.v1 import explanations_pb2

VERDICTS = {
    verdict: explanations_pb2.CandidateVerdict.Value(f"CANDIDATE_VERDICT_{verdict.name}") for verdict in Verdict
}
FATES = {fate: explanations_pb2.TickFate.Value(f"TICK_FATE_{fate.name}") for fate in Fate}


def explanation_message(explanation: Explanation) -> pb.ExplainDispatchResponse:
    """Write an explanation."""
    return pb.ExplainDispatchResponse(
        ride=wire_rides.ride_message(explanation.ride, with_note=True),
        ticks=map(_trace_message, explanation.traces),
        offers=map(wire_drivers.offer_message, explanation.offers),
    )


def _trace_message(trace: Trace) -> explanations_pb2.TickTrace:
    return explanations_pb2.TickTrace(
        tick_time=wire.timestamp(trace.ticked_at),
        fate=FATES[trace.fate],
        driver_id="" if trace.driver_id is None else str(trace.driver_id),
        waited_seconds=trace.waited_seconds,
        drivers_seen_count=trace.drivers_seen,
        drivers_free_count=trace.drivers_free,
        repeat_count=trace.repeats,
        candidates=map(_candidate_message, trace.candidates),
    )


def _candidate_message(candidate: Candidate) -> explanations_pb2.CandidateFacts:
    lost_to = candidate.lost_to_ride_id
    return explanations_pb2.CandidateFacts(
        driver_id=str(candidate.driver_id),
        distance_meters=candidate.distance_meters,
        verdict=VERDICTS[candidate.verdict],
        pickup_eta_seconds=candidate.pickup_eta_seconds,
        cost_seconds=candidate.cost_seconds,
        terms=[explanations_pb2.CostTerm(name=name, seconds=seconds) for name, seconds in candidate.terms.items()],
        lost_to_ride_id="" if lost_to is None else str(lost_to),
    )
