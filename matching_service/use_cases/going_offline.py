"""How a driver goes offline, whoever wants it: an open offer is declined, a ride under way is driven to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from matching_service.domain.events import ShiftChanged, ShiftEnded
from matching_service.domain.offer import ExclusionCause
from matching_service.domain.shift import EndReason, Shift
from matching_service.use_cases.steps import close_unanswered
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import InFlight

T = TypeVar("T")
_TRIES = 4


class _OfferInTheWayError(Exception):
    """An offer appeared between the look and the lock: the transaction is rolled back and tried again."""


async def retrying(attempt: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction with `take_offline` in it, again when an offer comes in between; a few times at most."""
    for _ in range(_TRIES):
        try:
            return await attempt()
        except _OfferInTheWayError:
            continue
    raise InFlight("request_in_flight", "the driver is being offered rides just now", retry_after_seconds=0.5)


async def lock_shift_without_offer(tx: Transaction, driver_id: UUID, clock: Clock) -> Shift | None:
    """Lock the driver's open shift, with an open offer declined before; None without a shift. Run it by `retrying`."""
    seen = await tx.open_offer_of_driver(driver_id)
    if seen is not None:
        ride = await tx.lock_ride(seen.ride_id)
        offer = await tx.open_offer_of_driver(driver_id)
        if ride is None or offer is None or offer.id != seen.id:
            raise _OfferInTheWayError
        await close_unanswered(tx, ride, offer, ExclusionCause.DECLINED, clock.now())
    # Offers are made while the shift is kept open, so under this lock there is either none or one to see.
    shift = await tx.lock_shift(driver_id)
    if shift is not None and await tx.open_offer_of_driver(driver_id) is not None:
        raise _OfferInTheWayError
    return shift


async def take_offline(tx: Transaction, driver_id: UUID, clock: Clock, reason: EndReason) -> None:
    """End the driver's shift: at once, or after the ride under way. Without a shift nothing happens."""
    shift = await lock_shift_without_offer(tx, driver_id, clock)
    if shift is None:
        return
    if await tx.live_ride_id_of_driver(driver_id) is not None:
        await keep_shift(tx, shift, shift.ending_after_ride(reason), clock)
        return
    await end_shift(tx, shift, clock, reason)


async def end_shift(tx: Transaction, shift: Shift, clock: Clock, reason: EndReason) -> Shift:
    """End a locked shift of a driver without a ride."""
    now = clock.now()
    ended = shift.ended(now, reason)
    await tx.save_shift(ended)
    await tx.tell(ShiftEnded(ended, now))
    return ended


async def keep_shift(tx: Transaction, before: Shift, after: Shift, clock: Clock) -> Shift:
    """Store a locked shift after a change of the driver's wishes, and tell of it; without a change do neither."""
    if after != before:
        await tx.save_shift(after)
        await tx.tell(ShiftChanged(after, clock.now()))
    return after
