"""`jitney explain`: why a ride got its driver, or none, in a dispatcher's words."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jitney.stack.problems import StackError
from shared_kernel.errors import InvalidInput
from shared_kernel.ids import from_public_id, to_public_id

_MINUTES, _CALL_SECONDS = 10, 30.0
_LEAST_SECONDS = 0.5

_VERDICTS = {
    "CHOSEN": "chosen",
    "LOST": "chosen for {lost_to} instead, where all pickups together take less time",
    "DEARER": "not chosen: another driver costs less",
    "AWAITED": "chosen for as soon as somebody else comes to the ride that it is on the way to",
    "UNCHOSEN": "weighed, but the choice was not worth it by itself yet",
    "TOO_FAR": "too far: the pickup would take longer than the city allows",
    "STALE": "silent for more than 15 s",
    "BUSY": "busy: has an offer or a ride, or is on a break",
    "OFF_SHIFT": "offline, or about to go",
    "WRONG_CLASS": "the vehicle is of another class than the product takes",
    "NOT_CAPABLE": "has not what the ride needs",
    "DECLINED": "was asked before: declined, did not answer, or gave the ride back",
    "NO_CASH": "owes too much to take a ride in cash",
    "HEADING": "is on the way home, and the ride goes elsewhere",
    "CONTENDED": "chosen, but reserved by another matcher meanwhile",
    "REFUSED": "chosen, but taken meanwhile: the database refused the offer",
}
_FATES = {
    "OFFERED": "offered to {driver}",
    "SWAP_OFFERED": "{driver}, who comes sooner than the driver on the way, was asked",
    "REROUTED": "given to {driver}: it changed drivers with other rides",
    "CONTENDED": "{driver} was chosen but reserved by another matcher; the next tick tries again",
    "FENCED": "{driver} was chosen, but another matcher took the ride over; its next tick tries again",
    "DRIVER_TAKEN": "{driver} was chosen but taken meanwhile; the next tick tries again",
    "RIDE_GONE": "{driver} was chosen, but the ride no longer waited",
    "LEFT_OVER": "nobody yet: who could have come was chosen for other rides, or was not worth it yet",
    "NOBODY": "nobody: no driver around could have come",
}
_TERMS = {
    "pickup_eta": "way to the pickup",
    "head_start": "head start of a ride that waits or was given back",
    "swap": "what a change of drivers counts as",
    "fairness": "fairness between drivers",
    "destination": "value of where the ride ends",
    "shared": "what sharing costs all on board, less the vehicle it spares",
    "decline_risk": "risk that the driver declines",
}


def explain(name: str, data: Path) -> list[str]:
    """Asks matching_service (JITNEY_MATCHING_TARGET, or a local stack's) as an operator, and tells the story.

    Raises:
        StackError: there is no such ride, or the service does not answer.
    """
    import grpc

    from chassis.clients import forward_token, open_sync_channel
    from chassis.tls import certificates_of
    from jitney.operate.client import refusal_of
    from jitney.stack.environment import StackSettings
    from jitney.stack.tokens import make_token, signing_keys
    from ridesharing.matching.v1.dispatch_operator_service_pb2 import ExplainDispatchRequest
    from ridesharing.matching.v1.dispatch_operator_service_pb2_grpc import DispatchOperatorServiceStub

    settings = StackSettings.read(os.environ, data)
    token = make_token(signing_keys(os.environ, settings.data.keys), "operator", None, _MINUTES)
    target = os.environ.get("JITNEY_MATCHING_TARGET") or settings.addresses["JITNEY_MATCHING_LISTEN"].local
    request = ExplainDispatchRequest(ride_id=str(_ride_id(name)))
    with open_sync_channel(target, certificates=certificates_of()) as channel:
        stub: Any = DispatchOperatorServiceStub(channel)
        try:
            answer = stub.ExplainDispatch(request, metadata=forward_token(token), timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise refusal_of(error, "matching") from None
    return list(story(answer))


def story(answer: Any) -> Iterator[str]:
    """Writes an answer of ExplainDispatch as lines."""
    from ridesharing.matching.v1 import explanations_pb2, rides_pb2

    ride = answer.ride
    state = rides_pb2.RideState.Name(ride.state).removeprefix("RIDE_STATE_").lower()
    asked = ride.request_time.ToDatetime(UTC)
    what = ", ".join([ride.product, *_of_its_kind(ride), state])
    yield f"{_public('ride', ride.ride_id)}: {what}, asked for at {asked:%Y-%m-%d %H:%M:%S} UTC"
    if not answer.ticks:
        yield "No tick of dispatch is on record: it has seen none yet, or they are older than three days."
    for tick in answer.ticks:
        if tick.repeat_count:
            yield f"          the same for {tick.repeat_count} more ticks"
        fate = explanations_pb2.TickFate.Name(tick.fate).removeprefix("TICK_FATE_")
        driver = _public("acct", tick.driver_id) if tick.driver_id else ""
        yield (
            f"{_clock(tick.tick_time)}  after {tick.waited_seconds} s, with {tick.drivers_free_count} of"
            f" {tick.drivers_seen_count} drivers free: {_FATES.get(fate, fate.lower()).format(driver=driver)}"
        )
        yield from map(_candidate, tick.candidates)
    for offer in answer.offers:
        state = rides_pb2.OfferState.Name(offer.state).removeprefix("OFFER_STATE_").lower()
        yield f"Offer to {_public('acct', offer.driver_id)} until {_clock(offer.expire_time)}: {state}"


def _of_its_kind(ride: Any) -> Iterator[str]:
    """What sets a ride apart from one person's now, from here to there: it tells which drivers could come, and when."""
    from ridesharing.matching.v1 import rides_pb2

    if ride.kind == rides_pb2.RIDE_KIND_POOLED:
        yield "shared with other parties where one fits in"
    if ride.stops:
        yield f"with {len(ride.stops)} stop{'s' if len(ride.stops) > 1 else ''} on the way"
    if ride.HasField("pickup_time"):
        # A search begins some minutes before it: what the ticks tell of waiting counts from then.
        yield f"for a pickup at {ride.pickup_time.ToDatetime(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _candidate(facts: Any) -> str:
    from ridesharing.matching.v1 import explanations_pb2

    verdict = explanations_pb2.CandidateVerdict.Name(facts.verdict).removeprefix("CANDIDATE_VERDICT_")
    lost_to = _public("ride", facts.lost_to_ride_id) if facts.lost_to_ride_id else "another ride"
    words = _VERDICTS.get(verdict, verdict.lower()).format(lost_to=lost_to)
    mark = "*" if verdict == "CHOSEN" else " "
    line = f"        {mark} {_public('acct', facts.driver_id)}  {facts.distance_meters:>6} m"
    if facts.HasField("cost_seconds"):
        largest = sorted(facts.terms, key=lambda term: -abs(term.seconds))
        told = [term for term in largest if abs(term.seconds) >= _LEAST_SECONDS]
        terms = ", ".join(f"{_TERMS.get(term.name, term.name)} {term.seconds:+.0f}" for term in told)
        line += f"  {facts.pickup_eta_seconds:>4} s away, cost {facts.cost_seconds:.0f} s ({terms})"
    return f"{line}  {words}"


def _ride_id(name: str) -> UUID:
    try:
        return from_public_id("ride", name) if name.startswith("ride_") else UUID(name)
    except (InvalidInput, ValueError):
        raise StackError(f"{name} is no ride: a UUID or ride_... is expected.") from None


def _public(prefix: str, text: str) -> str:
    return to_public_id(prefix, UUID(text))


def _clock(time: Any) -> str:
    moment: datetime = time.ToDatetime(UTC)
    return f"{moment:%H:%M:%S}"
