"""What the unique indexes, checks and triggers refuse, in words and with stable reasons."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from shared_kernel.errors import Conflict, DomainError

_REFUSALS = {
    "uq_ride_live_rider": ("active_ride", "another ride is under way"),
    "uq_ride_quote_id": ("quote_used", "a ride was asked for with this quote already"),
    "uq_run_open_driver": ("active_ride", "the driver has another ride"),
    "uq_ride_live_run_slot": ("run_full", "the vehicle has no place left"),
    "ck_ride_run_open": ("run_over", "the run is over"),
    "ck_ride_run_shared": ("active_ride", "the driver's ride shares no vehicle"),
    "ck_ride_run_slot": ("run_full", "the vehicle has no place left"),
    "ck_ride_run_seats": ("no_seat_left", "the vehicle has no seat left until somebody gets out"),
    "uq_ride_live_driver": ("active_ride", "the driver has another ride"),
    "uq_assignment_open_driver": ("active_ride", "the driver has another ride"),
    "uq_assignment_open_ride": ("offer_taken", "another driver has the ride"),
    "uq_offer_accepted_ride": ("offer_taken", "another driver has the ride"),
    "uq_offer_open_driver": ("driver_busy", "the driver has an open offer"),
    "uq_offer_open_ride": ("ride_offered", "the ride is offered to another driver"),
    "ex_ride_schedule": ("schedule_overlap", "another ride of the rider is at that time"),
    "uq_ride_edit_under_way": ("edit_under_way", "another edit of the ride is being decided"),
    "uq_offer_open_slot": ("ride_offered", "the ride is offered to another driver"),
    "ck_ride_share_sent": ("link_sent_too_often", "the link of a ride is sent five times at most"),
    "uq_shift_open_driver": ("shift_open", "the driver is online already"),
    "uq_ride_complaint_undecided": ("complaint_open", "another complaint of the ride is not decided yet"),
    "uq_promotion_code": ("promotion_code_taken", "another promotion has, or had, the code"),
    "pk_promotion_redemption": ("promotion_redeemed", "the promotion is on the account already"),
    "ck_promotion_redemptions": ("promotion_used_up", "the promotion was redeemed as often as it may be"),
    "ck_promotion_redemption_in_force": ("promotion_ended", "the promotion is over"),
    "ck_promotion_redemption_uses": ("promotion_used_up", "the promotion was used as often as it may be"),
    "ck_ride_first_ride": ("promotion_first_ride_only", "the promotion is for a first ride"),
    "pk_city_policy": ("policy_moved_on", "the city has another newest version: compare with that first"),
}


def refusal_of(error: IntegrityError) -> DomainError | None:
    """Tell what a violation means to the caller; None for one that nobody may cause."""
    cause: BaseException | None = error.orig
    while cause is not None:
        refusal = _REFUSALS.get(str(getattr(cause, "constraint_name", "")))
        if refusal is not None:
            return Conflict(*refusal)
        cause = cause.__cause__
    return None
