"""The last step of an edit: the ride becomes what was priced. Shared by all ways there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.city import EditPolicy
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import RideEditClosed, RideEdited, RideEditProposed, RideMatchingStarted
from matching_service.domain.ride import Ride
from matching_service.domain.ride_route import edited, refuse_unless_fits
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.share import link_ends_at
from matching_service.use_cases.steps import let_driver_go, withdraw_offers
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.errors import Conflict
from shared_kernel.geo import haversine_meters


@dataclass(frozen=True, slots=True)
class Judged:
    """An edit and its ride after a step."""

    edit: RideEdit
    ride: Ride


async def agree_to_edit(tx: Transaction, ride: Ride, edit: RideEdit, policy: EditPolicy, now: datetime) -> Judged:
    """Take an edit on from the rider's yes, the driver's, or the raised hold: to the driver, the hold, or its end.

    Asked is who drives by now: a driver may have come while the hold was raised, or in place of the one who agreed.
    """
    reason = _gone(ride, edit)
    if reason:
        return await close_edit(tx, ride, edit.lapsed(reason, now), now)
    driver_id = ride.driver.driver_id if ride.has_driver and ride.driver is not None else None
    much_longer = edit.added_seconds > policy.driver_consent_seconds
    if much_longer and driver_id is not None and edit.agreed_driver_id != driver_id:
        asked = edit.awaiting_driver(now + timedelta(seconds=policy.driver_answer_seconds))
        await tx.save_edit(asked)
        told = ride.told()
        await tx.save_ride(ride, told)
        await tx.tell(RideEditProposed(told, now, asked))
        return Judged(asked, told)
    # Where nothing is held yet, the hold is placed later, on whatever the fare is then.
    if ride.payment_state is PaymentState.HELD and edit.plan.fare.total.amount_minor > ride.held_minor:
        waiting = edit.awaiting_hold()
        await tx.save_edit(waiting)
        return Judged(waiting, ride)
    return await apply_edit(tx, ride, edit, policy, now)


async def apply_edit(tx: Transaction, before: Ride, edit: RideEdit, policy: EditPolicy, now: datetime) -> Judged:
    """Make a locked ride what its edit says; one that went on meanwhile lapses the edit instead."""
    reason = _gone(before, edit)
    if reason:
        return await close_edit(tx, before, edit.lapsed(reason, now), now)
    moved_meters = haversine_meters(before.pickup.point, edit.plan.pickup.point)
    await tx.save_edit(edit.applied(now))
    ride, offered_to = await withdraw_offers(tx, before, now)
    ride = edited(ride, edit.plan, now)
    await tx.tell(RideEdited(ride, now, edit.applied(now)))
    if offered_to is not None and ride.state is RideState.OFFERED:
        # What that driver would have said yes to is no longer the ride. (Of a swap, the driver on the way stays.)
        ride = ride_search.offer_closed(ride, now)
        await tx.tell(RideMatchingStarted(ride, now))
    released: UUID | None = None
    if moved_meters > policy.redispatch_meters and ride.state is RideState.DRIVER_EN_ROUTE:
        released = ride.driver.driver_id if ride.driver else None
        ride = ride_search.pickup_moved_far(ride, now)
        await tx.tell(RideMatchingStarted(ride, now, released))
    await tx.save_ride(before, ride)
    if edit.plan.schedule is not None:
        # Who was given the link is to see the ride whenever it is.
        await tx.prolong_share(ride.id, link_ends_at(ride, now))
    if released is not None:
        # Only now: who has the ride by the rows still is not let go.
        await let_driver_go(tx, released, now)
    return Judged(edit.applied(now), ride)


def _gone(ride: Ride, edit: RideEdit) -> str:
    """Return why the ride is no longer what was edited; empty while it is."""
    try:
        refuse_unless_fits(ride, edit.plan)
    except Conflict as error:
        return error.reason
    return "" if ride.route_version == edit.route_version else "ride_went_on"


async def close_edit(tx: Transaction, ride: Ride, closed: RideEdit, now: datetime) -> Judged:
    """Store the end of an edit that came to nothing, and tell of it."""
    await tx.save_edit(closed)
    told = ride.told()
    await tx.save_ride(ride, told)
    await tx.tell(RideEditClosed(told, now, closed))
    return Judged(closed, told)
