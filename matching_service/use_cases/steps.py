"""Steps that use cases share: finding the caller's ride, closing an offer, ending a trip, letting a driver go."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.events import OfferClosed, RideCompleted, RideMatchingStarted, ShiftChanged, ShiftEnded
from matching_service.domain.offer import ExclusionCause, Offer, OfferState
from matching_service.domain.rating import ASKED_AFTER
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import Shift
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.errors import Conflict, DomainError, NotFound


def ride_not_found() -> NotFound:
    """Make the refusal for a ride that does not exist or is somebody else's."""
    return NotFound("ride_not_found", "there is no such ride")


def version_moved_on(ride: Ride) -> Conflict:
    """Make the refusal for who saw another version of a ride than the one that stands."""
    return Conflict(
        "version_moved_on",
        f"the ride has changed: it has the version {ride.version} now",
        metadata={"ride_id": str(ride.id)},
    )


async def ride_of_answer(tx: Transaction, answer: bytes) -> Ride:
    """Return the ride that a stored answer names, as it stands now."""
    ride = await tx.lock_ride(UUID(bytes=answer))
    if ride is None:
        raise ride_not_found()
    return ride


def no_open_shift() -> NotFound:
    """Make the refusal for a driver who is offline."""
    return NotFound("no_open_shift", "the driver is offline")


async def shift_of_answer(tx: Transaction, driver_id: UUID) -> Shift:
    """Return the driver's newest shift as it stands, for a change that was made before."""
    shift = await tx.last_shift(driver_id)
    if shift is None:
        raise no_open_shift()
    return shift


async def ride_of_rider(tx: Transaction, ride_id: UUID, rider_id: UUID) -> Ride:
    """Lock a ride of this rider."""
    ride = await tx.lock_ride(ride_id, rider_id=rider_id)
    if ride is None:
        raise ride_not_found()
    return ride


async def driven_ride_of_answer(tx: Transaction, answer: bytes, driver_id: UUID) -> Ride:
    """Return the ride that a stored answer names, while it is this driver's.

    A key is kept for a day: a driver whose ride went to somebody else would see by it where that goes, and whom with.
    """
    return await ride_of_driver(tx, UUID(bytes=answer), driver_id)


async def ride_of_driver(tx: Transaction, ride_id: UUID, driver_id: UUID) -> Ride:
    """Lock a ride that this driver is, or was to its end, bound to."""
    ride = await tx.lock_ride(ride_id)
    if ride is None:
        raise ride_not_found()
    if ride.driver is None or ride.driver.driver_id != driver_id:
        raise await _not_yours(tx, ride, driver_id)
    return ride


async def _not_yours(tx: Transaction, ride: Ride, driver_id: UUID) -> DomainError:
    """Tell a driver whose ride went to another one what to do now; to strangers there is no such ride."""
    gone = await tx.excluded_for(ride.id, driver_id) not in (None, ExclusionCause.REASSIGNED)
    if gone or not await tx.was_driver_of(ride.id, driver_id):
        return ride_not_found()
    next_ride_id = await tx.live_ride_id_of_driver(driver_id)
    given = "the ride was given to another driver"
    if next_ride_id is None:
        return Conflict("ride_reassigned", f"{given}: you are free, wait for the next offer")
    facts = {"current_ride_id": str(next_ride_id)}
    return Conflict("ride_reassigned", f"{given}: go on with the ride that you have now", metadata=facts)


async def close_unanswered(tx: Transaction, ride: Ride, offer: Offer, cause: ExclusionCause, now: datetime) -> Offer:
    """Close the open offer of a locked ride as declined or expired.

    The ride looks for another driver, unless others of a broadcast may still accept; one that has a driver on the way
    (the offer was of a swap) keeps that one.
    """
    closed = offer.closed(OfferState(cause.value), now)
    await tx.save_offer(closed)
    await tx.exclude(ride.id, offer.driver_id, cause, now)
    await tx.count_answer(offer.driver_id, accepted=False)
    told = ride.told()
    await tx.tell(OfferClosed(closed, told.version, now))
    # Of a broadcast others may still accept; the close is not in the way of what is read here. An offer without a slot
    # was the ride's only one: nobody is looked for.
    if ride.state is not RideState.OFFERED or (offer.slot and await tx.open_offers_of_ride(ride.id)):
        await tx.save_ride(ride, told)
        return closed
    waiting = ride_search.offer_closed(told, now)
    await tx.save_ride(ride, waiting)
    await tx.tell(RideMatchingStarted(waiting, now))
    return closed


async def take_from_driver(tx: Transaction, before: Ride, after: Ride, cause: ExclusionCause, now: datetime) -> None:
    """Save a ride that looks for a driver again: the one it had is not asked for it any more, and is told and free."""
    if before.driver is None:
        raise ValueError("a ride without a driver is taken from nobody")
    driver_id = before.driver.driver_id
    await tx.save_ride(before, after)
    await tx.exclude(after.id, driver_id, cause, now)
    await tx.tell(RideMatchingStarted(after, now, driver_id))
    await let_driver_go(tx, driver_id, now)


async def trip_was_made(tx: Transaction, before: Ride, after: Ride, now: datetime) -> None:
    """Save a ride that its driver has completed: the driver has earned it and is free, the rider is to give stars."""
    if after.driver is None:
        raise ValueError("a ride without a driver is completed by nobody")
    driver_id = after.driver.driver_id
    await tx.save_ride(before, after)
    await tx.tell(RideCompleted(after, now))
    await tx.owe_rating_reminder(after.id, now + ASKED_AFTER)
    await tx.count_earnings(driver_id, after.terms.earnings(after.fare))
    await let_driver_go(tx, driver_id, now, driven=True)


async def withdraw_offers(
    tx: Transaction, ride: Ride, now: datetime, *, but: UUID | None = None
) -> tuple[Ride, UUID | None]:
    """Withdraw what is offered of a locked ride that goes away, or goes to the driver of the offer `but`.

    Returns the ride, a version on for each that was told, and who had the (first) offer.
    """
    told, first = ride, None
    for offer in await tx.open_offers_of_ride(ride.id):
        if offer.id != but:
            told = await withdraw_offer(tx, told, offer, now)
            first = first or offer.driver_id
    return told, first


async def withdraw_offer(tx: Transaction, ride: Ride, offer: Offer, now: datetime) -> Ride:
    """Withdraw one open offer of a locked ride; return the ride, which is yet to be saved."""
    closed = offer.closed(OfferState.WITHDRAWN, now)
    await tx.save_offer(closed)
    told = ride.told()
    await tx.tell(OfferClosed(closed, told.version, now))
    return told


async def let_driver_go(tx: Transaction, driver_id: UUID, now: datetime, *, driven: bool = False) -> None:
    """End the shift of a driver who wanted to stop after the ride that just ended.

    `driven`: the ride came to its end; one that was called off is no last ride for who asked for one more while free.
    """
    shift = await tx.lock_shift(driver_id)
    if shift is None:
        return
    # Under the shift's lock: of parties who share the vehicle, the last to leave lets the driver go.
    if await tx.live_ride_id_of_driver(driver_id) is None:
        after = shift.freed(now, driven=driven)
    else:
        after = shift.driven_one() if driven else shift
    if after != shift:
        await tx.save_shift(after)
        await tx.tell(ShiftChanged(after, now) if after.ended_at is None else ShiftEnded(after, now))
