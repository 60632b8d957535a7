"""How long riders, drivers and money wait, measured where a ride's moves are stored, once they are committed."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Histogram

from matching_service.domain.offer import OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideState

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)

OFFER_WAIT_SECONDS = Histogram(
    "matching_offer_wait_seconds", "From when a ride looks for a driver, also once more, to its offer", buckets=_SECONDS
)
SETTLED_SECONDS = Histogram(
    "matching_payment_settled_seconds",
    "From a ride's end to its payment's",
    ["outcome"],
    buckets=_SECONDS,
)
RIDES = Counter("matching_rides_total", "Rides that came to a state", ["state"])
OFFERS = Counter("matching_offers_total", "Offers, by how they ended", ["outcome"])
_BY_OUTCOME = {
    PaymentState.CAPTURED: SETTLED_SECONDS.labels("captured"),
    PaymentState.VOIDED: SETTLED_SECONDS.labels("voided"),
}
_BY_STATE = {state: RIDES.labels(state.value) for state in RideState}
_BY_END = {state: OFFERS.labels(state.value) for state in OfferState if state is not OfferState.OPEN}


class RideWaits:
    """What one transaction is to be measured by, should it be committed."""

    __slots__ = ("_noted", "_offers")

    def __init__(self) -> None:
        self._noted: list[tuple[Ride, Ride, datetime]] = []
        self._offers: list[OfferState] = []

    def note(self, before: Ride, after: Ride, now: datetime) -> None:
        """Note a move of a ride."""
        if before.state is not after.state or before.payment_state is not after.payment_state:
            self._noted.append((before, after, now))

    def note_offer(self, state: OfferState) -> None:
        """Note the end of an offer."""
        self._offers.append(state)

    def observe(self) -> None:
        """Measure what was noted: the transaction is committed."""
        for state in self._offers:
            _BY_END[state].inc()
        for before, after, now in self._noted:
            if before.state is not after.state:
                _BY_STATE[after.state].inc()
            if before.state is RideState.MATCHING and after.state is RideState.OFFERED:
                OFFER_WAIT_SECONDS.observe(_seconds(before.moved_at, now))
            settled = _BY_OUTCOME.get(after.payment_state)
            if settled is not None and after.payment_state is not before.payment_state and after.ended_at is not None:
                settled.observe(_seconds(after.ended_at, now))


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
