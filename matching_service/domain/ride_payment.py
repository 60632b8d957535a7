"""The moves of a ride's payment: the hold stands, is raised or declined; in the end it is captured or released."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideMove, RideState
from shared_kernel.money import Money


def hold_placed(ride: Ride, now: datetime) -> Ride:
    """The hold stands: look for a driver; or, when the ride ended meanwhile, release it."""
    if not ride.is_live:
        return ride.with_payment(PaymentState.VOID_PENDING).told()
    held = replace(ride.with_payment(PaymentState.HELD), held_minor=ride.fare.total.amount_minor)
    if ride.state is RideState.SCHEDULED:
        return held.told()
    return replace(held.moved(RideMove.PLACE_HOLD, now), search_until=ride.terms.search_until(now, ride.schedule))


def hold_declined(ride: Ride, reason: str, now: datetime) -> Ride:
    """The hold was declined: the ride is over, if it was not already."""
    declined = ride.with_payment(PaymentState.HOLD_DECLINED)
    if not ride.is_live:
        return declined.told()
    delivery = None if ride.delivery is None else ride.delivery.over()
    return replace(declined.moved(RideMove.DECLINE_HOLD, now), reason=reason, ended_at=now, delivery=delivery)


def hold_raised(ride: Ride, total: Money) -> Ride:
    """The hold stands on more."""
    return replace(ride, held_minor=max(ride.held_minor, total.amount_minor))


def payment_settled(ride: Ride, state: PaymentState) -> Ride:
    """The capture or the release is done."""
    return ride.with_payment(state).told()
