"""The moves of a ride that carries goods: handed over they complete it, or they go back to the shop.

All raise Conflict `not_a_delivery` for a ride of another kind.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from matching_service.domain.delivery import DeliveryFailure, Proof
from matching_service.domain.quote import FareLine, FareLineKind
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideMove
from matching_service.domain.ride_trip import completed
from shared_kernel.money import Money


def hand_over_failed(ride: Ride) -> Ride:
    """Count a wrong hand-over PIN; the version stays, nobody is told."""
    return replace(ride, delivery=ride.carried.pin_failed())


def handed_over(ride: Ride, proof: Proof, now: datetime) -> Ride:
    """The recipient has the goods: the ride is completed, with the proof of it."""
    return completed(replace(ride, delivery=ride.carried.proven(proof)), now)


def delivery_failed(ride: Ride, cause: DeliveryFailure, words: str, now: datetime) -> Ride:
    """The goods cannot be handed over and go back to the shop."""
    failed = replace(ride, delivery=ride.carried.failed(cause))
    return replace(failed.moved(RideMove.FAIL_DELIVERY, now), reason=cause.value, words=words)


def brought_back(ride: Ride, proof: Proof, now: datetime) -> Ride:
    """The shop has the goods again: the fare is collected, and the whole fee of the way back, which is driven whatever
    the way there cost."""
    fee = Money(ride.fare.total.currency_code, ride.terms.return_fee_minor).charged()
    line = FareLine(FareLineKind.RETURN_FEE, fee) if fee.amount_minor else None
    back = replace(ride, delivery=ride.carried.proven(proof), fee=line)
    return back.ended(RideMove.BRING_BACK, ride.reason, now, collect=True)
