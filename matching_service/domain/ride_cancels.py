"""Rides that do not take place: canceled by the rider or the platform, or the rider did not come; and what that costs.

A cancel is free until a driver is bound and for a while after; from then on it costs a fee, which may grow while the
driver is on the way. A driver who comes late for what was promised costs the rider nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from matching_service.domain.quote import FareLine, FareLineKind
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideMove, RideState, may_move, next_state
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


def canceled_by_rider(ride: Ride, words: str, now: datetime) -> Ride:
    """The rider canceled; a fee that is due is collected. Raises Conflict `not_cancellable`."""
    amount = cancel_fee(ride, now)
    fee = FareLine(FareLineKind.CANCEL_FEE, amount) if amount.amount_minor else None
    charged = replace(ride, fee=fee)
    return replace(charged.ended(RideMove.CANCEL_BY_RIDER, "rider_canceled", now, collect=fee is not None), words=words)


def canceled_by_platform(ride: Ride, reason: str, words: str, now: datetime) -> Ride:
    """The operator or the system canceled: nothing is owed. Raises Conflict `not_cancellable`."""
    if not may_move(ride.state, RideMove.CANCEL_BY_PLATFORM):
        raise _not_cancellable(ride)
    return replace(ride.ended(RideMove.CANCEL_BY_PLATFORM, reason, now, collect=False), words=words)


def no_show(ride: Ride, now: datetime) -> Ride:
    """The rider did not come within the waiting time: the fee is collected, unless the driver came late.

    Raises Conflict `too_early`.
    """
    next_state(ride.state, RideMove.REPORT_NO_SHOW)
    if ride.waits_from is not None:
        wait_until = ride.waits_from + timedelta(seconds=ride.terms.no_show_wait_seconds)
        if now < wait_until:
            raise Conflict(
                "too_early",
                "the rider still has time to come",
                retry_after_seconds=(wait_until - now).total_seconds(),
            )
    late = is_driver_late(ride, now)
    fee = None if late else ride.fare.fee(FareLineKind.NO_SHOW_FEE, ride.terms.no_show_fee_minor)
    return replace(ride, fee=fee).ended(RideMove.REPORT_NO_SHOW, "rider_no_show", now, collect=fee is not None)


def cancel_fee(ride: Ride, now: datetime) -> Money:
    """Return the fee of a rider's cancel at this moment.

    Free until a driver is bound and for `free_cancel_seconds` after, and again when the driver is not there so long
    after the promised time; never more than what is held.

    Raises:
        Conflict: `not_cancellable`.
    """
    if not may_move(ride.state, RideMove.CANCEL_BY_RIDER):
        raise _not_cancellable(ride)
    free_until = free_cancel_until(ride)
    en_route = ride.state is RideState.DRIVER_EN_ROUTE
    free = free_until is not None and now < free_until and (en_route or ride.schedule is not None)
    if not ride.has_driver or is_driver_late(ride, now) or free:
        return Money.zero(ride.fare.total.currency_code)
    return _fee_once_due(ride, now)


def most_cancel_fee(ride: Ride, now: datetime, until: datetime) -> Money:
    """Return the most that a cancel costs between two moments, where it is not free at the first.

    It grows until the driver is late, and is then nothing.

    Raises:
        Conflict: `not_cancellable`.
    """
    fee, late_from = cancel_fee(ride, now), _late_from(ride)
    return _fee_once_due(ride, until if late_from is None else min(until, late_from)) if fee.amount_minor else fee


def _fee_once_due(ride: Ride, now: datetime) -> Money:
    # At the pickup the driver no longer drives: the fee stays what it was at the arrival.
    until, free_until = min(ride.arrived_at or now, now), free_cancel_until(ride)
    over_seconds = 0.0 if free_until is None else (until - free_until).total_seconds()
    fee = ride.fare.fee(FareLineKind.CANCEL_FEE, ride.terms.cancel_fee_minor_after(over_seconds))
    return Money.zero(ride.fare.total.currency_code) if fee is None else fee.amount


def free_cancel_until(ride: Ride) -> datetime | None:
    """Until when a cancel stays free after the assignment, and of a scheduled ride before its time; or None."""
    if ride.assigned_at is None:
        return None
    free_until = ride.assigned_at + timedelta(seconds=ride.terms.free_cancel_seconds)
    if ride.schedule is None:
        return free_until
    return max(free_until, ride.schedule.pickup_at - timedelta(seconds=ride.terms.free_cancel_lead_seconds))


def is_driver_late(ride: Ride, now: datetime) -> bool:
    """Whether the driver is, or came, so late for the promised time that a cancel or no-show costs no fee."""
    late_from = _late_from(ride)
    return late_from is not None and (ride.arrived_at or now) >= late_from


def _late_from(ride: Ride) -> datetime | None:
    grace_seconds = ride.terms.late_grace_seconds
    if ride.promised_pickup_at is None or grace_seconds is None:
        return None
    # Nobody is late before the time that was agreed on.
    agreed_at = ride.promised_pickup_at if ride.schedule is None else ride.schedule.pickup_at
    return max(ride.promised_pickup_at, agreed_at) + timedelta(seconds=grace_seconds)


def _not_cancellable(ride: Ride) -> Conflict:
    return Conflict(
        "not_cancellable", f"a ride that is {ride.state} cannot be canceled", metadata={"from_state": ride.state.value}
    )
